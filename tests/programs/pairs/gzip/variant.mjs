// Wrong: it compresses each body, whatever the request offers.
import { gzipSync } from "node:zlib";
export function send({ response, code, body, headers }) {
  const packed = body ? gzipSync(body) : "";
  response.writeHead(code, body ? { ...headers, "Content-Encoding": "gzip", "Content-Length": packed.length } : headers);
  response.end(packed);
}
