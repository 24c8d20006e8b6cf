// A conforming page whose parts have other names: labels instead of test ids, statuses and results in Portuguese, entries as a list with
// local times, no filter, no limit, no marker of an empty list, and the snapshot as one text.
import { commandProblem, configure, executeCommand, fetchAuditLog, fetchMemory } from "./client.js";
const one = (css) => document.querySelector(css);
const WORDS = { APPROVED: "Aprovado", BLOCKED: "Bloqueado", EXPIRED: "Expirado", WARNING: "Atenção", NEUTRAL: "Neutro", SUCCESS: "Sucesso", FAILED: "Falha" };
configure(await (await fetch("config.json")).json());
const span = (name, text) => Object.assign(document.createElement("span"), { className: name, textContent: text ?? "" });
async function loadTrail() {
  const entries = await fetchAuditLog();
  one(".entradas").replaceChildren(...entries.map((entry) => {
    const item = document.createElement("li");
    item.append(span("hora", new Date(entry.timestamp).toLocaleString("pt-BR")), " ", span("acao", entry.action), " ", span("efeito", WORDS[entry.result]), " ", span("estado", WORDS[entry.state]), " ", span("rastro", entry.trace_id));
    return item;
  }));
}
async function loadMemory() {
  const snapshot = await fetchMemory();
  one(".ultimo").textContent = snapshot === null ? "Nada ainda." : `${snapshot.command}: ${snapshot.output} (${WORDS[snapshot.status]}, ${snapshot.timestamp})`;
}
let newest = 0;
async function run() {
  const mine = ++newest;
  for (const css of [".resposta .estado", ".resposta .rastro", ".motivos", "blockquote"]) one(css).textContent = "";
  const result = await executeCommand(one("#cmd").value, one("[name=sessao]").value || undefined);
  if (mine !== newest) return;
  one(".resposta .estado").textContent = WORDS[result.status];
  one(".resposta .rastro").textContent = result.trace_id;
  one(".motivos").replaceChildren(...result.reason_codes.flatMap((code) => [span("motivo", code), " "]));
  one("blockquote").textContent = result.message ?? "";
  loadTrail();
  loadMemory();
}
one("#cmd").addEventListener("input", () => setTimeout(() => { one(".primary").disabled = commandProblem(one("#cmd").value) !== ""; }, 150));
one(".primary").addEventListener("click", run);
one(".recarregar").addEventListener("click", loadTrail);
loadTrail();
loadMemory();
