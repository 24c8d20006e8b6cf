// Wrong: each press asks for the list twice. It refreshes itself besides, which is no excuse.
export function start({ wire, loadAudit, loadMemory }) {
  wire();
  document.querySelector('[data-testid="audit-refresh"]').addEventListener("click", () => loadAudit());
  loadAudit();
  loadMemory();
  setInterval(loadAudit, 3000);
}
