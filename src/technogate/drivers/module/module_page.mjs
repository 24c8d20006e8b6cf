/**
 * Runs a client module in a page of the gate: loads it, and makes the calls that the gate asks for.
 *
 * What the page's first script has left under `technogate.module` is taken away before the module is loaded: `create`, the
 * expression that makes the client, and the names of its `functions`. The page's own address is not the document's base, which is the backend's.
 */
import { ClientError, clientOf, describe, outcomeOf } from "./module_functions.mjs";

const KEY = Symbol.for("technogate.module");
const first = globalThis[KEY];
const calls = new Map();
let functions;

async function load() {
  try {
    const client = await clientOf(await import("./client.mjs"), first.create, first.functions);
    functions = client.functions;
    return { found: client.found };
  } catch (error) {
    return { failed: error instanceof ClientError ? error.message : describe(error), mistake: error instanceof ClientError };
  }
}

const host = {
  loaded: load(),
  /** Make one call, without waiting for it. */
  begin(id, name, args) {
    calls.set(id, outcomeOf(functions, name, args));
  },
  /** The outcome of a call, within so many milliseconds; null while it is still under way. */
  async outcome(id, limitMs) {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, limitMs, null)));
    const outcome = await Promise.race([calls.get(id), late]);
    clearTimeout(timer);
    return outcome;
  },
  /** Whether a request went to an address without a host. */
  relative: () => first.relative,
  /** What is left where other scripts, and whoever sees the page, can read it. */
  expose() {
    const storage = {};
    for (const kind of ["localStorage", "sessionStorage"]) {
      const stored = window[kind];
      // By number: `Object.keys` leaves out a name such as `key`, which is a method of the storage.
      for (let at = 0; at < stored.length; at++) storage[`${kind}:${stored.key(at)}`] = stored.getItem(stored.key(at));
    }
    const values = [...document.querySelectorAll("input, textarea, select")].map((input) => input.value);
    return { storage, text: [document.body.innerText, ...values].join("\n"), html: document.documentElement.outerHTML };
  },
};
Object.defineProperty(globalThis, KEY, { value: host, configurable: false, enumerable: false });
