/**
 * Runs a console's client module for the gate: one JSON message a line, calls in, results out.
 *
 * Arguments: the module's file. Environment: the console's own, and one variable with the settings of the gate:
 * `base`, against which a relative URL for fetch or Request is resolved, as in a page ("" leaves fetch as it is);
 * `window`, which adds `window` and `location`, for modules that read the page's address; `create`, the expression that
 * makes the client; `functions`, their names, and `calls`, the arguments of a usual call of each; `env`, the values of `import.meta.env`; `trial`, which has each function called once, to see what it
 * asks of its surroundings.
 *
 * The messages go to a pipe of their own, `messages`, each after the `word` of this process. What the module prints is
 * sent as {"line": …}, so that it keeps its order; what it writes to its standard output past this script stays there.
 * Each request to another place than that base is sent as {"request": …}.
 */
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import "./module_loading.mjs";
import { ClientError, clientOf, describe, outcomeOf } from "./module_functions.mjs";
import { observeRequests, reported } from "./module_requests.mjs";
import { observeTrial } from "./module_trial.mjs";

const { base, window: withWindow, create, env, trial, functions: names, calls, messages, word } = JSON.parse(process.env.TECHNOGATE_MODULE);
delete process.env.TECHNOGATE_MODULE;
/** The most characters of one piece of output: a module may print without end. */
const LONGEST = 1 << 20;
const { stringify } = JSON;
const { from } = Buffer;
const send = (message) => {
  let rest = from(`${word}${stringify(message)}\n`);
  while (rest.length > 0) rest = rest.subarray(writeSync(messages, rest));
};

process.stdout.write = (chunk, encoding, done) => {
  send({ line: (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()).slice(0, LONGEST) });
  const callback = typeof encoding === "function" ? encoding : done;
  callback?.();
  return true;
};
for (const level of ["log", "info", "debug", "warn", "error", "trace", "dir"]) {
  console[level] = (...values) => send({ line: format(...values).slice(0, LONGEST) });
}

Object.defineProperty(globalThis, "__TECHNOGATE_ENV__", { value: env, enumerable: false });
// For what a bundle takes from Node by its name.
globalThis.require ??= createRequire(pathToFileURL(process.argv[2]));
observeRequests(base, (request) => send({ request }));
if (base !== "") {
  const { fetch: nativeFetch, Request: NativeRequest } = globalThis;
  let told = false;
  const resolved = (input) => {
    if (typeof input !== "string") return input;
    if (!told && !URL.canParse(input)) {
      told = true;
      send({ relative: true });
    }
    return new URL(input, base).href;
  };
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

async function call(functions, { id, call: name, args }) {
  const outcome = await outcomeOf(functions, name, args);
  await reported();
  send({ id, ...outcome });
}

process.on("uncaughtException", (error) => send({ line: `uncaught ${describe(error)}` }));
process.on("unhandledRejection", (error) => send({ line: `unhandled rejection ${describe(error)}` }));

const watched = trial ? observeTrial() : undefined;
try {
  const { functions, found } = await clientOf(await import(pathToFileURL(process.argv[2]).href), create, names);
  send({ ready: process.version, found });
  if (trial) {
    send({ trial: await watched.call(functions, names.map((name, at) => [name, calls[at]])) });
    process.exit(0);
  }
  const input = createInterface({ input: process.stdin });
  input.on("line", (line) => {
    const wanted = JSON.parse(line);
    if (wanted.ping) send({ pong: true });
    else void call(functions, wanted);
  });
  input.on("close", () => process.exit(0));
} catch (error) {
  send({ failed: error instanceof ClientError ? error.message : describe(error), mistake: error instanceof ClientError, asked: watched?.asked() ?? [] });
  if (trial) process.exit(1);
  process.exitCode = 1;
}
