/**
 * The page: what a person enters goes to the client, what the client returns is shown.
 *
 * Whatever came from the backend is set as text, never as markup (CON-15), and without the key (CON-12).
 */

import {
  commandProblem,
  configurationProblem,
  configure,
  executeCommand,
  fetchMemory,
  readAuditLog,
  withoutKey,
} from "./client.js";

/** One sentence for each status, so that it is shown in words, and not in colour alone. */
const MEANING = {
  APPROVED: "The backend approved this command.",
  BLOCKED: "Not allowed, or in doubt: treat this command as refused.",
  EXPIRED: "Too late: the command or its session has expired.",
  WARNING: "Processed, with a warning to look at.",
  NEUTRAL: "Processed; there was nothing to decide.",
};

const AUDIT_FIELDS = {
  timestamp: "Time",
  action: "Action",
  result: "Result",
  state: "State",
  trace_id: "Trace id",
  execution_id: "Execution",
};

/** Milliseconds that the console's own server has to send the backend's address. */
const CONFIGURATION_LIMIT_MS = 5000;

const part = (testId) => document.querySelector(`[data-testid="${testId}"]`);
const byId = (id) => document.getElementById(id);

/** Set an element's text, minus the key; the element is hidden when there is none. */
function show(element, text) {
  element.textContent = withoutKey(text ?? "");
  element.hidden = element.textContent === "";
}

/** As `show`, for an element with a label: what holds both is hidden with it. */
function showFact(holderId, element, text) {
  show(element, text);
  byId(holderId).hidden = element.hidden;
}

/** A status as a badge: the word, and a colour and a sign by the attribute. */
function showBadge(element, status) {
  show(element, status);
  element.dataset.status = status;
}

/** A counter of calls: only the newest one may show its response (CON-17). */
function newest() {
  let last = 0;
  return () => {
    const mine = ++last;
    return () => mine === last;
  };
}

// ---------------------------------------------------------------------------------------------- configuration

let configured = null;

/** Request the backend's address from the console's server, once; again only if that failed. */
function configuration() {
  configured ??= readConfiguration().catch(() => {
    configured = null;
  });
  return configured;
}

async function readConfiguration() {
  const signal = AbortSignal.timeout(CONFIGURATION_LIMIT_MS);
  const answer = await fetch("config.json", { cache: "no-store", credentials: "omit", redirect: "error", signal });
  const { apiUrl, apiKey } = await answer.json();
  configure({ apiUrl, apiKey });
  show(byId("backend"), apiUrl);
}

// ---------------------------------------------------------------------------------------------------- command

const result = part("result");
const nextCommand = newest();

async function run() {
  const isNewest = nextCommand();
  const command = part("command-input").value;
  const session = part("session-input").value;
  const refusedHere = commandProblem(command, session) !== "";
  showWaiting(refusedHere ? "" : command);
  await configuration();
  const outcome = await executeCommand(command, session);
  if (!isNewest()) return;
  showOutcome(outcome, refusedHere ? "" : command);
  showProblem();
  if (!refusedHere) {
    loadAudit();
    loadMemory();
  }
}

/** Remove the last result: while a response is pending nothing may look like one. */
function showWaiting(command) {
  result.setAttribute("aria-busy", "true");
  result.dataset.status = "pending";
  byId("result-none").hidden = true;
  byId("result-body").hidden = true;
  show(byId("result-awaited"), command);
  byId("result-waiting").hidden = command === "";
}

function showOutcome(outcome, command) {
  const reasons = part("result-reasons");
  result.dataset.status = outcome.status;
  show(part("result-status"), outcome.status);
  show(byId("result-meaning"), MEANING[outcome.status]);
  show(part("result-message"), outcome.message);
  show(part("result-trace-id"), outcome.trace_id);
  show(part("result-time"), outcome.ts_utc);
  showFact("result-command-fact", byId("result-command"), command);
  showFact("result-execution-fact", byId("result-execution"), outcome.execution_id);
  reasons.replaceChildren(...outcome.reason_codes.map((code) => textElement("li", code)));
  reasons.hidden = outcome.reason_codes.length === 0;
  byId("result-reasons-fact").hidden = reasons.hidden;
  byId("result-waiting").hidden = true;
  byId("result-body").hidden = false;
  result.setAttribute("aria-busy", "false");
}

function textElement(name, text) {
  const element = document.createElement(name);
  element.textContent = withoutKey(text);
  return element;
}

/** Show on top of the page that nothing can be sent, if so (CON-20). */
function showProblem() {
  show(byId("problem"), configurationProblem());
}

// ------------------------------------------------------------------------------------------------ audit trail

const audit = part("audit");
const nextReading = newest();

async function loadAudit() {
  const limit = part("audit-limit");
  byId("audit-problem").hidden = limit.validity.valid;
  limit.setAttribute("aria-invalid", String(!limit.validity.valid));
  if (!limit.validity.valid) return;
  const isNewest = nextReading();
  const query = [part("audit-filter").value, limit.valueAsNumber];
  audit.setAttribute("aria-busy", "true");
  await configuration();
  const reading = await readAuditLog(...query);
  if (!isNewest()) return;
  showAudit(reading, query[0]);
  audit.setAttribute("aria-busy", "false");
}

function showAudit({ entries, source }, filter) {
  const empty = entries.length === 0;
  byId("audit-rows").replaceChildren(...entries.map(auditRow));
  byId("audit-body").hidden = empty;
  show(part("audit-empty"), empty ? emptyText(source, filter) : "");
  const count = `${entries.length} ${entries.length === 1 ? "entry" : "entries"}, newest first`;
  show(byId("audit-note"), empty ? "" : count + (source === "fallback" ? ", from the diagnostic endpoint." : "."));
}

/** An unread trail is not an empty one. */
function emptyText(source, filter) {
  if (source === "none") return "The audit trail could not be read. What it holds is not known.";
  return filter === "all" ? "The audit trail is empty." : `The audit trail has no entry that is ${filter}.`;
}

function auditRow(entry) {
  const row = document.createElement("tr");
  row.dataset.testid = "audit-row";
  row.setAttribute("role", "row");
  for (const [field, label] of Object.entries(AUDIT_FIELDS)) {
    const cell = document.createElement("td");
    cell.dataset.field = field;
    cell.dataset.label = label;
    cell.setAttribute("role", "cell");
    if (field === "state") {
      const badge = textElement("span", entry.state);
      badge.className = "badge";
      badge.dataset.status = entry.state;
      cell.append(badge);
    } else {
      cell.textContent = withoutKey(entry[field] ?? "");
    }
    row.append(cell);
  }
  return row;
}

// ----------------------------------------------------------------------------------------------------- memory

const memory = part("memory");
const nextSnapshot = newest();

async function loadMemory() {
  const isNewest = nextSnapshot();
  memory.setAttribute("aria-busy", "true");
  await configuration();
  const snapshot = await fetchMemory();
  if (!isNewest()) return;
  part("memory-empty").hidden = snapshot !== null;
  byId("memory-body").hidden = snapshot === null;
  show(part("memory-command"), snapshot?.command);
  showBadge(part("memory-status"), snapshot?.status ?? "");
  show(part("memory-timestamp"), snapshot?.timestamp);
  showFact("memory-output-part", part("memory-output"), snapshot?.output);
  memory.setAttribute("aria-busy", "false");
}

// ------------------------------------------------------------------------------------------------------ start

/** Call `act` instead of letting the form leave the page. */
function onSubmit(form, act) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
}

onSubmit(byId("command-form"), run);
onSubmit(byId("audit-form"), loadAudit);
part("audit-filter").addEventListener("change", loadAudit);
part("memory-refresh").addEventListener("click", loadMemory);

loadAudit();
loadMemory();
await configuration();
showProblem();
