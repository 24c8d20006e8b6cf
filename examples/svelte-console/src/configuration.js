import { configure } from "@client";

let reading = null;

/** Ask this page's own server where the backend is, once; again only when that failed. */
export function configuration() {
  reading ??= read().catch(() => {
    reading = null;
  });
  return reading;
}

async function read() {
  const response = await fetch("config.json", { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(5000) });
  configure(await response.json());
}
