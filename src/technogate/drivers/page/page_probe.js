/**
 * Runs within the console's page for the browser driver: arms an observer, waits, reads. It changes nothing but the focus,
 * which it moves to where a key is about to be pressed.
 *
 * Each document has it from its beginning, under a symbol. One call performs one `task`; `css` maps the name of each part
 * of the page to its selector.
 */
Object.defineProperty(window, Symbol.for("technogate.probe_call"), { configurable: true, value: async ({ task, css, region, focus, quietMs, limitMs }) => {
  const KEY = Symbol.for("technogate.probe");
  const WHOLE = { subtree: true, childList: true, attributes: true, characterData: true };
  const REGIONS = ["result", "audit", "memory"];
  const AUDIT_CELLS = ["timestamp", "action", "result", "state", "trace_id", "execution_id"];

  const find = (name, within = document) => within.querySelector(css[name]);
  const isVisible = (element) =>
    element !== null && element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";
  /** The visible text of an element: null without an element, "" when it is not visible. */
  const text = (element) => (element === null ? null : isVisible(element) ? element.innerText : "");
  const trimmed = (element) => text(element)?.trim() ?? null;
  const reportsBusy = (name) => find(name)?.hasAttribute("aria-busy") ?? false;
  const busy = (name) => find(name)?.getAttribute("aria-busy") === "true";

  /** Wait until `holds`, at most `limit` milliseconds; checks again after every change of the page. */
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

  /** Wait until the page has not changed for `quiet` milliseconds, at most `limit`. */
  const unchanged = (quiet, limit) =>
    new Promise((resolve) => {
      const end = (quietly) => {
        observer.disconnect();
        clearTimeout(timer);
        clearTimeout(last);
        resolve(quietly);
      };
      let timer = setTimeout(() => end(true), quiet);
      const last = setTimeout(() => end(false), limit);
      const observer = new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(() => end(true), quiet);
      });
      observer.observe(document, WHOLE);
    });

  /** The reason codes: of list items where there are any, else the words of the element. */
  const reasons = (element) => {
    if (element === null || !isVisible(element)) return text(element);
    const items = [...element.querySelectorAll("li")];
    const texts = items.length > 0 ? items.map((item) => item.innerText.trim()) : element.innerText.split(/[\s,;]+/);
    return texts.filter((word) => word !== "").join(" ");
  };

  const readers = {
    result: () => ({
      status: trimmed(find("status")),
      trace_id: trimmed(find("trace_id")),
      reason_codes: reasons(find("reasons")),
      message: trimmed(find("message")),
    }),
    memory: () => ({
      empty: isVisible(find("memory_empty")) ? "true" : null,
      command: trimmed(find("memory_command")),
      output: text(find("memory_output")),
      status: trimmed(find("memory_status")),
      timestamp: trimmed(find("memory_timestamp")),
    }),
    audit: () => ({
      empty: isVisible(find("audit_empty")) ? "true" : null,
      rows: [...document.querySelectorAll(css.audit_row)]
        .filter(isVisible)
        .map((row) => Object.fromEntries(AUDIT_CELLS.map((cell) => [cell, trimmed(find(`audit_${cell}`, row))]))),
    }),
  };

  /** Tag names of the elements within each part that shows a response. */
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

  const allIdle = () => !REGIONS.some(busy);

  const tasks = {
    /** Observe from now on whether the region changes and when a button is pressed; returns the parts of the page. */
    arm() {
      const old = window[KEY];
      old?.observer.disconnect();
      const armed = { touched: false, pressed: null, changed: null };
      armed.observer = new MutationObserver(() => {
        armed.touched = true;
        armed.changed = Date.now() / 1000;
      });
      const target = find(region);
      if (target !== null) armed.observer.observe(target, WHOLE);
      const press = () => (armed.pressed ??= Date.now() / 1000);
      for (const kind of ["click", "submit", "change"]) document.addEventListener(kind, press, { capture: true, once: true });
      Object.defineProperty(window, KEY, { value: armed, configurable: true, enumerable: false });
      const run = find("run");
      const goal = focus === "" ? null : find(focus);
      goal?.focus();
      return {
        disabled: run !== null && (run.disabled === true || run.getAttribute("aria-disabled") === "true"),
        focused: goal !== null && document.activeElement === goal,
        missing: Object.keys(css).filter((name) => find(name) === null),
        command: find("command")?.value ?? null,
        session: find("session")?.value ?? null,
        filter: find("audit_filter")?.value ?? null,
        options: [...(find("audit_filter")?.options ?? [])].map((option) => option.value),
        limit: find("audit_limit")?.value ?? null,
      };
    },
    /** As `idle`, and then as `arm`. */
    async begin() {
      return { ...(await tasks.idle()), ...tasks.arm() };
    },
    /** Wait until the region has reacted, as far as the page itself shows that. */
    async react() {
      const armed = window[KEY];
      const changed = () => armed === undefined || armed.touched;
      let quiet = true;
      if (reportsBusy(region)) {
        if (busy(region) || changed() || (await until(changed, quietMs))) quiet = await until(() => !busy(region), limitMs);
      } else {
        quiet = await unchanged(quietMs, limitMs);
      }
      const state = {
        reports_busy: reportsBusy(region),
        touched: armed?.touched ?? false,
        busy: busy(region) || !quiet,
        pressed: armed?.pressed ?? null,
        // A page without aria-busy was complete when it last changed.
        at: reportsBusy(region) ? Date.now() / 1000 : (armed?.changed ?? Date.now() / 1000),
        parts: readers[region](),
      };
      // What the page does next, such as reading a list again, has begun by the next turn of its event loop.
      if (state.reports_busy && !state.busy) await new Promise((resolve) => setTimeout(resolve, 0));
      return { ...state, all_idle: state.reports_busy && !state.busy && (await until(allIdle, Math.min(quietMs, limitMs))) };
    },
    /** Wait until no region is busy; for a page without aria-busy, until it does not change any more. */
    async idle() {
      if (!REGIONS.some(reportsBusy)) return { reports_busy: false, idle: await unchanged(quietMs, limitMs) };
      return { reports_busy: true, idle: await until(allIdle, limitMs) };
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
