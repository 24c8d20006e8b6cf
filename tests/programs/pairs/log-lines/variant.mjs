// Conforming answers; the trail is in a log with CRLF, local times without a zone, other lines, and names of its own.
import { appendFileSync } from "node:fs";

const two = (number, length = 2) => String(number).padStart(length, "0");

function local(at) {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())},${two(at.getMilliseconds(), 3)}`;
}

export function write({ timestamp, trace_id, ...audit }, args) {
  const when = local(new Date(timestamp));
  const lines = [{ level: "INFO", when, msg: "request" }, { level: "INFO", when, audit: { traceId: trace_id, ...audit } }];
  for (const line of lines) appendFileSync(args.trail, `${JSON.stringify(line)}\r\n`);
}
