// What all pages share: how they ask, and how they show a result, a list and a snapshot.
const ask = (path, init) => fetch(API + path, { cache: "no-store", ...init });
const id = (name) => document.querySelector(`[data-testid="${name}"]`);
const shown = (r) => { id("result-status").textContent = r.status; id("result-trace-id").textContent = r.trace_id; };
const run = async () => shown(await (await ask("/api/execute", { method: "POST", body: id("command-input").value })).json());
const list = async () => {
  const entries = await (await ask("/api/audit?filter=all&limit=50")).json();
  id("audit-rows").innerHTML = entries.map((e) => `<li data-testid="audit-row"><b data-field="action">${e.action}</b>
    <i data-field="result">${e.result}</i> <u data-field="state">${e.state}</u></li>`).join("");
};
const text = async () => {
  const answer = await ask("/api/memory");
  id("memory").querySelector("p").textContent = answer.status === 204 ? "Nothing yet" : ((s) => `${s.command}: ${s.output} (${s.status})`)(await answer.json());
};
