/**
 * Finds the contract's functions in what a client module exports, and calls them: in Node and in a page alike.
 */

/** The names of the functions, which whoever looks for them gives. */
let FUNCTIONS = [];

/** An exported object that has the functions is looked for under these names first. */
const USUAL = ["default", "api", "client"];

/** A mistake of the target file or of the module: one sentence for its author. */
export class ClientError extends Error {}

const isHolder = (value) => (typeof value === "object" && value !== null) || typeof value === "function";
const has = (holder, name) => isHolder(holder) && typeof holder[name] === "function";
const hasAll = (holder) => FUNCTIONS.every((name) => has(holder, name));
const isClass = (value) => typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

/** The three functions as those of their object: a method of a client needs its `this`. */
const bound = (holder) => Object.fromEntries(FUNCTIONS.map((name) => [name, (...args) => holder[name](...args)]));

/** What the module exports, by name: what a CommonJS file assigned to `module.exports` counts as exported. */
function exportsOf(loaded) {
  const byDefault = isHolder(loaded.default) && !isClass(loaded.default) ? Object.entries(loaded.default) : [];
  return Object.fromEntries([...byDefault, ...Object.entries(loaded)]);
}

/** A value in a few words. */
function kindOf(value) {
  if (isClass(value)) return "class";
  if (!isHolder(value)) return value === null ? "null" : typeof value;
  if (typeof value === "function") return "function";
  const members = Object.keys(value).slice(0, 6);
  return members.length === 0 ? "object without members" : `object with ${members.join(", ")}`;
}

/** All exports in a few words. */
function listed(loaded) {
  const entries = Object.entries(loaded).filter(([name]) => name !== "module.exports" && name !== "__esModule");
  return entries.length === 0 ? "nothing" : entries.slice(0, 12).map(([name, value]) => `${name} (${kindOf(value)})`).join(", ");
}

/** How a client could be made of what is exported, as a line of the target file; "" when nothing looks like it. */
function advice(loaded) {
  for (const [name, value] of Object.entries(loaded)) {
    const call = name === "default" ? "exports.default" : name;
    if (isClass(value) && FUNCTIONS.every((method) => has(value.prototype, method))) {
      return `create = "new ${name === "default" ? `(${call})` : call}('{backend_url}', '{api_key}')"`;
    }
  }
  const factory = Object.keys(loaded).find((name) => /create|make|build|client|api/i.test(name) && kindOf(loaded[name]) === "function");
  return factory === undefined ? "" : `create = "${factory}('{backend_url}', '{api_key}')"`;
}

/** All exports as one object; what a CommonJS file exports may itself be a function or a class, to be called as such. */
function callable(loaded) {
  if (typeof loaded.default !== "function") return loaded;
  return new Proxy(loaded.default, { get: (target, name) => (name in loaded ? loaded[name] : Reflect.get(target, name, target)) });
}

/** The value of the target file's expression; the exports are variables in it, all of them also members of `exports`. */
async function created(loaded, create) {
  const scope = Object.entries(exportsOf(loaded)).filter(([name]) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "exports");
  const usable = scope.filter(([name]) => {
    try {
      new Function(name, "");
      return true;
    } catch {
      return false; // a reserved word such as `default`
    }
  });
  const names = usable.map(([name]) => name);
  try {
    const make = new Function(...names, "exports", `"use strict"; return (async () => (${create}\n))();`);
    return await make(...usable.map(([, value]) => value), callable(loaded));
  } catch (error) {
    throw new ClientError(`\`create\` failed with ${describe(error)}; it exports ${listed(loaded)}`);
  }
}

/**
 * The three functions of a module and where they were found ("" for the module itself).
 *
 * `create` is an expression over the exports that makes the client, "" for none; `functions` are the names. Throws a ClientError that names what was
 * found instead.
 */
export async function clientOf(loaded, create, functions) {
  FUNCTIONS = functions;
  if (create !== "") {
    const client = await created(loaded, create);
    const absent = FUNCTIONS.filter((name) => !has(client, name));
    if (absent.length === 0) return { functions: bound(client), found: "what `create` makes" };
    throw new ClientError(`what \`create\` makes lacks ${absent.join(", ")} (${kindOf(client)}); the module exports ${listed(loaded)}`);
  }
  if (hasAll(loaded)) return { functions: bound(loaded), found: "" };
  const names = [...USUAL, ...Object.keys(loaded).filter((name) => !USUAL.includes(name))];
  const holder = names.find((name) => name in loaded && hasAll(loaded[name]));
  if (holder !== undefined) return { functions: bound(loaded[holder]), found: `the export \`${holder}\`` };
  if (isClass(loaded.default) && loaded.default.length === 0 && FUNCTIONS.every((name) => has(loaded.default.prototype, name))) {
    return { functions: bound(new loaded.default()), found: "an instance of the class that it exports as default" };
  }
  const nested = USUAL.find((name) => isHolder(loaded.default) && hasAll(loaded.default[name]));
  if (nested !== undefined) return { functions: bound(loaded.default[nested]), found: `the export \`${nested}\`` };
  const absent = FUNCTIONS.filter((name) => !has(loaded, name) && !has(loaded.default, name));
  if (absent.length === 0) return { functions: bound(exportsOf(loaded)), found: "" };
  const hint = advice(loaded);
  const instead = hint === "" ? "export them, or say in `create` how a client is made" : `write how a client is made: ${hint}`;
  throw new ClientError(`it does not export ${absent.join(", ")}; it exports ${listed(loaded)}: ${instead}`);
}

/** A thrown value as one line. */
export const describe = (error) => {
  try {
    return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split("\n")[0];
  } catch {
    return "a value that cannot be shown";
  }
};

/** A result as JSON; undefined, and what JSON cannot represent, become errors and not null. */
function asJson(value) {
  if (value === undefined) return { error: "returned undefined" };
  try {
    const text = JSON.stringify(value);
    return text === undefined ? { error: `returned a ${typeof value}` } : { value: JSON.parse(text) };
  } catch (error) {
    return { error: `returned what JSON cannot carry (${describe(error)})` };
  }
}

/** Call one function to its end: its result or its error, and the times, in seconds since the epoch. */
export async function outcomeOf(functions, name, args) {
  const started = Date.now() / 1000;
  let outcome;
  try {
    outcome = asJson(await functions[name](...args));
  } catch (error) {
    outcome = { error: `threw ${describe(error)}` };
  }
  return { ...outcome, started, ended: Date.now() / 1000 };
}
