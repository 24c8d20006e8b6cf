/**
 * Tries a client module in Node, before it is judged: which things of a browser it asks for, and which functions send
 * nothing. Nothing listens at the address that it is given.
 */
import net from "node:net";

/** What pages have and Node has not; a module may ask for it only to see whether it is there. */
const OF_BROWSERS = ["window", "document", "localStorage", "sessionStorage", "XMLHttpRequest", "location", "history", "indexedDB"];

/** The milliseconds after which a call's first request is not awaited any more. */
const LIMIT_MS = 3_000;

/**
 * Observe from now on. `asked()` lists what was asked for; `call(functions, calls)` makes these calls and returns that list, and the
 * functions that sent nothing.
 */
export function observeTrial() {
  const asked = new Set();
  let sent = () => {};
  for (const name of OF_BROWSERS.filter((name) => !(name in globalThis))) {
    const set = (value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
    const get = () => void asked.add(name);
    Object.defineProperty(globalThis, name, { get, set, configurable: true });
  }
  const { fetch } = globalThis;
  globalThis.fetch = (...args) => {
    sent();
    return fetch(...args);
  };
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...args) {
    sent();
    return connect.apply(this, args);
  };
  return {
    asked: () => [...asked],
    async call(functions, calls) {
      const silent = [];
      for (const [name, args] of calls) {
        let hasSent = false;
        const request = new Promise((resolve) => (sent = () => resolve((hasSent = true))));
        const returned = (async () => functions[name](...args))().catch(() => {});
        const late = new Promise((resolve) => setTimeout(resolve, LIMIT_MS));
        await Promise.race([request, returned, late]);
        if (!hasSent) silent.push(name);
      }
      return { asked: [...asked], silent };
    },
  };
}
