// Conforming, over TLS, on ::1 alone, under /a/b.
export { create } from "../tls/variant.mjs";
export function before(request, response, trace_id, { refuse, Refusal }) {
  if (request.url.startsWith("/a/b/")) { request.url = request.url.slice("/a/b".length); return false; }
  refuse(request, response, trace_id, "/none", new Refusal(404, "RESOURCE_NOT_FOUND", "There is nothing here."));
  return true;
}
