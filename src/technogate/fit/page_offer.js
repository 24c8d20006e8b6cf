/**
 * What a page offers for parts that were not found: its fields, buttons, choices and areas, each with a selector that
 * matches it alone, where there is one, and the words by which a person knows it. It changes nothing.
 */
(css) => {
  const quoted = (text) => JSON.stringify(text);
  const alone = (selector) => document.querySelectorAll(selector).length === 1;
  const selectorOf = (element) => {
    const tag = element.localName;
    const ways = [
      element.id && /^[A-Za-z][\w-]*$/.test(element.id) ? `#${element.id}` : "",
      ...["data-testid", "data-test", "name", "aria-label", "placeholder"].map((name) =>
        element.hasAttribute(name) ? `${tag}[${name}=${quoted(element.getAttribute(name))}]` : "",
      ),
      ...[...element.classList].filter((name) => /^[A-Za-z][\w-]*$/.test(name)).map((name) => `${tag}.${name}`),
      tag,
    ];
    return ways.find((selector) => selector !== "" && alone(selector)) ?? "";
  };
  const kindOf = (element) => {
    const role = element.getAttribute("role") ?? "";
    if (element.matches("button, [role=button], input[type=submit], input[type=button]")) return "button";
    if (element.matches("select") || role === "combobox" || role === "listbox") return "choice";
    if (element.matches("input, textarea, [contenteditable]:not([contenteditable=false]), [role=textbox]")) return "field";
    return "area";
  };
  const wordsOf = (element) =>
    [
      element.id,
      ...["data-testid", "data-test", "data-field", "name", "aria-label", "placeholder", "title", "class"].map(
        (name) => element.getAttribute(name) ?? "",
      ),
      ...[...(element.labels ?? [])].map((label) => label.innerText),
      kindOf(element) === "button" ? element.innerText || element.value || "" : "",
    ]
      .join(" ")
      .toLowerCase();
  const ATTRIBUTES = "[id], [data-testid], [data-test], [role], output, table, ul, ol, section";
  const controls = "button, input, textarea, select, [role=button], [role=combobox], [role=listbox], [contenteditable]";
  const offers = [...document.querySelectorAll(`${controls}, ${ATTRIBUTES}`)]
    .filter((element) => element.closest("head") === null && !element.matches("script, style, template"))
    .slice(0, 300)
    .map((element) => ({ selector: selectorOf(element), kind: kindOf(element), words: wordsOf(element) }))
    .filter((offer) => offer.selector !== "");
  const missing = Object.entries(css)
    .filter(([, selector]) => {
      try {
        return document.querySelector(selector) === null;
      } catch {
        return true;
      }
    })
    .map(([name]) => name);
  return { offers, missing };
}
