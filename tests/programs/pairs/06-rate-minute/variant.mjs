// Conforming: so many requests in a window for each client; beyond that 429 with Retry-After, an ErrorResponse, and an entry for an execute.
const [most, span] = (process.env.RATE ?? "300 60").split(" ").map(Number);
let from = Date.now(), count = 0;
export function before(request, response, trace_id, { refuse, Refusal }) {
  if (request.url === "/health") return false;
  if (Date.now() - from > span * 1000) { from = Date.now(); count = 0; }
  if (++count <= most) return false;
  const path = request.url.split("?")[0];
  const left = String(Math.ceil((from + span * 1000 - Date.now()) / 1000));
  refuse(request, response, trace_id, path === "/api/execute" ? path : "/none", new Refusal(429, "RATE_LIMITED", "Too many requests.", { "Retry-After": left }));
  return true;
}
