/**
 * Operates the controls of a page by their role and kind: what one shows, what it offers, and the element to press for a
 * value. A control may be the element that a selector finds, or within it.
 */
(() => {
  const PARTS = window[Symbol.for("technogate.parts")];
  const { findAll, find, isVisible, lettersOf } = PARTS;
  const TEXT = "input:not([type=hidden], [type=radio], [type=checkbox], [type=button], [type=submit]), textarea, [contenteditable]:not([contenteditable=false])";
  const POPUP = "[role=combobox], [aria-haspopup=listbox], [aria-haspopup=menu], [aria-haspopup=true], summary";
  const CHOICE = "[role=option], [role=radio], [role=tab], [role=menuitemradio], [role=menuitem], button, [role=button], [aria-pressed]";
  const OPTION = "[role=option], [role=menuitemradio], [role=menuitem]";

  const textOf = (element) => (element === null ? "" : lettersOf(element).trim());
  /** The value that a page gives a choice, "" for none. */
  const valueOf = (element) => {
    const own = element.matches("li") ? undefined : element.value; // of a list item that is its number
    const given = element.getAttribute("value") ?? element.dataset.value ?? element.dataset.key ?? own;
    return typeof given === "string" || typeof given === "number" ? String(given) : "";
  };
  const labelOf = (input) => input.labels?.[0] ?? input.closest("label");
  const ownOrWithin = (element, css) => (element.matches(css) ? element : find(css, element));
  const isChosen = (element) =>
    element.checked === true ||
    ["aria-checked", "aria-selected", "aria-pressed", "aria-current"].some((name) => /^(true|page|step)$/.test(element.getAttribute(name) ?? "")) ||
    /^(active|on|checked|selected)$/.test(element.dataset.state ?? "");

  /** The radio buttons that belong to `element`: one of them, or what holds them. */
  const radiosOf = (element) => {
    if (!element.matches("input[type=radio]")) return findAll("input[type=radio]", element);
    const all = [...element.getRootNode().querySelectorAll("input[type=radio]")];
    return all.filter((other) => other.name === element.name && other.form === element.form);
  };

  /** What kind of control an element is or holds: the kind, the element that is operated, and its choices. */
  const controlOf = (element) => {
    const select = ownOrWithin(element, "select");
    if (select !== null) return { kind: "select", target: select, choices: [...select.options] };
    const radios = radiosOf(element);
    if (radios.length > 0) return { kind: "choices", target: radios[0], choices: radios };
    const popup = ownOrWithin(element, POPUP);
    if (popup !== null) return { kind: popup.matches("input") ? "typed popup" : "popup", target: popup, choices: [] };
    const range = ownOrWithin(element, "input[type=range]");
    if (range !== null) return { kind: "range", target: range, choices: [] };
    const text = ownOrWithin(element, TEXT);
    if (text !== null) return { kind: "text", target: text, choices: [] };
    if (element.matches("[role=spinbutton], [role=slider]")) return { kind: "spinbutton", target: element, choices: [] };
    const choices = findAll(CHOICE, element).filter(isVisible);
    if (choices.length > 1) return { kind: "choices", target: element, choices };
    return { kind: element.matches("[role=textbox], [role=searchbox]") ? "text" : "popup", target: element, choices: [] };
  };
  const shownBy = ({ kind, target, choices }) => {
    if (kind === "select") return [target.value, target.selectedOptions[0]?.textContent.trim() ?? ""];
    if (kind === "choices") {
      const chosen = choices.find(isChosen);
      return chosen === undefined ? [] : [valueOf(chosen), nameOf(chosen)];
    }
    if (kind === "spinbutton") return [target.getAttribute("aria-valuenow") ?? textOf(target)];
    if (kind === "text") return [typeof target.value === "string" ? target.value : textOf(target)];
    return [typeof target.value === "string" ? target.value : "", target.dataset.value ?? "", textOf(target)].filter((each) => each !== "");
  };
  /** What a person reads of a choice. */
  const nameOf = (choice) => {
    if (choice.matches("option")) return choice.textContent.trim();
    if (choice.matches("input")) return textOf(labelOf(choice)) || choice.getAttribute("aria-label") || "";
    return textOf(choice) || choice.getAttribute("aria-label") || "";
  };

  /** A control as the driver knows it, null for none: its kind, what it shows, and the choices it always has. */
  const describe = (element) => {
    if (element === null) return null;
    const control = controlOf(element);
    const offered = control.choices.map((choice) => ({ value: valueOf(choice), name: nameOf(choice), disabled: choice.disabled === true }));
    return { kind: control.kind, direct: control.target === element, shown: shownBy(control), offered };
  };
  /** The choices that an open popup offers: what it names, or every visible option. */
  const popupChoices = (target) => {
    const ids = `${target.getAttribute("aria-controls") ?? ""} ${target.getAttribute("aria-owns") ?? ""}`.split(" ").filter((id) => id !== "");
    const owned = ids.map((id) => target.getRootNode().getElementById(id)).filter((list) => list !== null);
    for (const list of [...owned, ...PARTS.roots()]) {
      const options = findAll(OPTION, list).filter(isVisible);
      if (options.length > 0) return options;
    }
    for (const list of [...owned, ...PARTS.roots().flatMap((root) => findAll("[role=listbox], [role=menu]", root))]) {
      const items = findAll("li, button, a", list).filter(isVisible);
      if (items.length > 0) return items;
    }
    return [];
  };
  /** The element of one choice: a hidden radio button is pressed by its label. */
  const pressed = (choice) => {
    if (!choice.matches("input")) return choice;
    const style = getComputedStyle(choice);
    const { width, height } = choice.getBoundingClientRect();
    const small = width < 4 || height < 4 || Number(style.opacity) === 0 || /inset|rect/.test(`${style.clipPath} ${style.clip}`);
    return isVisible(choice) && !small ? choice : (labelOf(choice) ?? choice);
  };

  const elements = {
    /** The element that is operated. */
    target: (element) => controlOf(element).target,
    /** The choice of this number, of those that `describe` or `popup` told of. */
    choice: (element, number) => {
      const { kind, target, choices } = controlOf(element);
      return pressed((kind.endsWith("popup") ? popupChoices(target) : choices)[number]);
    },
  };
  const value = {
    describe,
    /** What an open popup offers. */
    popup: (element) => popupChoices(controlOf(element).target).map((choice) => ({ value: valueOf(choice), name: nameOf(choice), disabled: choice.getAttribute("aria-disabled") === "true" })),
    element: (what, element, number) => elements[what](element, number),
    /** Set a slider as a person would: the events that a framework listens to are fired. */
    slide: (element, wanted) => {
      const { target } = controlOf(element);
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(target, wanted);
      for (const kind of ["input", "change"]) target.dispatchEvent(new Event(kind, { bubbles: true }));
    },
  };
  Object.defineProperty(window, Symbol.for("technogate.controls"), { value, configurable: true });
})();
