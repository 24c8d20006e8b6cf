/**
 * Build pages one after another: `node build_pages.mjs FOLDER …`, beside the `node_modules` that has Vite.
 *
 * One process for all: most of the time of a single build is the start of Node and of Vite. Each page gives one line of
 * JSON, with the folder and why it could not be built ("" when it was).
 */

import { build } from "vite";

for (const root of process.argv.slice(2)) {
  let problem = "";
  try {
    await build({ root, configFile: `${root}/vite.config.js`, configLoader: "native", logLevel: "silent" });
  } catch (error) {
    problem = String(error?.message ?? error) || "no reason was given";
  }
  process.stdout.write(JSON.stringify({ root, problem }) + "\n");
}
