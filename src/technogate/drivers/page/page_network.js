/**
 * Tells, from the page's own world, when its scripts send a request and have an answer, by events whose name no other script
 * knows: the page works on an answer as soon as it is there. Also tells what they send as Blob or form: the browser reports
 * such a request without its body. Texts and bytes it reports itself.
 */
(() => {
  const { apply } = Reflect;
  const { stringify } = JSON;
  const { dispatchEvent } = EventTarget.prototype;
  const blobText = Blob.prototype.text;
  const BODIES = Symbol.for("technogate.bodies");
  const sent = [];
  // A client module's page reads them there.
  if ("__EVENT__" === "") Object.defineProperty(window, BODIES, { value: sent, configurable: true });
  const goal = (() => {
    try {
      return window.top.document;
    } catch {
      return document; // A frame of another origin has no part of the page.
    }
  })();
  const tell = (...values) => {
    if ("__EVENT__" !== "") apply(dispatchEvent, goal, [new CustomEvent("__EVENT__", { detail: stringify(values) })]);
  };

  const textOf = async (body) => {
    if (body instanceof Blob) return apply(blobText, body, []);
    const parts = await Promise.all([...body].map(async ([name, value]) => [name, typeof value === "string" ? value : await apply(blobText, value, [])]));
    return parts.map(([name, value]) => `${name}=${value}`).join("\n");
  };
  const keep = (method, url, body) => {
    if (!(body instanceof Blob || body instanceof FormData)) return;
    const address = new URL(url, document.baseURI).href;
    const known = textOf(body);
    sent.push(known.then((text) => ({ method, url: address, text })));
    known.then((text) => tell("body", method, address, text));
  };
  const kept = (method, url, body) => {
    try {
      keep(method, url, body);
    } catch {
      // The browser's own function is called next, and reports what is wrong with its arguments.
    }
  };

  let count = 0;
  /** Tell of a request; returns the function that tells of its answer by its status, 0 without one. */
  const begin = (method) => {
    count += 1;
    const id = `${performance.timeOrigin}/${count}`;
    tell("begin", id, method);
    return (status) => tell("end", id, status);
  };

  const { sendBeacon } = Navigator.prototype;
  Navigator.prototype.sendBeacon = function (url, body) {
    kept("POST", url, body);
    return apply(sendBeacon, this, arguments);
  };
  const { fetch: nativeFetch } = window;
  window.fetch = function (input, init) {
    const method = init?.method ?? (input instanceof Request ? input.method : "GET");
    if (init?.body) kept(init.method ?? "POST", input instanceof Request ? input.url : input, init.body);
    const answer = apply(nativeFetch, this, arguments);
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
    return apply(open, this, arguments);
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
      return apply(send, this, arguments);
    } catch (error) {
      this.removeEventListener("readystatechange", over);
      end(0);
      throw error;
    }
  };
  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function () {
    const root = apply(attachShadow, this, arguments);
    tell("shadow");
    return root;
  };
})();
