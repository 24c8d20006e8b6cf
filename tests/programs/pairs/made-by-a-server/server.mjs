// Conforming: the pages are made by a server, which speaks to the backend with the reference client and holds the key.
import { createServer } from "node:http";
import { configure, executeCommand, fetchAuditLog, fetchMemory } from "../console/client.js";
const opt = (n, d) => { const i = process.argv.indexOf(n); return i < 0 ? d : process.argv[i + 1]; };
configure({ apiUrl: process.env.BACKEND_URL ?? "", apiKey: process.env.BACKEND_KEY ?? "" });
const safe = (text) => String(text ?? "").replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const FIELDS = ["timestamp", "action", "result", "state", "trace_id"];
async function page({ command = "", session = "", result = null, filter = "all", limit = "50" }) {
  const [entries, last] = await Promise.all([fetchAuditLog(filter, Number(limit)), fetchMemory()]);
  const choice = ["all", "APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"].map((one) => `<option${one === filter ? " selected" : ""}>${one}</option>`).join("");
  const rows = entries.map((e) => `<tr>${FIELDS.map((f) => `<td class="${f}">${safe(e[f])}</td>`).join("")}</tr>`).join("");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Console</title><link rel="icon" href="data:,">
<form method="post" action="/run" id="run"><label>Command <input name="command" value="${safe(command)}"></label><label>Session <input name="session" value="${safe(session)}"></label><button>Run</button></form>
<section id="result">${result ? `<b class="status">${safe(result.status)}</b> <code class="trace">${safe(result.trace_id)}</code><ul>${(result.reason_codes ?? []).map((c) => `<li>${safe(c)}</li>`).join("")}</ul><p class="message">${safe(result.message)}</p>` : ""}</section>
<section id="audit"><form method="get" action="/"><label>State <select name="filter">${choice}</select></label><label>Limit <input name="limit" type="number" value="${safe(limit)}"></label><button>Show</button></form>
${entries.length ? `<table><tbody>${rows}</tbody></table>` : `<p class="none">No entries.</p>`}</section>
<section id="memory"><form method="get" action="/"><button>Refresh</button></form>${last ? `<p><span class="command">${safe(last.command)}</span> <span class="state">${safe(last.status)}</span></p><pre>${safe(last.output)}</pre>` : `<p class="none">Nothing was run.</p>`}</section></html>`;
}
const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://x");
  if (request.method === "POST" && url.pathname === "/run") {
    let body = "";
    for await (const part of request) body += part;
    const sent = new URLSearchParams(body), command = sent.get("command") ?? "", session = sent.get("session") ?? "";
    const html = await page({ command, session, result: await executeCommand(command, session || undefined) });
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
    return response.end(html);
  }
  if (url.pathname !== "/") { response.writeHead(404); return response.end("not found"); }
  const html = await page({ filter: url.searchParams.get("filter") ?? "all", limit: url.searchParams.get("limit") ?? "50" });
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(html);
});
server.listen(Number(opt("--port", "3000")), opt("--host", "127.0.0.1"));
for (const s of ["SIGTERM", "SIGINT"]) process.on(s, () => process.exit(0));
