// A conforming page of other kinds: a dialog asks before each command, the result is a toast that vanishes, the entries are
// elements with shadow trees of their own, the filter is a row of buttons, and "No snapshot." stands where the values do.
import { commandProblem, configure, executeCommand, fetchAuditLog, fetchMemory } from "./client.js";
const one = (css) => document.querySelector(css);
const span = (name, text) => Object.assign(document.createElement("span"), { className: name, textContent: text ?? "" });
configure(await (await fetch("config.json")).json());
let newest = 0;
let filter = "all";
const confirmed = () =>
  new Promise((done) => {
    for (const button of document.querySelectorAll("dialog button")) button.onclick = () => one("dialog").close(button.value);
    one("dialog").returnValue = "";
    one("dialog").onclose = () => done(one("dialog").returnValue === "yes");
    one("dialog").showModal();
  });
one("form").onsubmit = async (event) => {
  event.preventDefault();
  const mine = ++newest;
  const command = one("input").value;
  if (commandProblem(command) === "" && !(await confirmed())) return;
  const result = await executeCommand(command);
  if (mine !== newest) return;
  const toast = Object.assign(document.createElement("div"), { className: "toast" });
  toast.append(span("what", result.status), span("ref", result.trace_id), span("why", result.reason_codes.join(" ")));
  toast.append(span("text", result.message));
  one(".toasts").replaceChildren(toast);
  setTimeout(() => toast.remove(), 2500);
};
customElements.define("trail-row", class extends HTMLElement {});
customElements.define("trail-list", class extends HTMLElement {});
const list = one("trail-list").attachShadow({ mode: "open" });
async function load() {
  const asked = filter;
  const entries = await fetchAuditLog(asked);
  if (asked !== filter) return;
  list.replaceChildren(...entries.map((entry) => {
    const row = document.createElement("trail-row");
    const inner = [span("did", entry.action), span("went", entry.result), span("is", entry.state), span("ref", entry.trace_id)];
    row.attachShadow({ mode: "open" }).append(...inner);
    return row;
  }));
}
for (const state of ["all", "APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"]) {
  const button = Object.assign(document.createElement("button"), { textContent: state === "all" ? "Everything" : state });
  button.setAttribute("aria-pressed", String(state === "all"));
  button.onclick = () => {
    filter = state;
    for (const other of one(".states").children) other.setAttribute("aria-pressed", String(other === button));
    load();
  };
  one(".states").append(button);
}
async function remember() {
  const snapshot = await fetchMemory();
  one("article").textContent = snapshot === null ? "No snapshot." : "";
  if (snapshot !== null) one("article").append(span("did", snapshot.command), span("is", snapshot.status), span("said", snapshot.output));
}
load();
remember();
