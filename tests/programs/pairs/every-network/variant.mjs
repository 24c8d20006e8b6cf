// Conforming, and all at once: on ::1 alone, under /backend with the health check at the root, several informational
// responses before each final one, bodies in chunks with a trailer, connections that end as they are used.
import { before as isBelow } from "../03b-health-elsewhere/variant.mjs";
import { before as ends } from "../ended-as-used/variant.mjs";
export { listen } from "../05-localhost/variant.mjs";
export { send } from "../trailers/variant.mjs";
export function before(request, response, trace_id, tools) {
  if (ends(request)) return true;
  response.writeContinue();
  response.writeProcessing();
  response.writeProcessing();
  response.writeEarlyHints({ link: "</x.css>; rel=preload; as=style" });
  return isBelow(request, response, trace_id, tools);
}
