/**
 * Runs within the console's page on behalf of the browser driver, and looks: arms an observer, waits, reads. The one thing
 * that it does is to put the focus where a key is about to be pressed.
 *
 * Each document has it from its beginning, under a symbol. One call does one thing, named by `task`; `css` maps the name
 * of each part of the page to its selector.
 */
Object.defineProperty(window, Symbol.for("technogate.look"), { configurable: true, value: async ({ task, css, region, focus, quietMs, limitMs }) => {
  const KEY = Symbol.for("technogate.probe");
  const WHOLE = { subtree: true, childList: true, attributes: true, characterData: true };
  const REGIONS = ["result", "audit", "memory"];
  const AUDIT_CELLS = ["timestamp", "action", "result", "state", "trace_id", "execution_id"];

  const one = (name, within = document) => within.querySelector(css[name]);
  const seen = (element) =>
    element !== null && element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";
  /** What a person sees of it: null when it is not there, "" when it is not visible. */
  const text = (element) => (element === null ? null : seen(element) ? element.innerText : "");
  const trimmed = (element) => text(element)?.trim() ?? null;
  const speaks = (name) => one(name)?.hasAttribute("aria-busy") ?? false;
  const busy = (name) => one(name)?.getAttribute("aria-busy") === "true";

  /** Wait until `holds`, at most so long; looks again after every change of the page. */
  const until = (holds, limit) =>
    new Promise((resolve) => {
      if (holds()) return resolve(true);
      const end = (held) => {
        observer.disconnect();
        clearTimeout(timer);
        resolve(held);
      };
      const observer = new MutationObserver(() => holds() && end(true));
      observer.observe(document, WHOLE);
      const timer = setTimeout(() => end(false), limit);
    });

  /** Wait until the page has not changed for so long. */
  const stillness = (quiet, limit) =>
    new Promise((resolve) => {
      const end = (still) => {
        observer.disconnect();
        clearTimeout(timer);
        clearTimeout(last);
        resolve(still);
      };
      let timer = setTimeout(() => end(true), quiet);
      const last = setTimeout(() => end(false), limit);
      const observer = new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(() => end(true), quiet);
      });
      observer.observe(document, WHOLE);
    });

  /** The reasons one by one where they are list items, else the words of the element. */
  const reasons = (element) => {
    if (element === null || !seen(element)) return text(element);
    const items = [...element.querySelectorAll("li")];
    const texts = items.length > 0 ? items.map((item) => item.innerText.trim()) : element.innerText.split(/[\s,;]+/);
    return texts.filter((word) => word !== "").join(" ");
  };

  const readers = {
    result: () => ({
      status: trimmed(one("status")),
      trace_id: trimmed(one("trace_id")),
      reason_codes: reasons(one("reasons")),
      message: trimmed(one("message")),
    }),
    memory: () => ({
      empty: seen(one("memory_empty")) ? "true" : null,
      command: trimmed(one("memory_command")),
      output: text(one("memory_output")),
      status: trimmed(one("memory_status")),
      timestamp: trimmed(one("memory_timestamp")),
    }),
    audit: () => ({
      empty: seen(one("audit_empty")) ? "true" : null,
      rows: [...document.querySelectorAll(css.audit_row)]
        .filter(seen)
        .map((row) => Object.fromEntries(AUDIT_CELLS.map((cell) => [cell, trimmed(one(`audit_${cell}`, row))]))),
    }),
  };

  /** Tag names of the elements within each part that shows an answer. */
  const markup = () => {
    const parts = ["status", "trace_id", "reasons", "message"];
    parts.push(...["command", "output", "status", "timestamp"].map((name) => `memory_${name}`));
    parts.push(...AUDIT_CELLS.map((cell) => `audit_${cell}`), "audit_empty");
    const tags = (name) =>
      [...document.querySelectorAll(css[name])].flatMap((part) =>
        [...part.querySelectorAll("*")].map((element) => element.localName),
      );
    return Object.fromEntries(parts.map((name) => [name, [...new Set(tags(name))].sort()]));
  };

  const atRest = () => !REGIONS.some(busy);

  const tasks = {
    /** Note from now on whether the region changes, and when the person presses; tells what there is to be pressed. */
    arm() {
      const old = window[KEY];
      old?.observer.disconnect();
      const armed = { touched: false, pressed: null, changed: null };
      armed.observer = new MutationObserver(() => {
        armed.touched = true;
        armed.changed = Date.now() / 1000;
      });
      const target = one(region);
      if (target !== null) armed.observer.observe(target, WHOLE);
      const press = () => (armed.pressed ??= Date.now() / 1000);
      for (const kind of ["click", "submit", "change"]) document.addEventListener(kind, press, { capture: true, once: true });
      Object.defineProperty(window, KEY, { value: armed, configurable: true, enumerable: false });
      const run = one("run");
      const goal = focus === "" ? null : one(focus);
      goal?.focus();
      return {
        disabled: run !== null && (run.disabled === true || run.getAttribute("aria-disabled") === "true"),
        focused: goal !== null && document.activeElement === goal,
        missing: Object.keys(css).filter((name) => one(name) === null),
        command: one("command")?.value ?? null,
        session: one("session")?.value ?? null,
        filter: one("audit_filter")?.value ?? null,
        options: [...(one("audit_filter")?.options ?? [])].map((option) => option.value),
        limit: one("audit_limit")?.value ?? null,
      };
    },
    /** As `idle`, and then as `arm`. */
    async begin() {
      return { ...(await tasks.idle()), ...tasks.arm() };
    },
    /** Wait until the region has reacted, as far as the page itself can tell. */
    async react() {
      const armed = window[KEY];
      const changed = () => armed === undefined || armed.touched;
      let still = true;
      if (speaks(region)) {
        if (busy(region) || changed() || (await until(changed, quietMs))) still = await until(() => !busy(region), limitMs);
      } else {
        still = await stillness(quietMs, limitMs);
      }
      const state = {
        spoke: speaks(region),
        touched: armed?.touched ?? false,
        busy: busy(region) || !still,
        pressed: armed?.pressed ?? null,
        // A page that is told by its stillness was done when it last changed.
        at: speaks(region) ? Date.now() / 1000 : (armed?.changed ?? Date.now() / 1000),
        parts: readers[region](),
      };
      // What the page does on account of it, such as reading a list again, has begun by its next turn.
      if (state.spoke && !state.busy) await new Promise((resolve) => setTimeout(resolve, 0));
      return { ...state, rested: state.spoke && !state.busy && (await until(atRest, Math.min(quietMs, limitMs))) };
    },
    /** Wait until no region is busy; for a page that does not say so, until it is still. */
    async idle() {
      if (!REGIONS.some(speaks)) return { spoke: false, idle: await stillness(quietMs, limitMs) };
      return { spoke: true, idle: await until(atRest, limitMs) };
    },
    expose() {
      const storage = {};
      for (const kind of ["localStorage", "sessionStorage"]) {
        for (const [name, value] of Object.entries(window[kind])) storage[`${kind}:${name}`] = value;
      }
      const values = [...document.querySelectorAll("input, textarea, select")].map((input) => input.value);
      return {
        storage,
        text: [document.body.innerText, ...values].join("\n"),
        html: document.documentElement.outerHTML,
        markup: markup(),
      };
    },
  };
  return tasks[task]();
} });
