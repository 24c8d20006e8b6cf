/**
 * Knows from within the page which requests its scripts have sent, and which of them have an answer: the page works on an
 * answer as soon as it is there. Also keeps what they send as Blob or form: the browser reports such a request without its
 * body. Texts and bytes it reports itself.
 */
(() => {
  const PARTS = window[Symbol.for("technogate.parts")];
  const BODIES = Symbol.for("technogate.bodies");
  const sent = [];
  Object.defineProperty(window, BODIES, { value: sent, configurable: true });
  const textOf = async (body) => {
    if (body instanceof Blob) return body.text();
    const parts = await Promise.all([...body].map(async ([name, value]) => [name, typeof value === "string" ? value : await value.text()]));
    return parts.map(([name, value]) => `${name}=${value}`).join("\n");
  };
  const keep = (method, url, body) => {
    if (!(body instanceof Blob || body instanceof FormData)) return;
    const address = new URL(url, document.baseURI).href;
    sent.push(textOf(body).then((text) => ({ method, url: address, text })));
  };
  const kept = (method, url, body) => {
    try {
      keep(method, url, body);
    } catch {
      // The browser's own function is called next, and reports what is wrong with its arguments.
    }
  };

  /** When each request began; the numbers of those without an answer, and which of them are no reads; the last answer. */
  const none = { times: [], writes: 0, open: new Set(), openWrites: new Set(), ended: 0, kind: "none" };
  const requests = (PARTS.requests ??= none);
  const now = () => performance.timeOrigin + performance.now();
  /** Note a request; returns the function that notes its answer by the first digit of its status, "failed" without one. */
  const begin = (method) => {
    const number = requests.times.push(now()) - 1;
    requests.open.add(number);
    if (!/^(GET|HEAD)$/i.test(method)) {
      requests.writes += 1;
      requests.openWrites.add(number);
    }
    PARTS.nudge();
    return (status) => {
      requests.open.delete(number);
      requests.openWrites.delete(number);
      requests.ended = now();
      requests.kind = status > 0 ? String(status)[0] : "failed";
      PARTS.nudge();
    };
  };

  const { sendBeacon } = Navigator.prototype;
  Navigator.prototype.sendBeacon = function (url, body) {
    kept("POST", url, body);
    return sendBeacon.apply(this, arguments);
  };
  const { fetch: nativeFetch } = window;
  window.fetch = function (input, init) {
    const method = init?.method ?? (input instanceof Request ? input.method : "GET");
    if (init?.body) kept(init.method ?? "POST", input instanceof Request ? input.url : input, init.body);
    const answer = nativeFetch.apply(this, arguments);
    const end = begin(String(method));
    return answer.then(
      (response) => {
        end(response.status);
        return response;
      },
      (error) => {
        end(0);
        throw error;
      },
    );
  };
  const { open, send } = XMLHttpRequest.prototype;
  const opened = new WeakMap();
  XMLHttpRequest.prototype.open = function (method, url) {
    opened.set(this, [method, url]);
    return open.apply(this, arguments);
  };
  XMLHttpRequest.prototype.send = function (body) {
    const [method, url] = opened.get(this) ?? ["POST", ""];
    kept(method, url, body);
    const end = begin(String(method));
    // Before the listeners of the page: `readystatechange` comes first of all.
    const over = () => {
      if (this.readyState !== XMLHttpRequest.DONE) return;
      this.removeEventListener("readystatechange", over);
      end(this.status);
    };
    this.addEventListener("readystatechange", over);
    try {
      return send.apply(this, arguments);
    } catch (error) {
      this.removeEventListener("readystatechange", over);
      end(0);
      throw error;
    }
  };
})();
