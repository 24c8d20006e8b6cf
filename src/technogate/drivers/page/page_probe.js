/**
 * Runs within the console's page for the browser driver: arms an observer, waits, reads. It changes nothing but the focus,
 * which it moves to where a key is about to be pressed; `leave` alone makes the page believe that it is left.
 *
 * Each document has it from its beginning, under a symbol. One call performs one `task`; `css` maps the name of each part
 * of the page to its selector.
 */
Object.defineProperty(window, Symbol.for("technogate.probe_call"), { configurable: true, value: async ({ task, css, region, focus, quietMs, limitMs }) => {
  const KEY = Symbol.for("technogate.probe");
  const WATCH = Symbol.for("technogate.watch");
  const BODIES = Symbol.for("technogate.bodies");
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

  // ---- what is shown between a press and the response ----

  /** What shows other things than the result of a command: lists of old ones, and what a person enters. */
  const elsewhere = () => {
    const parts = Object.keys(css).filter((name) => /^(audit|memory)(_|$)/.test(name) && !/_(action|timestamp|result|state|trace_id|execution_id)$/.test(name));
    return [...parts.map((name) => css[name]), "input, textarea, select, datalist, script, style, template, noscript"].join(", ");
  };
  const opacityOf = (element) => {
    let product = 1;
    for (let at = element; at !== null; at = at.parentElement) product *= Number(getComputedStyle(at).opacity);
    return product;
  };
  const isDrawn = (element) => isVisible(element) && opacityOf(element) > 0.05;
  /** Text that a style sheet adds, and names for those who do not see the page. */
  const addedText = (element) =>
    [
      ...["::before", "::after"].map((side) => /^"(.*)"$/s.exec(getComputedStyle(element, side).content)?.[1] ?? ""),
      element.getAttribute("aria-label") ?? "",
      element.getAttribute("title") ?? "",
      element.getAttribute("alt") ?? "",
    ].filter((words) => words !== "");
  /** All that the result's region and the page's announcements say about commands. */
  const said = () => {
    const skipped = elsewhere();
    const roots = [find(region), find("status"), ...document.querySelectorAll("[role=alert], [role=status], [aria-live], dialog[open]")];
    const outer = roots.filter((root) => root !== null && !roots.some((other) => other !== root && other?.contains(root)));
    const words = [];
    const visit = (element) => {
      if (element.matches(skipped) || (element.childElementCount === 0 && !isDrawn(element))) return;
      words.push(...addedText(element));
      for (const child of element.childNodes) {
        if (child.nodeType === Node.ELEMENT_NODE) visit(child);
        else if (child.nodeType === Node.TEXT_NODE && child.data.trim() !== "" && isDrawn(element)) words.push(child.data.trim());
      }
    };
    for (const root of new Set(outer)) if (root.closest(skipped) === null) visit(root);
    return words.join("\n");
  };
  /** How the status is drawn: a page may dim or cover a result that is not the newest command's. */
  const look = (element) => {
    if (element === null || !isVisible(element)) return { opacity: 0, style: "", covered: false };
    const { color, filter, textDecorationLine } = getComputedStyle(element);
    const filters = [];
    for (let at = element; at !== null; at = at.parentElement) filters.push(getComputedStyle(at).filter);
    const box = element.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return {
      opacity: opacityOf(element),
      style: [color, filter, textDecorationLine, ...filters].join(" "),
      covered: top !== null && !top.contains(element) && !element.contains(top) && find(region)?.contains(top) !== true,
    };
  };
  const display = () => {
    const drawn = opacityOf(find("status")) > 0.05;
    return { ...readers.result(), ...(drawn ? {} : { status: "" }), ...look(find("status")), text: said() };
  };
  /** Take what is shown now: as it was before, or another state that begins now. */
  const take = (watch, frame) => {
    const now = Date.now() / 1000;
    const shown = display();
    const same = JSON.stringify(shown);
    if (watch.last !== same) {
      watch.last = same;
      if (watch.displays.length > 0) watch.displays.at(-1).until = now;
      watch.displays.push({ ...shown, at: now, until: now, frames: [] });
    }
    const current = watch.displays.at(-1);
    current.until = now;
    if (frame) current.frames.push(now);
  };

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
    /**
     * Record from now on every state of the result that outlives one turn of the event loop: after each change of the
     * page, and in each frame, for what a style sheet alone changes. Returns the present one.
     */
    watch() {
      window[WATCH]?.end();
      const watch = { displays: [], last: "", ended: false };
      const turn = new MessageChannel();
      turn.port1.onmessage = () => watch.ended || take(watch, false);
      const observer = new MutationObserver(() => turn.port2.postMessage(null));
      observer.observe(document, WHOLE);
      const frame = () => {
        if (watch.ended) return;
        take(watch, true);
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      watch.end = () => {
        watch.ended = true;
        observer.disconnect();
        turn.port1.close();
      };
      Object.defineProperty(window, WATCH, { value: watch, configurable: true, enumerable: false });
      take(watch, false);
      return watch.displays[0];
    },
    /** What was recorded since `watch`, after `quietMs` more and a few frames; null when this document records nothing. */
    async watched() {
      const watch = window[WATCH];
      if (watch === undefined) return null;
      const enough = new Promise((resolve) => {
        let frames = 0;
        const frame = () => (++frames < 6 ? requestAnimationFrame(frame) : resolve());
        requestAnimationFrame(frame);
      });
      const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
      await Promise.all([pause(quietMs), Promise.race([enough, pause(limitMs)])]);
      take(watch, false);
      watch.end();
      delete window[WATCH];
      return watch.displays;
    },
    /** What the page's script has sent as Blob or form, which the browser does not report: address and text of each. */
    async bodies() {
      return Promise.all((window[BODIES] ?? []).splice(0));
    },
    /** Make the page believe that it is hidden and left, as when its tab is closed: then it sends its last reports. */
    leave() {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
      Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      window.dispatchEvent(new PageTransitionEvent("pagehide"));
      window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
      window.dispatchEvent(new Event("unload"));
    },
    expose() {
      const storage = {};
      for (const kind of ["localStorage", "sessionStorage"]) {
        const stored = window[kind];
        // By number: `Object.keys` leaves out a name such as `key`, which is a method of the storage.
        for (let at = 0; at < stored.length; at++) storage[`${kind}:${stored.key(at)}`] = stored.getItem(stored.key(at));
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

/**
 * Keeps what the page's script sends as Blob or form: the browser reports such a request without its body. Texts and bytes
 * it reports itself.
 */
(() => {
  const BODIES = Symbol.for("technogate.bodies");
  const sent = [];
  Object.defineProperty(window, BODIES, { value: sent, configurable: true });
  const textOf = async (body) => {
    if (body instanceof Blob) return body.text();
    const parts = await Promise.all([...body].map(async ([name, value]) => [name, typeof value === "string" ? value : await value.text()]));
    return parts.map(([name, value]) => `${name}=${value}`).join("\n");
  };
  const keep = (method, url, body) => {
    if (!(body instanceof Blob || body instanceof FormData)) return;
    const address = new URL(url, document.baseURI).href;
    sent.push(textOf(body).then((text) => ({ method, url: address, text })));
  };
  const kept = (method, url, body) => {
    try {
      keep(method, url, body);
    } catch {
      // The browser's own function is called next, and reports what is wrong with its arguments.
    }
  };
  const { sendBeacon } = Navigator.prototype;
  Navigator.prototype.sendBeacon = function (url, body) {
    kept("POST", url, body);
    return sendBeacon.apply(this, arguments);
  };
  const { fetch: nativeFetch } = window;
  window.fetch = function (input, init) {
    if (init?.body) kept(init.method ?? "POST", input instanceof Request ? input.url : input, init.body);
    return nativeFetch.apply(this, arguments);
  };
  const { open, send } = XMLHttpRequest.prototype;
  const opened = new WeakMap();
  XMLHttpRequest.prototype.open = function (method, url) {
    opened.set(this, [method, url]);
    return open.apply(this, arguments);
  };
  XMLHttpRequest.prototype.send = function (body) {
    kept(...(opened.get(this) ?? ["POST", ""]), body);
    return send.apply(this, arguments);
  };
})();
