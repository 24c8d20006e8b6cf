// A backend for the console contract in plain Node, without dependencies: an example for teams whose
// backend is not in Python. Start: API_KEY=… node server.mjs --port 8000 [--trail trail.jsonl]
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { randomUUID, timingSafeEqual } from "node:crypto";
import { parseArgs } from "node:util";

const { values: args } = parseArgs({
  options: { host: { type: "string", default: "127.0.0.1" }, port: { type: "string" }, trail: { type: "string", default: "trail.jsonl" } },
});
const KEY = Buffer.from(process.env.API_KEY ?? "");
const ORIGIN = process.env.ALLOWED_ORIGIN ?? "";
if (KEY.length === 0) {
  console.error("API_KEY is not set");
  process.exit(1);
}

const STATUSES = ["APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"];
const EXECUTED = ["APPROVED", "WARNING", "NEUTRAL"];
const LARGEST_BODY = 65536;
const EXECUTOR_LIMIT_MS = 10_000;

// ---- the commands: the one part that a real backend replaces ----
const COMMANDS = {
  PING: async () => ({ status: "APPROVED", output: "pong" }),
  CHECK_QUOTA: async () => ({ status: "WARNING", reason: "QUOTA_LOW", output: "91 %" }),
  NOOP: async () => ({ status: "NEUTRAL", output: "" }),
  OLD_SESSION: async () => ({ status: "EXPIRED", reason: "SESSION_EXPIRED", output: "" }),
  DELETE_ALL: async () => ({ status: "BLOCKED", reason: "API_BLOCKED", output: "" }),
  SLOW: () => new Promise(() => {}),
  CRASH: async () => { throw new Error("the executor broke"); },
  ODD_STATUS: async () => ({ status: "MAYBE", output: "" }),
  LIST_STATUS: async () => ({ status: ["APPROVED"], output: "" }),
  NO_STATUS: async () => undefined,
};

async function decide(command) {
  if (!Object.hasOwn(COMMANDS, command)) return { status: "BLOCKED", reason: "UNKNOWN_COMMAND" };
  const timeout = new Promise((done) => setTimeout(done, EXECUTOR_LIMIT_MS, { status: "BLOCKED", reason: "TIMEOUT" }).unref());
  const result = await Promise.race([COMMANDS[command](), timeout]);
  // Fail closed: an unknown status approves nothing.
  return STATUSES.includes(result?.status) ? result : { status: "BLOCKED", reason: "UNKNOWN_STATUS" };
}

// ---- the audit trail: written and synced before the response, so that neither a kill nor a power cut loses an answered request ----
const trail = existsSync(args.trail) ? readFileSync(args.trail, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)) : [];
let snapshot = null;

function record(trace_id, action, state) {
  const entry = { timestamp: new Date().toISOString(), action, result: EXECUTED.includes(state) ? "SUCCESS" : "FAILED", state, trace_id };
  try {
    appendFileSync(args.trail, JSON.stringify(entry) + "\n", { flush: true });
  } catch (error) {
    console.error(`${trace_id} ${error.code}`);
    throw new Refusal(503, "AUDIT_UNAVAILABLE", "The audit trail cannot be written.");
  }
  trail.push(entry);
}

// ---- responses ----
class Refusal extends Error {
  constructor(code, reason, message, headers = {}) {
    super(message);
    Object.assign(this, { code, reason, headers });
  }
}

function send(request, response, trace_id, code, value, headers = {}) {
  const body = value === undefined ? "" : JSON.stringify(value);
  const cors = ORIGIN && request.headers.origin === ORIGIN ? { "Access-Control-Allow-Origin": ORIGIN, "Access-Control-Expose-Headers": "X-Trace-Id", Vary: "Origin" } : {};
  const type = value === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
  response.writeHead(code, { "X-Trace-Id": trace_id, "Cache-Control": "no-store", ...type, ...cors, ...headers });
  response.end(body);
}

function checkKey(request) {
  // Two key headers are refused, because a proxy may forward either of them.
  const keys = request.headersDistinct["x-api-key"] ?? [];
  if (keys.every((value) => value === "")) throw new Refusal(401, "API_KEY_INVALID", "An API key is required.");
  const sent = Buffer.from(keys[0], "latin1");
  const right = keys.length === 1 && sent.length === KEY.length && timingSafeEqual(sent, KEY);
  if (!right) throw new Refusal(403, "API_KEY_INVALID", "The API key is not valid.");
}

async function readBody(request) {
  const tooLarge = new Refusal(413, "PAYLOAD_TOO_LARGE", "The request is too large.", { Connection: "close" });
  if (Number(request.headers["content-length"] ?? 0) > LARGEST_BODY) throw tooLarge;
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// ---- the four operations ----
async function execute(request, response, trace_id) {
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw new Refusal(415, "VALIDATION_FAILED", "Send application/json.");
  }
  let body;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readBody(request)));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, "VALIDATION_FAILED", "The body is not JSON.");
  }
  const object = typeof body === "object" && body !== null && !Array.isArray(body);
  const { command, session_id } = object ? body : {};
  const known = typeof command === "string" && /^[A-Z_]{3,32}$/.test(command);
  const session = session_id === undefined || (typeof session_id === "string" && [...session_id].length <= 128);
  if (!known || !session) throw new Refusal(400, "VALIDATION_FAILED", "The command or the session id is not valid.");
  const { status, reason, output } = await decide(command);
  const ts_utc = new Date().toISOString();
  record(trace_id, command, status);
  if (EXECUTED.includes(status)) snapshot = { command, output, timestamp: ts_utc, status };
  send(request, response, trace_id, 200, { status, ts_utc, trace_id, reason_codes: reason ? [reason] : [] });
}

function list(request, response, trace_id, query) {
  const [filter, limit] = [query.getAll("filter"), query.getAll("limit")];
  const wanted = filter[0] ?? "all";
  const most = limit[0] ?? "50";
  const valid = filter.length < 2 && limit.length < 2 && ["all", ...STATUSES].includes(wanted) && /^[1-9]\d{0,3}$/.test(most) && Number(most) <= 1000;
  if (!valid) throw new Refusal(400, "VALIDATION_FAILED", "The filter or the limit is not valid.");
  const found = trail.filter((entry) => wanted === "all" || entry.state === wanted);
  send(request, response, trace_id, 200, found.slice(-Number(most)).reverse());
}

const memory = (request, response, trace_id) => send(request, response, trace_id, snapshot ? 200 : 204, snapshot ?? undefined);

const ROUTES = {
  "/api/execute": { POST: execute },
  "/api/audit": { GET: list },
  "/api/diagnostic/metrics": { GET: list },
  "/api/memory": { GET: memory },
};

async function handle(request, response) {
  const trace_id = randomUUID();
  const [path, query = ""] = request.url.split(/\?(.*)/s);
  try {
    if (path === "/health" && request.method === "GET") return send(request, response, trace_id, 200, { status: "ok" });
    const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
    if (!route) throw new Refusal(404, "RESOURCE_NOT_FOUND", "There is nothing here.");
    const allowed = Object.keys(route);
    if (request.method === "OPTIONS" && ORIGIN && request.headers.origin === ORIGIN) {
      return send(request, response, trace_id, 204, undefined, { "Access-Control-Allow-Methods": allowed.join(), "Access-Control-Allow-Headers": "X-API-Key, Content-Type" });
    }
    if (!route[request.method]) throw new Refusal(405, "VALIDATION_FAILED", "Use another method.", { Allow: allowed.join(", ") });
    checkKey(request);
    await route[request.method](request, response, trace_id, new URLSearchParams(query));
  } catch (error) {
    refuse(request, response, trace_id, path, error);
  }
}

function refuse(request, response, trace_id, path, error) {
  const expected = error instanceof Refusal;
  if (!expected) console.error(`${trace_id} ${error.name}`);
  let refusal = expected ? error : new Refusal(500, "INTERNAL_ERROR", "The command failed.");
  try {
    // Requests outside the four operations leave no entry, and what could not be recorded cannot be now.
    const recorded = Object.hasOwn(ROUTES, path) && refusal.code !== 405 && refusal.reason !== "AUDIT_UNAVAILABLE";
    if (recorded) record(trace_id, path.split("/").at(-1).toUpperCase(), "BLOCKED");
  } catch (unavailable) {
    refusal = unavailable;
  }
  const { code, reason, message, headers } = refusal;
  send(request, response, trace_id, code, { status: "BLOCKED", ts_utc: new Date().toISOString(), trace_id, reason_codes: [reason], message }, headers);
}

const server = createServer({ maxHeaderSize: 32768, requestTimeout: 10_000, headersTimeout: 8_000 }, handle);
server.on("clientError", (_error, socket) => socket.writable && socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
server.listen(Number(args.port), args.host);
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
