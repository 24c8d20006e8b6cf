// Conforming, over TLS; key and certificate are made for each test.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
export const create = (options, handle) => createServer({ ...options, key: readFileSync(process.env.TLS_KEY), cert: readFileSync(process.env.TLS_CERT) }, handle);
