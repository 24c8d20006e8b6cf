// Conforming: after so many wrong keys within a window the address is answered 429 for the rest of it, the right key too.
const [most, span] = (process.env.LOCKOUT ?? "10 60").split(" ").map(Number);
let from = Date.now(), wrong = 0;
export function before(request, response, trace_id, { refuse, Refusal }) {
  if (Date.now() - from > span * 1000) { from = Date.now(); wrong = 0; }
  response.on("finish", () => { if (response.statusCode === 403) wrong++; });
  if (request.url === "/health" || wrong < most) return false;
  const left = String(Math.ceil((from + span * 1000 - Date.now()) / 1000));
  refuse(request, response, trace_id, "/none", new Refusal(429, "RATE_LIMITED", "Too many failed attempts.", { "Retry-After": left }));
  return true;
}
