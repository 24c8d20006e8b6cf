/**
 * Runs within the console's page for the browser driver: arms an observer, waits, reads. It changes nothing but the focus,
 * which it moves to where a key is about to be pressed, and the place that a list is scrolled to, for a while.
 *
 * Each document has it from its beginning in the gate's own world, under a symbol, after `page_parts.js`,
 * `page_requests.js` and `page_controls.js`. One call performs one `task`; `css` maps the name of each part of the page to its selector.
 */
Object.defineProperty(window, Symbol.for("technogate.probe_call"), { configurable: true, value: async ({ task, css, region, focus, quietMs, limitMs, effectMs, settleMs, again, sentOnly }) => {
  const KEY = Symbol.for("technogate.probe");
  const WATCH = Symbol.for("technogate.watch");
  const REGIONS = ["result", "audit", "memory"];
  const AUDIT_CELLS = ["timestamp", "action", "result", "state", "trace_id", "execution_id"];
  const PARTS = window[Symbol.for("technogate.parts")];
  const CONTROLS = window[Symbol.for("technogate.controls")];
  const { contains, isVisible, lettersOf, wordOf, nap, requests } = PARTS;

  if (!PARTS.shadows) PARTS.look();
  const find = (name, within = document) => PARTS.find(css[name], within);
  const findAll = (name) => PARTS.findAll(css[name]);
  const now = () => performance.timeOrigin + performance.now();
  /** The visible text of an element: null without an element, "" when it is not visible. */
  const text = (element) => (element === null ? null : isVisible(element) ? lettersOf(element) : "");
  const trimmed = (element) => text(element)?.trim() ?? null;
  const word = (element) => (element === null ? null : isVisible(element) ? wordOf(element).trim() : "");
  const reportsBusy = (name) => find(name)?.hasAttribute("aria-busy") ?? false;
  const busy = (name) => find(name)?.getAttribute("aria-busy") === "true";
  const isDisabled = (element) =>
    element !== null && (element.disabled === true || element.matches(":disabled") || element.closest("[aria-disabled=true], [inert]") !== null);

  /** Wait until `holds`, at most `limit` milliseconds; checks again after every change of the page. */
  const until = async (holds, limit) => {
    if (holds()) return true;
    const end = PARTS.observe(PARTS.nudge);
    const deadline = now() + limit;
    try {
      for (let left = limit; left > 0; left = deadline - now()) {
        await nap(left);
        if (holds()) return true;
      }
      return false;
    } finally {
      end();
    }
  };

  /** Wait until the page has not changed for `quiet` milliseconds and no request is open, at most `limit`. */
  const unchanged = async (quiet, limit) => {
    let last = now();
    const deadline = last + limit;
    const end = PARTS.observe(() => (last = now()));
    try {
      for (;;) {
        const open = requests.open.size > 0;
        const wait = Math.max(last, requests.ended, requests.times.at(-1) ?? 0) + quiet - now();
        if (!open && wait <= 0) return true;
        const left = deadline - now();
        if (left <= 0) return false;
        await nap(Math.min(open ? left : wait, left));
      }
    } finally {
      end();
    }
  };

  /** The reason codes: of list items where there are any, else the words of the element. */
  const reasons = (element) => {
    if (element === null || !isVisible(element)) return text(element);
    const items = [...element.querySelectorAll("li")];
    const texts = items.length > 0 ? items.map((item) => lettersOf(item).trim()) : lettersOf(element).split(/[\s,;]+/);
    return texts.filter((word) => word !== "").join(" ");
  };

  const rowOf = (row) =>
    Object.fromEntries(AUDIT_CELLS.map((cell) => [cell, (cell === "state" ? word : trimmed)(find(`audit_${cell}`, row))]));

  const readers = {
    result: () => ({
      status: word(find("status")),
      trace_id: trimmed(find("trace_id")),
      reason_codes: reasons(find("reasons")),
      message: trimmed(find("message")),
    }),
    memory: () => ({
      empty: isVisible(find("memory_empty")) ? "true" : null,
      command: trimmed(find("memory_command")),
      output: text(find("memory_output")),
      status: word(find("memory_status")),
      timestamp: trimmed(find("memory_timestamp")),
    }),
    audit: () => ({
      empty: isVisible(find("audit_empty")) ? "true" : null,
      rows: findAll("audit_row").filter(isVisible).map(rowOf),
    }),
  };

  /** Tag names of the elements within each part that shows a response. */
  const markup = () => {
    const parts = ["status", "trace_id", "reasons", "message"];
    parts.push(...["command", "output", "status", "timestamp"].map((name) => `memory_${name}`));
    parts.push(...AUDIT_CELLS.map((cell) => `audit_${cell}`), "audit_empty");
    const tags = (name) =>
      findAll(name).flatMap((part) =>
        [...part.querySelectorAll("*")].map((element) => element.localName),
      );
    return Object.fromEntries(parts.map((name) => [name, [...new Set(tags(name))].sort()]));
  };

  const allIdle = () => !REGIONS.some(busy);

  // ---- the reaction of a region to a press ----

  /** End the observation that `arm` began; returns how late the region changed after it was read, in milliseconds. */
  const disarm = () => {
    const old = window[KEY];
    old?.end();
    const isLate = old !== undefined && old.readAt > 0 && old.changedAt > old.readAt && requests.times.length === old.begunAtRead;
    return isLate ? old.changedAt - Math.max(old.pressedAt, requests.ended) : 0;
  };
  const openSince = (armed) => [...requests.open].some((number) => number >= armed.begun);
  const isSent = (armed) => requests.times.length > armed.begun;
  const isAnswered = (armed) => armed.pressed !== null && requests.openWrites.size === 0;
  /** Keep a result that is shown for a short time only. */
  const keepShown = (armed) => {
    if (!find("status")?.textContent) return;
    const parts = readers.result();
    if (parts.status) armed.shown = { parts, writes: requests.writes };
  };
  /**
   * Wait until the region has reacted to what was done since `arm`: a request that belongs to it is answered, and what came
   * of the answer is shown. A page that shows something once it has the answer is not waited for as long as one that shows
   * nothing more. False when that takes too long.
   */
  const settled = async (armed, called) => {
    const isEffect = () => (armed.touched && !sentOnly) || (region === "result" ? requests.writes > armed.writes : isSent(armed));
    for (;;) {
      let wait = Infinity;
      if (!openSince(armed)) {
        const answered = Math.max(isSent(armed) ? requests.ended : 0, again ? called : 0);
        const kind = answered > 0 ? requests.kind : "none";
        const quiet = armed.changedAt > 0 && armed.changedAt >= answered ? (settleMs[kind] ?? quietMs) : quietMs;
        wait = isEffect() ? Math.max(armed.changedAt, answered) + quiet - now() : called + effectMs - now();
        if (wait <= 0) return true;
      }
      const left = called + limitMs - now();
      if (left <= 0) return false;
      await nap(Math.min(wait, left));
    }
  };

  // ---- a list that has rows only for what is in view ----

  const heightOf = (row) => row.getBoundingClientRect().height;
  const scrollerOf = (row) => {
    for (let at = row.parentElement; at !== null; at = at.parentElement ?? at.getRootNode().host ?? null)
      if (at.scrollHeight > at.clientHeight + 4 && /auto|scroll|overlay/.test(getComputedStyle(at).overflowY)) return at;
    return null;
  };
  /** Every row: those in view, and those that come into view when the list is scrolled to its end. */
  const allRows = async (shown) => {
    const rows = findAll("audit_row").filter(isVisible);
    const scroller = rows.length < 3 ? null : scrollerOf(rows[0]);
    const drawn = rows.reduce((sum, row) => sum + heightOf(row), 0);
    if (scroller === null || scroller.scrollHeight - drawn < (3 * drawn) / rows.length) return shown;
    const found = new Map();
    const take = () => {
      const top = scroller.getBoundingClientRect().top - scroller.scrollTop;
      for (const row of findAll("audit_row").filter(isVisible)) {
        const place = Math.round(row.getBoundingClientRect().top - top);
        const key = row.getAttribute("aria-rowindex") ?? row.dataset.index ?? place;
        if (!found.has(key)) found.set(key, { place, row: rowOf(row) });
      }
    };
    const frames = async () => {
      for (let frame = 0; frame < 2; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    };
    const back = scroller.scrollTop;
    const deadline = now() + 10_000;
    scroller.scrollTop = 0;
    await frames();
    take();
    while (scroller.scrollTop + scroller.clientHeight < scroller.scrollHeight - 1 && now() < deadline) {
      const before = scroller.scrollTop;
      scroller.scrollTop = before + Math.max(20, scroller.clientHeight * 0.8);
      await frames();
      take();
      if (scroller.scrollTop === before) break;
    }
    scroller.scrollTop = back;
    await frames();
    return [...found.values()].sort((one, other) => one.place - other.place).map(({ row }) => row);
  };

  // ---- what is shown between a press and the response ----

  /** What shows other things than the result of a command: lists of old ones, and what a person enters. */
  const elsewhere = () => {
    const parts = Object.keys(css).filter((name) => /^(audit|memory)(_|$)/.test(name) && !/_(action|timestamp|result|state|trace_id|execution_id)$/.test(name));
    const within = parts.map((name) => css[name].split(">>>").at(-1).trim()).filter((selector) => selector !== "");
    return [...within, "input, textarea, select, datalist, script, style, template, noscript"].join(", ");
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
    const announced = PARTS.roots().flatMap((root) => [...root.querySelectorAll("[role=alert], [role=status], [aria-live], dialog[open]")]);
    const roots = [find(region), find("status"), ...announced];
    const outer = roots.filter((root) => root !== null && !roots.some((other) => other !== null && other !== root && contains(other, root)));
    const words = [];
    const visit = (element) => {
      if (element.matches(skipped) || (element.childElementCount === 0 && !isDrawn(element))) return;
      words.push(...addedText(element));
      for (const child of [...element.childNodes, ...(element.shadowRoot?.childNodes ?? [])]) {
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
    const top = element.getRootNode().elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return {
      opacity: opacityOf(element),
      style: [color, filter, textDecorationLine, ...filters].join(" "),
      covered: top !== null && !contains(top, element) && !contains(element, top) && !(find(region) !== null && contains(find(region), top)),
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

  /** Whether a row of the list has a part: a frame or a shadow tree may hold the rows, and its selector says no more. */
  const inRow = (name) =>
    name.startsWith("audit_") && findAll("audit_row").some((row) => find(name, row) !== null);

  const tasks = {
    /** Observe from now on whether the region changes and when a button is pressed; returns the parts of the page. */
    arm() {
      const late = disarm();
      // Times in seconds are the clock's; those that end in "At" are in milliseconds, and more exact.
      const times = { pressed: null, pressedAt: 0, changed: null, changedAt: 0, firstAt: 0, readAt: 0 };
      const armed = { ...times, touched: false, clicked: false, begun: requests.times.length, writes: requests.writes, shown: null };
      let before = find(region);
      armed.end = PARTS.observe((records) => {
        const part = find(region);
        const within = (node) => (part !== null && contains(part, node)) || (before !== null && contains(before, node));
        if (part === before && !records.some(({ target }) => within(target))) return PARTS.nudge();
        before = part;
        armed.touched = true;
        armed.changed = Date.now() / 1000;
        armed.changedAt = now();
        armed.firstAt ||= armed.changedAt;
        if (region === "result" && isAnswered(armed)) keepShown(armed);
        PARTS.nudge();
      });
      const press = ({ type }) => {
        armed.clicked ||= type !== "change";
        armed.pressed ??= Date.now() / 1000;
        armed.pressedAt ||= now();
      };
      for (const root of PARTS.roots())
        for (const kind of ["click", "submit", "change"]) root.addEventListener(kind, press, { capture: true, once: true });
      Object.defineProperty(window, KEY, { value: armed, configurable: true, enumerable: false });
      const part = focus === "" ? null : find(focus);
      const goal = part !== null && focus === "command" ? CONTROLS.element("target", part) : part;
      goal?.focus();
      const controls = Object.fromEntries(["command", "session", "audit_filter", "audit_limit"].map((name) => [name, CONTROLS.describe(find(name))]));
      return {
        late,
        controls,
        disabled: isDisabled(find("run")),
        focused: goal !== null && goal.getRootNode().activeElement === goal,
        missing: Object.keys(css).filter((name) => find(name) === null && !inRow(name)),
      };
    },
    /** As `idle`, and then as `arm`. */
    async begin() {
      return { ...(await tasks.idle()), ...tasks.arm() };
    },
    /** Wait until the command can be run, at most `limitMs` after the last answer of a request; then as `arm`. */
    async enable() {
      const started = now();
      const enabled = () => !isDisabled(find("run"));
      for (;;) {
        const left = Math.max(started, requests.ended) + limitMs - now();
        if (enabled() || (requests.open.size === 0 && left <= 0) || now() - started > 8 * limitMs) break;
        await until(enabled, requests.open.size > 0 ? limitMs : left);
      }
      return { ...tasks.arm(), waited_s: (now() - started) / 1000 };
    },
    /** Wait until the region has reacted, as far as the page itself shows that. */
    async react() {
      const armed = window[KEY];
      const called = now();
      const reports = reportsBusy(region);
      const changed = () => armed === undefined || (sentOnly ? isSent(armed) : armed.touched);
      let quiet = true;
      if (reports) {
        if (busy(region) || changed() || (await until(changed, effectMs))) quiet = await until(() => !busy(region), limitMs);
      } else {
        quiet = await settled(armed ?? { touched: true, changedAt: 0, begun: 0, writes: 0 }, called);
      }
      const sent = armed === undefined ? undefined : requests.times[armed.begun];
      const ended = sent === undefined ? 0 : requests.ended;
      if (armed !== undefined) [armed.readAt, armed.begunAtRead] = [now(), requests.times.length];
      const state = {
        reports_busy: reports,
        touched: armed?.touched ?? false,
        busy: busy(region) || !quiet,
        pressed: armed?.pressed ?? null,
        clicked: armed?.clicked ?? false,
        same_document: armed !== undefined,
        // A page without aria-busy was complete when it last changed.
        at: reports ? Date.now() / 1000 : (armed?.changed ?? Date.now() / 1000),
        parts: readers[region](),
        kind: ended > 0 ? requests.kind : "none",
        // How long after the answer the region changed for the last time, and how long after the press anything happened.
        late: ended > 0 ? Math.max(0, armed.changedAt - ended) : 0,
        effect: armed?.pressedAt ? Math.max(0, Math.min(armed.firstAt || Infinity, sent ?? Infinity) - armed.pressedAt) : null,
      };
      if (region === "result" && !state.parts.status && armed?.shown?.writes === requests.writes) state.parts = armed.shown.parts;
      if (region === "audit" && quiet && !state.busy) state.parts.rows = await allRows(state.parts.rows);
      // What the page does next, such as reading a list again, has begun by the next turn of its event loop.
      if (!state.busy) await new Promise((resolve) => setTimeout(resolve, 0));
      const idle = reports ? !state.busy && (await until(allIdle, Math.min(quietMs, limitMs))) : !state.busy && requests.open.size === 0;
      return { ...state, all_idle: idle };
    },
    /** Whether a part of the page says whether it is busy. */
    reports_busy() {
      return REGIONS.some(reportsBusy);
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
      const unobserve = PARTS.observe(() => turn.port2.postMessage(null));
      const frame = () => {
        if (watch.ended) return;
        take(watch, true);
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      watch.end = () => {
        watch.ended = true;
        unobserve();
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
    bodies() {
      return PARTS.bodies.splice(0);
    },
    /** When the region changed for the last time since `arm`, null where it did not. */
    changed() {
      return window[KEY]?.changed ?? null;
    },
    expose() {
      const storage = {};
      for (const kind of ["localStorage", "sessionStorage"]) {
        const stored = window[kind];
        // By number: `Object.keys` leaves out a name such as `key`, which is a method of the storage.
        for (let at = 0; at < stored.length; at++) storage[`${kind}:${stored.key(at)}`] = stored.getItem(stored.key(at));
      }
      const roots = PARTS.roots();
      const values = roots.flatMap((root) => [...root.querySelectorAll("input, textarea, select")]).map((input) => input.value);
      const within = roots.filter((root) => root !== document);
      const texts = within.flatMap((root) => (root.body ? [root.body] : [...root.children])).map((part) => part.innerText ?? "");
      return {
        storage,
        text: [document.body.innerText, ...texts, ...values].join("\n"),
        html: [document.documentElement.outerHTML, ...within.map((root) => root.documentElement?.outerHTML ?? root.innerHTML)].join("\n"),
        markup: markup(),
      };
    },
  };
  return tasks[task]();
} });
