/**
 * Runs a console's client module for the gate: one JSON message a line, calls in, results out.
 *
 * Arguments: the module's file. Environment: the console's own, and TECHNOGATE_MODULE_BASE, against
 * which a relative URL given to fetch or Request is resolved, as a page's address would do ("" leaves fetch alone).
 * TECHNOGATE_MODULE_WINDOW=1 adds `window` and `location`, for modules that ask for the page's address.
 *
 * Standard output belongs to the messages: what the module writes there comes as {"line": …}.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import "./module_loading.mjs";

const FUNCTIONS = ["executeCommand", "fetchAuditLog", "fetchMemory"];
const write = process.stdout.write.bind(process.stdout);
const say = (message) => write(JSON.stringify(message) + "\n");

process.stdout.write = (chunk, encoding, done) => {
  say({ line: String(chunk) });
  const callback = typeof encoding === "function" ? encoding : done;
  callback?.();
  return true;
};
for (const level of ["log", "info", "debug", "warn", "error", "trace", "dir"]) {
  console[level] = (...values) => say({ line: format(...values) });
}

const base = process.env.TECHNOGATE_MODULE_BASE ?? "";
const withWindow = process.env.TECHNOGATE_MODULE_WINDOW === "1";
delete process.env.TECHNOGATE_MODULE_BASE;
delete process.env.TECHNOGATE_MODULE_WINDOW;
if (base !== "") {
  const { fetch: nativeFetch, Request: NativeRequest } = globalThis;
  const resolved = (input) => (typeof input === "string" ? new URL(input, base).href : input);
  // An address that is none is a promise that is broken, as it would be without this.
  globalThis.fetch = async (input, init) => nativeFetch(resolved(input), init);
  globalThis.Request = class Request extends NativeRequest {
    constructor(input, init) {
      super(resolved(input), init);
    }
  };
  if (withWindow) {
    globalThis.window = globalThis;
    globalThis.location = new URL(base);
  }
}

const words = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : `threw ${format(error)}`);

/** A result as JSON can carry it; undefined and what JSON has no word for are told apart from null. */
function carried(value) {
  if (value === undefined) return { error: "returned undefined" };
  try {
    const text = JSON.stringify(value);
    return text === undefined ? { error: `returned a ${typeof value}` } : { value: JSON.parse(text) };
  } catch (error) {
    return { error: `returned what JSON cannot carry (${words(error)})` };
  }
}

async function call(functions, { id, call: name, args }) {
  const started = Date.now() / 1000;
  let outcome;
  try {
    outcome = carried(await functions[name](...args));
  } catch (error) {
    outcome = { error: words(error) };
  }
  say({ id, ...outcome, started, ended: Date.now() / 1000 });
}

process.on("uncaughtException", (error) => say({ line: `uncaught ${words(error)}` }));
process.on("unhandledRejection", (error) => say({ line: `unhandled rejection ${words(error)}` }));

try {
  const loaded = await import(pathToFileURL(process.argv[2]).href);
  const functions = {};
  for (const name of FUNCTIONS) functions[name] = loaded[name] ?? loaded.default?.[name];
  const missing = FUNCTIONS.filter((name) => typeof functions[name] !== "function");
  if (missing.length > 0) {
    say({ failed: `it does not export ${missing.join(", ")}` });
    process.exitCode = 1;
  } else {
    say({ ready: process.version });
    const input = createInterface({ input: process.stdin });
    input.on("line", (line) => void call(functions, JSON.parse(line)));
    input.on("close", () => process.exit(0));
  }
} catch (error) {
  say({ failed: words(error) });
  process.exitCode = 1;
}
