/**
 * Runs within a console's page for `technogate init`: lists its controls, finds known values in it, and names each element by
 * a selector that is unique and does not look generated. It changes nothing.
 *
 * A selector pierces open shadow roots and frames of the same origin, each step separated by ` >>> `.
 */
async (request) => {
  const PIERCE = " >>> ";
  const TEST_IDS = ["data-testid", "data-test-id", "data-test", "data-cy", "data-qa"];
  const GENERATED = /\d{3,}|^:|^[«_]r_?[0-9a-z]+[_»]$|^[sc]\d+$|^(css|sc|svelte|radix|mui|headlessui|emotion|ng|v|jss)-|_[A-Za-z]+_[a-z0-9]{5,}_\d|__(?=[A-Za-z0-9]*[A-Z0-9])[A-Za-z0-9]{5,}$|^[a-z0-9]{12,}$|[A-Z][a-z]?\d[A-Za-z]/;
  const CONTROLS = "input, textarea, select, button, a[href], [contenteditable]:not([contenteditable=false]), [role=textbox], [role=button], [role=combobox], [role=listbox], [role=tab], [role=searchbox], [role=spinbutton], [role=radiogroup]";
  const DIALOG = "dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]";
  /** One of several that exclude each other, and at least how many make a choice. */
  const TOGGLE = "[aria-pressed], [role=radio], [aria-checked]", LEAST = 3;
  const SILENT = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT", "OPTION", "SELECT", "DATALIST", "HEAD", "META", "LINK", "TITLE", "TEXTAREA", "INPUT"]);

  /** The roots of the page: its document, open shadow roots, and documents of frames that may be read. */
  const roots = () => {
    const found = [document];
    for (let at = 0; at < found.length; at += 1) {
      for (const element of found[at].querySelectorAll("*")) {
        if (element.shadowRoot) found.push(element.shadowRoot);
        if (element.localName === "iframe") {
          try {
            if (element.contentDocument) found.push(element.contentDocument);
          } catch {
            // A frame of another origin cannot be read: it has no part that could be driven from here.
          }
        }
      }
    }
    return found;
  };
  const every = (css) => roots().flatMap((root) => [...root.querySelectorAll(css)]);
  const visible = (element) => {
    const style = element.ownerDocument.defaultView.getComputedStyle(element);
    return element.getClientRects().length > 0 && style.visibility !== "hidden";
  };
  const shown = (element) => (visible(element) ? (element.innerText ?? element.textContent ?? "") : "").trim();
  const quoted = (text) => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const steady = (text) => text !== "" && text.length < 60 && !GENERATED.test(text);

  /** The classes of an element that look chosen: where a library has made one of them, the short ones beside it are its too. */
  const classesOf = (element) => {
    const made = [...element.classList].some((name) => /^(css|sc|emotion|jss|svelte)-/.test(name));
    return [...element.classList].filter((name) => steady(name) && !(made && /^[A-Za-z]{4,8}$/.test(name)));
  };

  /** Simple selectors of an element, the most telling first. */
  const own = (element) => {
    const tag = element.localName;
    const found = TEST_IDS.filter((name) => element.getAttribute(name)).map((name) => `[${name}=${quoted(element.getAttribute(name))}]`);
    if (steady(element.id)) found.push(`#${CSS.escape(element.id)}`);
    for (const name of ["name", "data-field", "data-part", "data-role", "itemprop", "aria-label", "placeholder", "title"]) {
      const value = element.getAttribute(name);
      if (value && value.length < 80 && !/\n/.test(value)) found.push(`${tag}[${name}=${quoted(value)}]`);
    }
    for (const name of classesOf(element)) found.push(`.${CSS.escape(name)}`, `${tag}.${CSS.escape(name)}`);
    if (element.getAttribute("role")) found.push(`${tag}[role=${quoted(element.getAttribute("role"))}]`);
    if (element.getAttribute("aria-live")) found.push(`[aria-live=${quoted(element.getAttribute("aria-live"))}]`);
    if (tag === "input" && element.getAttribute("type")) found.push(`input[type=${quoted(element.getAttribute("type"))}]`);
    if (tag.includes("-") || ["main", "form", "table", "output", "select", "textarea", "button", "aside", "pre", "time"].includes(tag)) found.push(tag);
    return found;
  };
  const only = (root, css, element) => {
    try {
      const all = root.querySelectorAll(css);
      return all.length === 1 && all[0] === element;
    } catch {
      return false; // what a page has in an attribute need not be a selector
    }
  };
  /** Every element within another, also in open shadow trees; whether a selector finds one element alone in there. */
  const shadows = (element) => [element, ...element.querySelectorAll("*")].map((one) => one.shadowRoot ?? null).filter(Boolean);
  const deep = (scope) => [...scope.querySelectorAll("*"), ...shadows(scope).flatMap(deep)];
  const onlyWithin = (scope, css, element) => {
    if (only(scope, css, element)) return true;
    try {
      if (scope.querySelector(css) !== null) return false;
    } catch {
      return false;
    }
    const found = shadows(scope).flatMap((root) => [...root.querySelectorAll(css)]);
    return found.length === 1 && found[0] === element;
  };
  const place = (element) => {
    const siblings = [...(element.parentNode?.children ?? [])];
    const same = siblings.filter((one) => one.localName === element.localName);
    return same.length === 1 ? element.localName : `${element.localName}:nth-of-type(${same.indexOf(element) + 1})`;
  };

  /** A selector that is unique within `root`, which holds the element; `within` stops the path at an element. */
  const inRoot = (element, root) => {
    for (const css of own(element)) if (only(root, css, element)) return css;
    let path = "";
    for (let at = element; at !== null && at !== root; at = at.parentElement) {
      for (const css of at === element ? [] : own(at)) {
        if (only(root, `${css} > ${path}`, element)) return `${css} > ${path}`;
        for (const last of own(element)) if (only(root, `${css} ${last}`, element)) return `${css} ${last}`;
      }
      path = path ? `${place(at)} > ${path}` : place(at);
      if (only(root, path, element) && at !== element) return path;
      if (at === root.documentElement || at === root.body) break;
    }
    return path;
  };
  const selectorOf = (element) => {
    const root = element.getRootNode();
    const inner = inRoot(element, root);
    if (root === document) return inner;
    const host = root.host ?? root.defaultView?.frameElement;
    return host ? selectorOf(host) + PIERCE + inner : inner;
  };
  const resolve = (selector) => {
    let root = document;
    const steps = selector.split(PIERCE);
    for (const [at, step] of steps.entries()) {
      const element = root?.querySelector(step) ?? null;
      if (element === null || at === steps.length - 1) return element;
      root = element.shadowRoot ?? element.contentDocument;
    }
    return null;
  };

  /** The element around another, also out of a shadow root or a frame; whether one is within another; all the text in one. */
  const above = (element) => element.parentElement ?? element.getRootNode().host ?? element.ownerDocument.defaultView?.frameElement ?? null;
  const holds = (outer, inner) => {
    for (let at = inner; at !== null; at = above(at)) if (at === outer) return true;
    return false;
  };
  const allText = (element) => {
    return [element.textContent, ...shadows(element).flatMap((root) => [...root.children].map(allText))].join(" ");
  };
  const smallestWith = (elements) => {
    let at = elements[0] ?? null;
    while (at !== null && !elements.every((element) => holds(at, element))) at = above(at);
    return at;
  };

  /** What a person would call a control. */
  const labelOf = (element) => {
    const root = element.getRootNode();
    const labelled = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).map((id) => id && root.getElementById?.(id)?.textContent);
    const labels = [...(element.labels ?? [])].map((label) => label.textContent);
    const before = /input|select|textarea/.test(element.localName) && labels.length === 0 && element.previousElementSibling?.localName === "label" ? element.previousElementSibling.textContent : "";
    const words = [element.getAttribute("aria-label"), ...labelled, ...labels, before, element.getAttribute("placeholder"), element.getAttribute("title")];
    if (/^(button|a)$/.test(element.localName) || /button|tab/.test(element.getAttribute("role") ?? "")) words.push(element.textContent);
    if (element.localName === "input" && /submit|button/.test(element.type)) words.push(element.value);
    return words.filter(Boolean).join(" ").replace(/\s+/g, " ").trim().slice(0, 120);
  };
  const kindOf = (element) => {
    const role = element.getAttribute("role");
    if (role === "tab") return "tab";
    if (role === "combobox" && element.localName !== "input") return "combobox";
    if (role === "listbox" || role === "radiogroup") return role;
    if (element.localName !== "input" && /^(listbox|menu|true)$/.test(element.getAttribute("aria-haspopup") ?? "")) return "combobox";
    if (element.matches(TOGGLE)) return "toggle";
    if (element.localName === "select") return "select";
    if (element.localName === "button" || role === "button") return "button";
    if (element.localName === "a") return "link";
    if (element.localName === "input") {
      if (["submit", "button", "image"].includes(element.type)) return "button";
      if (["number", "range"].includes(element.type)) return "number";
      return ["text", "search", "", "url", "tel", "email"].includes(element.type) ? "text" : element.type;
    }
    return role === "spinbutton" ? "number" : "text";
  };
  const hints = (element) => [element.id, element.getAttribute("name"), ...TEST_IDS.map((name) => element.getAttribute(name)), element.className].filter((word) => typeof word === "string" && word).join(" ");

  /** What holds several toggles or radio buttons that exclude each other, or a button for each of several states. */
  const groups = () => {
    const parents = new Map();
    for (const element of every(`${TOGGLE}, input[type=radio], button`)) {
      const states = /^(APPROVED|BLOCKED|EXPIRED|WARNING|NEUTRAL)$/i.test(element.textContent.trim());
      const parent = element.localName === "input" ? (element.closest("fieldset") ?? above(above(element) ?? element)) : above(element);
      if (parent !== null && (states || !element.matches("button:not([aria-pressed], [role], [aria-checked])"))) parents.set(parent, (parents.get(parent) ?? 0) + 1);
    }
    return [...parents].filter(([parent, count]) => count >= LEAST && !parent.matches("[role=radiogroup]")).map(([parent]) => parent);
  };

  const tasks = {
    controls: () => {
      const grouped = groups();
      return [...every(CONTROLS), ...grouped].map((element) => ({
        selector: selectorOf(element),
        kind: grouped.includes(element) ? "group" : kindOf(element),
        dialog: element.closest(DIALOG) !== null,
        label: labelOf(element),
        hints: hints(element),
        visible: visible(element),
        selected: element.getAttribute("aria-selected") === "true",
        submits: element.localName === "button" ? element.type === "submit" && element.form !== null : element.type === "submit",
        form: element.form ? selectorOf(element.form) : "",
        options: element.localName === "select" ? [...element.options].map((option) => [option.value, option.textContent.trim()]) : [],
      }));
    },

    /** For each value the smallest elements that show exactly it, and the smallest that contains it. */
    find: ({ values }) => {
      const elements = every("*").filter((element) => !SILENT.has(element.tagName) && visible(element));
      const texts = new Map(elements.map((element) => [element, shown(element)]));
      const found = {};
      for (const [name, value] of Object.entries(values)) {
        const exact = elements.filter((element) => texts.get(element) === value);
        const least = (list) => list.filter((element) => !list.some((other) => other !== element && element.contains(other)));
        const containing = least(elements.filter((element) => texts.get(element).includes(value)));
        found[name] = {
          exact: least(exact).slice(0, 8).map(selectorOf),
          contains: containing.slice(0, 8).map(selectorOf),
          folded: least(elements.filter((element) => texts.get(element).toLowerCase() === value.toLowerCase())).slice(0, 8).map(selectorOf),
        };
      }
      return found;
    },

    /**
     * What holds all of these and nothing of `avoid` (selectors) or `texts` (what it must not show). Of several around one
     * another the one that says when it is busy, then one that is announced or named, then the smallest.
     */
    common: ({ selectors, avoid, texts }) => {
      const elements = selectors.map(resolve).filter(Boolean);
      if (elements.length === 0) return null;
      const avoided = avoid.map(resolve).filter((element) => element && !elements.includes(element));
      const clean = (element) =>
        !/^(body|html)$/.test(element.localName) && !avoided.some((other) => holds(element, other)) && !texts.some((text) => allText(element).includes(text));
      const at = elements.length === 1 ? (above(elements[0]) ?? elements[0]) : smallestWith(elements);
      if (at === null || !clean(at)) return elements.length === 1 && clean(elements[0]) ? selectorOf(elements[0]) : null;
      const around = [];
      for (let one = at; one && clean(one); one = above(one)) around.push(one);
      const named = (element) => TEST_IDS.some((name) => element.getAttribute(name)) || element.hasAttribute("aria-live") || /^(status|log|region|alert)$/.test(element.getAttribute("role") ?? "");
      const best = around.find((element) => element.hasAttribute("aria-busy")) ?? around.find(named) ?? around.find((element) => steady(element.id) || /^(section|article|aside)$/.test(element.localName));
      return selectorOf(best ?? at);
    },

    /**
     * The elements that repeat once for each of `marks`, texts that each stand in one of them, and where `values` are in each.
     * A value of `alike` may be shown as another word: in rows that have the same value it is the same, in others another.
     */
    rows: ({ marks, values, parts, alike }) => {
      const all = every("*").filter((element) => !SILENT.has(element.tagName) && visible(element));
      const holders = marks.map((mark) => all.filter((element) => shown(element).includes(mark)).at(-1));
      if (holders.some((holder) => holder === undefined)) return null;
      const rows = holders.map((holder, index) => {
        const others = marks.filter((_, other) => other !== index);
        let at = holder;
        for (let up = above(at); up !== null && !others.some((mark) => allText(up).includes(mark)); up = above(at)) at = up;
        return at;
      });
      const root = rows[0].getRootNode();
      const parent = rows[0].parentElement;
      const same = (css) => {
        try {
          const matched = [...root.querySelectorAll(css)].filter(visible);
          return matched.length === rows.length && rows.every((row) => matched.includes(row));
        } catch {
          return false;
        }
      };
      const around = parent ? [...own(parent), ...(parent.parentElement ? own(parent.parentElement) : [])].map((css) => `${css} ${rows[0].localName}`) : [];
      const direct = parent ? own(parent).map((css) => `${css} > ${rows[0].localName}`) : [];
      const candidates = [...own(rows[0]), ...direct, ...around, `tbody > ${rows[0].localName}`, parent ? `${inRoot(parent, root)} > ${rows[0].localName}` : ""];
      const css = candidates.find(same);
      if (!css) return null;
      const cells = {};
      for (const name of Object.keys(values[0])) cells[name] = cellOf(rows, values.map((row) => row[name]), parts[name]);
      const words = {};
      for (const name of alike.filter((one) => !cells[one])) {
        const found = wordsOf(rows, values.map((row) => row[name]), Object.values(cells));
        if (found) [cells[name], words[name]] = [found.cell, found.words];
      }
      const prefix = root === document ? "" : selectorOf(rows[0]).split(PIERCE).slice(0, -1).join(PIERCE) + PIERCE;
      return { row: prefix + css, cells, words, parent: parent ? selectorOf(parent) : "" };
    },

    /** The smallest element that holds all of these. */
    smallest: ({ selectors }) => {
      const at = smallestWith(selectors.map(resolve).filter(Boolean));
      return at === null || at.localName === "body" ? null : selectorOf(at);
    },

    /** The texts that are shown, each by the element that holds it directly. */
    texts: () =>
      every("*")
        .filter((element) => !SILENT.has(element.tagName) && visible(element))
        .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ""))
        .map((element) => [selectorOf(element), shown(element)]),

    /** Further selectors that name the same element alone: by its classes, and by what it does not hold. */
    others: ({ selector }) => {
      const element = resolve(selector);
      if (element === null) return [];
      const root = element.getRootNode();
      const parent = element.parentElement;
      const inner = [...(parent?.children ?? [])].flatMap((one) => [...one.children]).map((one) => one.localName);
      const around = parent ? `${inRoot(parent, root)} > ${element.localName}` : element.localName;
      const found = [...own(element), ...[...element.classList].map((name) => `.${CSS.escape(name)}`), ...[...new Set(inner)].map((name) => `${around}:not(:has(${name}))`)];
      const prefix = selector.split(PIERCE).slice(0, -1).map((step) => step + PIERCE).join("");
      return found.filter((css) => only(root, css, element)).map((css) => prefix + css);
    },

    /** What an element shows; "" where it is not there. */
    text: ({ selector }) => {
      const element = resolve(selector);
      return element === null ? "" : shown(element);
    },

    visible: ({ selector }) => {
      const element = resolve(selector);
      return element !== null && visible(element);
    },

    /** Whether an element is within another. */
    holds: ({ outer, inner }) => {
      const found = [outer, inner].map(resolve);
      return found.every((element) => element !== null) && holds(...found);
    },

    exists: ({ selector }) => resolve(selector) !== null,

    /** Whether a control can be used now. */
    enabled: ({ selector }) => {
      const element = resolve(selector);
      return element !== null && visible(element) && !element.disabled && element.getAttribute("aria-disabled") !== "true";
    },
  };

  /** A selector, the same within each row, of the cell that shows `wanted` there; "" where a row shows it with other text. */
  const cellOf = (rows, wanted, parts) => {
    const cells = rows.map((row, index) => {
      const all = [...deep(row), row].filter((element) => visible(element) && shown(element) === wanted[index]);
      return all.find((element) => ![...element.children].some((child) => shown(child) === wanted[index]));
    });
    if (cells.some((cell) => cell === undefined)) {
      // A time in another form: the element that says in a machine's form which time it is.
      const stamped = rows.map((row, index) => [...row.querySelectorAll("[datetime], [data-value], [title]")].find((element) => ["datetime", "data-value", "title"].some((name) => element.getAttribute(name) === wanted[index])));
      if (stamped.every((cell) => cell !== undefined)) return within(rows, stamped);
      if (!parts) return null;
      const partly = rows.map((row, index) => [...row.querySelectorAll("*")].find((element) => visible(element) && element.children.length === 0 && shown(element).includes(parts[index])));
      return partly.every((cell) => cell !== undefined) ? within(rows, partly) : null;
    }
    return within(rows, cells);
  };
  /** The cell whose text is one word for each of the `values`, and these words; null where none is, or more than one. */
  const wordsOf = (rows, values, taken) => {
    const leaves = deep(rows[0]).filter((element) => element.children.length === 0 && visible(element));
    const found = leaves.flatMap((leaf) => {
      const path = [];
      for (let at = leaf; at !== rows[0] && at !== null; at = at.parentElement) path.unshift(place(at));
      const inside = leaf.getRootNode() !== rows[0].getRootNode();
      const cells = rows.map((row) => (inside ? row.shadowRoot?.querySelector(path.join(" > ")) : row.querySelector(`:scope > ${path.join(" > ")}`)) ?? null);
      if (cells.some((cell) => cell === null)) return [];
      const texts = cells.map(shown);
      const told = texts.every((text, at) => text !== "" && texts.every((other, by) => (text === other) === (values[at] === values[by])));
      const cell = told ? within(rows, cells) : null;
      return cell && !taken.includes(cell) ? [{ cell, words: texts }] : [];
    });
    return found.length === 1 ? found[0] : null;
  };
  const within = (rows, cells) => {
    if (cells[0] === rows[0]) return null;
    const inRow = (css) => rows.every((row, index) => onlyWithin(row, css, cells[index]));
    const path = [];
    for (let at = cells[0]; at !== rows[0] && at !== null; at = at.parentElement) path.unshift(place(at));
    const nth = (() => {
      const index = [...(cells[0].parentNode?.children ?? [])].indexOf(cells[0]) + 1;
      return `${cells[0].localName}:nth-child(${index})`;
    })();
    return [...own(cells[0]), nth, path.join(" > "), `:scope > ${path.join(" > ")}`].find(inRow) ?? null;
  };

  return tasks[request.task](request);
}
