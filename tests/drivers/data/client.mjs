// A small client module: what it does is told by the command.
const base = process.env.NEXT_PUBLIC_API_URL ?? "";
const key = process.env.NEXT_PUBLIC_API_KEY ?? "";
const ask = (path, init = {}) => fetch(base + path, { ...init, headers: { "X-API-Key": key, ...init.headers } });

const SPECIAL = {
  THROW: () => {
    throw new TypeError("no luck");
  },
  UNDEFINED: () => undefined,
  TEXT: () => "APPROVED",
  ODD: () => ({ status: null, trace_id: 5, reason_codes: ["A", 7], message: { a: 1 }, extra: "ignored" }),
  NEVER: () => new Promise(() => {}),
  EXIT: () => process.exit(7),
  TALK: () => {
    console.log("to the log");
    process.stdout.write("to standard output\n");
    process.stderr.write("to standard error\n");
    Promise.reject(new Error("late"));
    return { status: "NEUTRAL" };
  },
};

export async function executeCommand(command, ...rest) {
  if (command in SPECIAL) return SPECIAL[command]();
  const body = JSON.stringify({ command, rest });
  const answer = await ask("/api/execute", { method: "POST", body, headers: { "Content-Type": "application/json" } });
  return answer.json();
}

export default {
  fetchAuditLog: async (filter, limit) => (await ask(`/api/audit?filter=${filter}&limit=${limit}`)).json(),
  fetchMemory: async () => {
    const answer = await ask("/api/memory");
    return answer.status === 204 ? null : answer.json();
  },
};
