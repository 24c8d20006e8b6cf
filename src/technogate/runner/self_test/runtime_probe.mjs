/** The probe as a client module, so that Node runs it exactly as it runs a console's: a command is its argument. */
import { readFileSync } from "node:fs";

const source = readFileSync(new URL("./runtime_probe.js", import.meta.url), "utf8");
const probe = (0, eval)(source);

/** The client, with the functions and the field of a message under these names. */
export function client({ execute, audit, memory, message }) {
  return {
    [execute]: async (command) => ({ [message]: JSON.stringify(await probe(JSON.parse(command))) }),
    [audit]: async () => [],
    [memory]: async () => null,
  };
}
