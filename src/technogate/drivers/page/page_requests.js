/**
 * Knows in the gate's world which requests the page's scripts have sent, and which of them have an answer, as
 * `page_network.js` tells it from the page's own world. A page that falsifies that changes how long is waited, and nothing
 * of what is read.
 */
(() => {
  const PARTS = window[Symbol.for("technogate.parts")];
  const requests = { times: [], writes: 0, open: new Set(), openWrites: new Set(), ended: 0, kind: "none" };
  const numbers = new Map();
  const now = () => performance.timeOrigin + performance.now();
  const heard = {
    begin([id, method]) {
      const number = requests.times.push(now()) - 1;
      numbers.set(id, number);
      requests.open.add(number);
      if (/^(GET|HEAD)$/i.test(method)) return;
      requests.writes += 1;
      requests.openWrites.add(number);
    },
    end([id, status]) {
      const number = numbers.get(id);
      if (number === undefined) return;
      numbers.delete(id);
      requests.open.delete(number);
      requests.openWrites.delete(number);
      requests.ended = now();
      requests.kind = status > 0 ? String(status)[0] : "failed";
    },
    body([method, url, text]) {
      PARTS.bodies.push({ method, url, text });
    },
    shadow() {
      PARTS.shadows = true;
      queueMicrotask(PARTS.extend);
    },
  };
  document.addEventListener("__EVENT__", ({ detail }) => {
    const [kind, ...values] = JSON.parse(detail);
    heard[kind]?.(values);
    PARTS.nudge();
  }, true);
  Object.assign(PARTS, { requests, bodies: [] });
})();
