// Conforming: each area is a page of its own, reached by the links at the top.
import { configure, executeCommand, fetchAuditLog, fetchMemory } from "./client.js";
const $ = (css, within = document) => within.querySelector(css);
configure(await (await fetch("config.json")).json());
let newest = 0;
async function run(event) {
  event.preventDefault();
  const mine = ++newest, form = event.target, shown = $("#outcome");
  const show = ({ status = "", trace_id = "", reason_codes = [], message = "" }) => {
    $(".state", shown).textContent = status; $(".trace", shown).textContent = trace_id; $(".note", shown).textContent = message;
    $(".why", shown).replaceChildren(...reason_codes.map((code) => Object.assign(document.createElement("li"), { textContent: code })));
  };
  show({});
  const result = await executeCommand(form.command.value, form.session.value || undefined);
  if (mine === newest) show(result);
}
async function list() {
  const mine = ++newest;
  const entries = await fetchAuditLog($("#state").value, Number($("#rows").value));
  if (mine !== newest) return;
  $("#log .none").hidden = entries.length > 0;
  $("#log ol").replaceChildren(...entries.map((entry) => {
    const row = document.createElement("li");
    for (const name of ["timestamp", "action", "result", "state", "trace_id"]) {
      const cell = Object.assign(document.createElement("span"), { className: name, textContent: entry[name] ?? "" });
      row.append(cell, " ");
    }
    return row;
  }));
}
async function last() {
  const mine = ++newest, found = await fetchMemory();
  if (mine !== newest) return;
  $("#last .none").hidden = found !== null; $("#last dl").hidden = found === null;
  for (const [css, name] of [["command", "command"], ["status", "status"], ["time", "timestamp"], ["output", "output"]]) $(`#last .${css}`).textContent = found?.[name] ?? "";
}
$("#send")?.addEventListener("submit", run);
if ($("#log")) { $("#again").addEventListener("click", list); $("#state").addEventListener("change", list); list(); }
if ($("#last")) { $("#again").addEventListener("click", last); last(); }
