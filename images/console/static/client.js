/**
 * The console's client: the three functions through which it speaks to the backend.
 *
 * No dependencies and no DOM: the same file runs in a browser and in Node 20 or later. It fails closed: an answer that
 * is not exactly what the contract describes is never taken for an approval, and no function here ever throws.
 */

/** The only five statuses there are (CON-03). */
export const STATUSES = Object.freeze(["APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"]);

/** What the audit trail can be filtered by. */
export const FILTERS = Object.freeze(["all", ...STATUSES]);

/** Milliseconds that one exchange may take, from the request to the last byte of the answer (CON-06). */
export const TIME_LIMIT_MS = 15_000;

/** Bytes of one answer that are read; a longer one breaks off, so that an endless body cannot fill the memory. */
const SIZE_LIMIT = 32 * 1024 * 1024;

/** A shorter key may be part of an ordinary word, so that hiding it would spoil what is shown. */
const SHORTEST_HIDDEN_KEY = 8;

const COMMAND = /^[A-Z_]{3,32}$/;
const ACTION = /^[A-Z_]+$/;
const TRACE_ID = /^[a-z0-9-]{1,64}$/;
const REASON_CODE = /^[A-Za-z][A-Za-z0-9_]*$/;
const EXECUTION_ID = /^[a-z0-9_]+$/;
const UTC_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?Z$/;
const JSON_TYPE = /^application\/json[ \t]*(?:;[^,]*)?$/i;
const HEADER_VALUE = /^[\x21-\x7e\xa1-\xff](?:[\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa1-\xff])?$/;

/** The one sentence that the contract fixes (CON-04). */
const AUTHENTICATION_FAILED = "Autenticacao falhou";

/** Never cached (CON-19), never redirected (CON-14), never with cookies, and the address stays private. */
const FETCH_OPTIONS = Object.freeze({
  cache: "no-store",
  credentials: "omit",
  mode: "cors",
  redirect: "error",
  referrerPolicy: "no-referrer",
});

/** The reason given when an error answer has none of its own that is valid. */
const REASON_OF_HTTP = Object.freeze({
  400: "VALIDATION_FAILED",
  401: "API_KEY_INVALID",
  403: "API_KEY_INVALID",
  404: "RESOURCE_NOT_FOUND",
  413: "PAYLOAD_TOO_LARGE",
  429: "RATE_LIMITED",
});

/** Why there is no answer to show: a reason code, a sentence for a person, and the trace id when one came. */
class Refusal extends Error {
  constructor(code, message, traceId) {
    super(message);
    this.code = code;
    this.traceId = traceId;
  }
}

// ---------------------------------------------------------------------------------------------- configuration

let configured = {};
let injected = {};

/**
 * Say where the backend is. A field left out keeps its value; `undefined` returns to the next source.
 *
 * The sources, first come first served: this function, `globalThis.__TECHNO_CONFIG__`, the environment variables
 * NEXT_PUBLIC_API_URL and NEXT_PUBLIC_API_KEY (in Node).
 *
 * @param {{apiUrl?: string, apiKey?: string, timeoutMs?: number}} fields `timeoutMs` is for tests: the contract's limit
 *   is `TIME_LIMIT_MS`.
 */
export function configure(fields) {
  configured = { ...configured, ...fields };
}

/** Take the injected configuration and remove it from where any script could read it. */
function takeInjected() {
  if (globalThis.__TECHNO_CONFIG__ !== undefined) {
    injected = { ...globalThis.__TECHNO_CONFIG__ };
    delete globalThis.__TECHNO_CONFIG__;
  }
}

takeInjected();

/** The value of one setting from the first source that has it. */
function setting(name, variable) {
  takeInjected();
  return configured[name] ?? injected[name] ?? globalThis.process?.env?.[variable];
}

/** The base URL without its trailing slashes, or "" when it is none that a request may go to. */
function baseUrl() {
  const text = setting("apiUrl", "NEXT_PUBLIC_API_URL");
  if (typeof text !== "string" || /[?#]/.test(text)) return "";
  try {
    const url = new URL(text);
    const plain = /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
    return plain ? url.href.replace(/\/+$/, "") : "";
  } catch {
    return "";
  }
}

/** The API key, or "" when there is none that a header can carry unchanged. */
function apiKey() {
  const key = setting("apiKey", "NEXT_PUBLIC_API_KEY");
  return typeof key === "string" && HEADER_VALUE.test(key) ? key : "";
}

/** Why nothing can be sent, in one sentence; "" when the client is configured (CON-20). */
export function configurationProblem() {
  if (baseUrl() === "") return "No valid API address is configured, so nothing is sent.";
  if (apiKey() === "") return "No valid API key is configured, so nothing is sent.";
  return "";
}

/** The text with the API key taken out, for whatever is about to be shown (CON-12). */
export function withoutKey(text) {
  const key = apiKey();
  return key.length < SHORTEST_HIDDEN_KEY ? text : text.replaceAll(key, "[hidden]");
}

// ------------------------------------------------------------------------------------- what a valid answer is

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isString = (value) => typeof value === "string";
const isStatus = (value) => STATUSES.includes(value);
const matches = (pattern) => (value) => isString(value) && pattern.test(value);
const isShortText = (value) => isString(value) && value !== "" && [...value].length <= 200;
const areReasons = (value) => Array.isArray(value) && value.every(matches(REASON_CODE));
const areSomeReasons = (value) => areReasons(value) && value.length > 0;

/** Whether the value is an RFC 3339 time in UTC, ending in Z, on a day that exists. */
function isUtcTime(value) {
  const parts = isString(value) ? UTC_TIME.exec(value) : null;
  if (parts === null) return false;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  const leapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  const leapSecond = second === 60 && hour === 23 && minute === 59;
  return day >= 1 && day <= days && hour <= 23 && minute <= 59 && (second <= 59 || leapSecond);
}

/** Each shape: its fields' checks, which of them may be missing, and a rule between fields that must hold. */
const EXECUTE_RESPONSE = {
  fields: {
    status: isStatus,
    ts_utc: isUtcTime,
    trace_id: matches(TRACE_ID),
    reason_codes: areReasons,
    execution_id: matches(EXECUTION_ID),
    message: isString,
  },
  optional: ["execution_id", "message"],
  rule: ({ status, reason_codes: reasons }) => reasons.length > 0 || !["BLOCKED", "EXPIRED"].includes(status),
  ruleText: "it is BLOCKED or EXPIRED without a reason code",
};

const ERROR_RESPONSE = {
  fields: {
    status: (value) => value === "BLOCKED",
    ts_utc: isUtcTime,
    trace_id: matches(TRACE_ID),
    reason_codes: areSomeReasons,
    message: isShortText,
  },
  optional: [],
};

const AUDIT_ITEM = {
  fields: {
    timestamp: isUtcTime,
    action: matches(ACTION),
    result: (value) => value === "SUCCESS" || value === "FAILED",
    state: isStatus,
    execution_id: matches(EXECUTION_ID),
    trace_id: matches(TRACE_ID),
  },
  optional: ["execution_id", "trace_id"],
  rule: ({ result, state }) => (result === "SUCCESS") === ["APPROVED", "WARNING", "NEUTRAL"].includes(state),
  ruleText: "its result and its state contradict each other",
};

const MEMORY_SNAPSHOT = {
  fields: {
    command: isString,
    output: isString,
    timestamp: isUtcTime,
    status: isStatus,
    execution_id: matches(EXECUTION_ID),
  },
  optional: ["execution_id"],
};

/** Hold the value to the shape and return its known fields alone; throws a Refusal that names what is wrong. */
function take(value, shape) {
  if (!isObject(value)) throw violation("it is not an object");
  const taken = {};
  for (const [name, valid] of Object.entries(shape.fields)) {
    if (Object.hasOwn(value, name)) {
      if (!valid(value[name])) throw violation(`${name} is not valid`, name);
      taken[name] = value[name];
    } else if (!shape.optional.includes(name)) {
      throw violation(`${name} is missing`, name);
    }
  }
  if (shape.rule !== undefined && !shape.rule(taken)) throw violation(shape.ruleText);
  return taken;
}

/** The refusal of an answer that breaks the contract; `field` is the one at fault. */
function violation(what, field) {
  const code = field === "status" ? "UNKNOWN_STATUS" : "API_BLOCKED";
  return new Refusal(code, `The answer breaks the contract: ${what}.`);
}

// -------------------------------------------------------------------------------------------------- exchanges

/** Send one request and read its answer whole, within the time limit; throws a Refusal when there is none. */
async function exchange(path, init = {}) {
  const problem = configurationProblem();
  if (problem !== "") throw new Refusal("API_BLOCKED", problem);
  const limit = configured.timeoutMs ?? TIME_LIMIT_MS;
  const stop = new AbortController();
  let giveUp;
  const tooLate = new Promise((_, reject) => {
    giveUp = () => reject(new Refusal("TIMEOUT", `No complete answer within ${limit / 1000} s.`));
  });
  const timer = setTimeout(() => {
    giveUp(); // does not count on the abort alone: Node loses sight of the signal while it waits for a body
    stop.abort();
  }, limit);
  const inTime = (promise) => Promise.race([promise, tooLate]);
  try {
    const headers = { ...init.headers, Accept: "application/json", "X-API-Key": apiKey() };
    const options = { ...FETCH_OPTIONS, ...init, headers, signal: stop.signal };
    const answer = await inTime(fetch(baseUrl() + path, options));
    const traceId = answer.headers.get("X-Trace-Id") ?? "";
    return {
      http: answer.status,
      type: answer.headers.get("Content-Type") ?? "",
      traceId: TRACE_ID.test(traceId) ? traceId : undefined,
      bytes: await inTime(readWhole(answer, stop.signal)), // a body that stalls is late as well
    };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("API_BLOCKED", "The backend could not be reached, or its answer could not be read whole.");
  } finally {
    clearTimeout(timer);
  }
}

/** All bytes of an answer's body, at most `SIZE_LIMIT`; gives the connection up when `signal` says so. */
async function readWhole(answer, signal) {
  if (answer.body === null) return new Uint8Array();
  const reader = answer.body.getReader();
  signal.addEventListener("abort", () => reader.cancel().catch(() => {}));
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    size += value.byteLength;
    if (size > SIZE_LIMIT) {
      reader.cancel().catch(() => {});
      throw violation("it is too long");
    }
    chunks.push(value);
  }
}

/** The JSON of an answer; throws a Refusal when it has none. */
function json(answer) {
  if (!JSON_TYPE.test(answer.type)) throw violation("it is not application/json");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(answer.bytes));
  } catch {
    throw violation("it is not JSON");
  }
}

/** The JSON of a 200 answer, held to `read`; throws a Refusal for anything else. */
function conforming(answer, read) {
  try {
    if (answer.http !== 200) throw violation(`HTTP ${answer.http} where 200 was due`);
    return read(json(answer));
  } catch (refusal) {
    refusal.traceId = answer.traceId;
    throw refusal;
  }
}

// ---------------------------------------------------------------------------------------------------- execute

/** A BLOCKED of the client's own making; without the backend's trace id it says so by the prefix `local-`. */
function blocked({ code, message, traceId }) {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0"));
  return {
    status: "BLOCKED",
    ts_utc: new Date().toISOString(),
    trace_id: traceId ?? `local-${random.join("")}`,
    reason_codes: [code],
    message,
  };
}

/** What an answer of 400 and above comes to: BLOCKED, whatever its body says (CON-04, CON-05). */
function blockedByHttp(answer) {
  const unauthenticated = answer.http === 401 || answer.http === 403;
  let outcome;
  try {
    outcome = take(json(answer), ERROR_RESPONSE);
  } catch {
    const code = REASON_OF_HTTP[answer.http] ?? (answer.http >= 500 ? "INTERNAL_ERROR" : "API_BLOCKED");
    outcome = blocked({ code, message: `The backend refused with HTTP ${answer.http}.`, traceId: answer.traceId });
  }
  return unauthenticated ? { ...outcome, message: AUTHENTICATION_FAILED } : outcome;
}

/** Why this command would not be sent, in one sentence; "" when it would be (CON-13). */
export function commandProblem(command, sessionId) {
  if (!matches(COMMAND)(command)) return "A command is 3 to 32 characters: capital letters and underscores only.";
  if (absent(sessionId)) return "";
  return isString(sessionId) && [...sessionId].length <= 128 ? "" : "A session id has at most 128 characters.";
}

const absent = (sessionId) => sessionId === undefined || sessionId === null || sessionId === "";

/**
 * Send one command, once (CON-09), and say what became of it.
 *
 * @param {string} command capital letters and underscores, 3 to 32.
 * @param {string} [sessionId] at most 128 characters.
 * @returns {Promise<{status: string, ts_utc: string, trace_id: string, reason_codes: string[], message?: string,
 *   execution_id?: string}>} never rejects: whatever goes wrong is BLOCKED.
 */
export async function executeCommand(command, sessionId) {
  try {
    const problem = commandProblem(command, sessionId);
    if (problem !== "") throw new Refusal("VALIDATION_FAILED", problem);
    const answer = await exchange("/api/execute", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(absent(sessionId) ? { command } : { command, session_id: sessionId }),
    });
    if (answer.http >= 400) return blockedByHttp(answer);
    return conforming(answer, (value) => take(value, EXECUTE_RESPONSE));
  } catch (error) {
    return blocked(error instanceof Refusal ? error : { code: "INTERNAL_ERROR", message: "The console failed." });
  }
}

// ------------------------------------------------------------------------------------------------------ reads

/** Whether the pair is a query that the contract allows. */
const isQuery = (filter, limit) => FILTERS.includes(filter) && Number.isInteger(limit) && limit >= 1 && limit <= 1000;

/** One reading of the trail; throws a Refusal for anything but an array of valid entries. */
async function readEntries(path) {
  return conforming(await exchange(path), (value) => {
    if (!Array.isArray(value)) throw violation("it is not a list");
    return value.map((item) => take(item, AUDIT_ITEM));
  });
}

/**
 * The audit trail and where it came from: `audit`, the `fallback` endpoint (asked once, CON-10), or `none`, which tells
 * a trail that could not be read from one that is empty. Never rejects.
 */
export async function readAuditLog(filter = "all", limit = 50) {
  if (!isQuery(filter, limit)) return { entries: [], source: "none" };
  const query = `?filter=${filter}&limit=${limit}`;
  try {
    return { entries: await readEntries(`/api/audit${query}`), source: "audit" };
  } catch {
    try {
      return { entries: await readEntries(`/api/diagnostic/metrics${query}`), source: "fallback" };
    } catch {
      return { entries: [], source: "none" };
    }
  }
}

/**
 * The entries of the audit trail as the backend orders them, newest first; [] when they could not be read.
 *
 * @param {string} [filter] one of `FILTERS`.
 * @param {number} [limit] 1 to 1000.
 */
export async function fetchAuditLog(filter = "all", limit = 50) {
  return (await readAuditLog(filter, limit)).entries;
}

/** The snapshot of the last executed command, or null when there is none to be had (CON-11). Never rejects. */
export async function fetchMemory() {
  try {
    return conforming(await exchange("/api/memory"), (value) => take(value, MEMORY_SNAPSHOT));
  } catch {
    return null;
  }
}
