// Conforming: three tabs, of which one panel is shown; the list and the snapshot refresh themselves every second, and a light
// asks for the public health as often.
export function start({ wire, loadAudit, loadMemory }) {
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const parts = { Run: [document.getElementById("f"), find("result")], Audit: [find("audit")], Memory: [find("memory")] };
  const bar = document.createElement("div");
  bar.setAttribute("role", "tablist");
  const show = (name) => {
    for (const [each, elements] of Object.entries(parts)) for (const element of elements) element.hidden = each !== name;
  };
  for (const name of Object.keys(parts)) {
    const tab = document.createElement("button");
    tab.setAttribute("role", "tab");
    tab.textContent = name;
    tab.onclick = () => show(name);
    bar.append(tab);
  }
  document.querySelector("h1").after(bar);
  show("Run");
  wire();
  const refresh = () => {
    loadAudit();
    loadMemory();
  };
  refresh();
  setInterval(refresh, 1000);
  fetch("config.json").then(async (answer) => {
    const { apiUrl } = await answer.json();
    setInterval(() => fetch(`${apiUrl}/health`).catch(() => {}), 1000);
  });
}
