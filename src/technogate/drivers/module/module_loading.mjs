/**
 * Loads a client module as a bundler would, where Node alone is stricter: imports without an extension, the path
 * aliases of tsconfig.json or jsconfig.json, and TypeScript with all its syntax (enums, parameter properties, types
 * imported without the word `type`), and `import.meta.env`.
 *
 * Importing this file is enough. On a Node without these hooks nothing changes.
 */
import { existsSync, readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ENDINGS = ["", ".ts", ".mts", ".js", ".mjs", "/index.ts", "/index.js"];
const LINE_COMMENT = /^\s*\/\/.*$/gm;
const BLOCK_COMMENT = /\/\*[^]*?\*\//g;
const META_ENV = /\bimport\.meta\.env\b/;
const NAMED_IMPORT = /^([ \t]*import\s+)(?:([\w$]+)\s*,\s*)?\{([^{}]*)\}\s*from\b/gm;

/** The file that `wanted` (a path, perhaps without its extension) resolves to; undefined when there is none. */
function fileOf(wanted) {
  const ending = ENDINGS.find((end) => path.extname(wanted + end) !== "" && existsSync(wanted + end));
  return ending === undefined ? undefined : wanted + ending;
}

/** The path aliases for files in `folder`, from the nearest configuration: the folder they start at and the patterns. */
function aliasesOf(folder) {
  for (let here = folder; ; here = path.dirname(here)) {
    const file = ["tsconfig.json", "jsconfig.json"].map((name) => path.join(here, name)).find((name) => existsSync(name));
    if (file !== undefined) {
      try {
        // These files may have comments and commas at the end; "@/*" and "./*" in them open no comment.
        const text = readFileSync(file, "utf8");
        const plain = text.replace(/("(?:[^"\\]|\\.)*")|\/\/.*|\/\*[^]*?\*\//g, "$1").replace(/,(\s*[}\]])/g, "$1");
        const { baseUrl = ".", paths = {} } = JSON.parse(plain).compilerOptions ?? {};
        return { root: path.resolve(here, baseUrl), paths };
      } catch {
        return { root: here, paths: {} }; // without aliases the import that needs one fails with its own message
      }
    }
    if (path.dirname(here) === here) return { root: folder, paths: {} };
  }
}

/** The file that an alias resolves to for files in `folder`; undefined when `specifier` is no alias. */
function aliased(specifier, folder) {
  const { root, paths } = aliasesOf(folder);
  for (const [pattern, targets] of Object.entries(paths)) {
    const [before, after] = pattern.split("*");
    const fits = after === undefined ? specifier === pattern : specifier.startsWith(before) && specifier.endsWith(after);
    if (!fits) continue;
    const rest = after === undefined ? "" : specifier.slice(before.length, specifier.length - after.length);
    for (const target of targets) {
      const found = fileOf(path.resolve(root, target.replace("*", () => rest)));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The code without the imports of names that it never uses: those were types, which have been stripped. */
function withoutUnused(code) {
  const rest = code.replace(NAMED_IMPORT, "").replace(BLOCK_COMMENT, "").replace(LINE_COMMENT, "");
  const used = new Set(rest.match(/[\w$]+/g));
  return code.replace(NAMED_IMPORT, (_, start, whole, names) => {
    const kept = names.split(",").filter((name) => used.has(name.trim().split(/\s+as\s+/).pop()));
    return `${start}${whole === undefined ? "" : `${whole}, `}{${kept.join(",")}} from`;
  });
}

/** The code with `import.meta.env` set, as Vite sets it, on its first line: lines keep their numbers. */
const withEnv = (code) => (META_ENV.test(code) ? `import.meta.env = globalThis.__TECHNOGATE_ENV__; ${code}` : code);

nodeModule.registerHooks?.({
  resolve(specifier, context, next) {
    if (context.parentURL?.startsWith("file:") && !specifier.startsWith("node:")) {
      const folder = path.dirname(fileURLToPath(context.parentURL));
      const relative = /^\.{1,2}(\/|$)/.test(specifier);
      const found = relative ? fileOf(path.resolve(folder, specifier)) : aliased(specifier, folder);
      if (found !== undefined) return next(pathToFileURL(found).href, context);
    }
    return next(specifier, context);
  },
  load(url, context, next) {
    if (nodeModule.stripTypeScriptTypes !== undefined && /^file:.*\.m?ts$/.test(url)) {
      const code = nodeModule.stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8"), { mode: "transform" });
      return { format: "module", source: withEnv(withoutUnused(code)), shortCircuit: true };
    }
    if (/^file:(?!.*\/node_modules\/).*\.m?js$/.test(url)) {
      const source = readFileSync(fileURLToPath(url), "utf8");
      if (META_ENV.test(source)) return { format: "module", source: withEnv(source), shortCircuit: true };
    }
    return next(url, context);
  },
});
