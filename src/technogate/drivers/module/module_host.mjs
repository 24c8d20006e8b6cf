/**
 * Runs a console's client module for the gate: one JSON message a line, calls in, results out.
 *
 * Arguments: the module's file. Environment: the console's own, and TECHNOGATE_MODULE_BASE, against
 * which a relative URL for fetch or Request is resolved, as in a page ("" leaves fetch as it is).
 * TECHNOGATE_MODULE_WINDOW=1 adds `window` and `location`, for modules that read the page's address.
 *
 * Standard output carries the messages: what the module writes there is sent as {"line": …}, and each request to another
 * place than that base as {"request": …}.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import "./module_loading.mjs";
import { observeRequests, reported } from "./module_requests.mjs";

const FUNCTIONS = ["executeCommand", "fetchAuditLog", "fetchMemory"];
const write = process.stdout.write.bind(process.stdout);
const send = (message) => write(JSON.stringify(message) + "\n");

process.stdout.write = (chunk, encoding, done) => {
  send({ line: String(chunk) });
  const callback = typeof encoding === "function" ? encoding : done;
  callback?.();
  return true;
};
for (const level of ["log", "info", "debug", "warn", "error", "trace", "dir"]) {
  console[level] = (...values) => send({ line: format(...values) });
}

const base = process.env.TECHNOGATE_MODULE_BASE ?? "";
const withWindow = process.env.TECHNOGATE_MODULE_WINDOW === "1";
delete process.env.TECHNOGATE_MODULE_BASE;
delete process.env.TECHNOGATE_MODULE_WINDOW;
observeRequests(base, (request) => send({ request }));
if (base !== "") {
  const { fetch: nativeFetch, Request: NativeRequest } = globalThis;
  const resolved = (input) => (typeof input === "string" ? new URL(input, base).href : input);
  // An invalid address rejects the promise, as fetch itself does.
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

const describe = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : format(error));

/** A result as JSON; undefined, and what JSON cannot represent, become errors and not null. */
function asJson(value) {
  if (value === undefined) return { error: "returned undefined" };
  try {
    const text = JSON.stringify(value);
    return text === undefined ? { error: `returned a ${typeof value}` } : { value: JSON.parse(text) };
  } catch (error) {
    return { error: `returned what JSON cannot carry (${describe(error)})` };
  }
}

async function call(functions, { id, call: name, args }) {
  const started = Date.now() / 1000;
  let outcome;
  try {
    outcome = asJson(await functions[name](...args));
  } catch (error) {
    outcome = { error: `threw ${describe(error)}` };
  }
  const ended = Date.now() / 1000;
  await reported();
  send({ id, ...outcome, started, ended });
}

process.on("uncaughtException", (error) => send({ line: `uncaught ${describe(error)}` }));
process.on("unhandledRejection", (error) => send({ line: `unhandled rejection ${describe(error)}` }));

try {
  const loaded = await import(pathToFileURL(process.argv[2]).href);
  const functions = {};
  for (const name of FUNCTIONS) functions[name] = loaded[name] ?? loaded.default?.[name];
  const missing = FUNCTIONS.filter((name) => typeof functions[name] !== "function");
  if (missing.length > 0) {
    send({ failed: `it does not export ${missing.join(", ")}` });
    process.exitCode = 1;
  } else {
    send({ ready: process.version });
    const input = createInterface({ input: process.stdin });
    input.on("line", (line) => void call(functions, JSON.parse(line)));
    input.on("close", () => process.exit(0));
  }
} catch (error) {
  send({ failed: describe(error) });
  process.exitCode = 1;
}
