const url = (path) => new URL(path, "");
export async function executeCommand(command) { return (await fetch(url("/api/execute"), { method: "POST", body: command })).json(); }
export async function fetchAuditLog() { return (await fetch(url("/api/audit"))).json(); }
export async function fetchMemory() { return (await fetch(url("/api/memory"))).json(); }
