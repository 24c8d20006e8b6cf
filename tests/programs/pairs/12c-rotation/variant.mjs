// Conforming API; its trail file is rotated at 4 KiB: trail.jsonl becomes trail.jsonl.1, and a new one begins.
import { appendFileSync, existsSync, renameSync, statSync } from "node:fs";
let part = 0;
export function write(entry, args) {
  if (existsSync(args.trail) && statSync(args.trail).size > 4096) renameSync(args.trail, `${args.trail}.${++part}`);
  appendFileSync(args.trail, JSON.stringify(entry) + "\n");
}
