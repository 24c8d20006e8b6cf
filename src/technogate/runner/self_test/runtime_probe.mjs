/** The probe as a client module, so that Node runs it exactly as it runs a console's: a command is its argument. */
import { readFileSync } from "node:fs";

const source = readFileSync(new URL("./runtime_probe.js", import.meta.url), "utf8");
const probe = (0, eval)(source);

export async function executeCommand(command) {
  return { message: JSON.stringify(await probe(JSON.parse(command))) };
}

export async function fetchAuditLog() {
  return [];
}

export async function fetchMemory() {
  return null;
}
