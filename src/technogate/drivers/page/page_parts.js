/**
 * Finds the parts of a page for the other scripts of the driver, also in open shadow trees and in frames of its own origin.
 *
 * A selector is CSS. `outer >>> inner` looks up `inner` within what `outer` finds: within the document of a frame, the
 * shadow tree of an element, or the element itself. "" finds nothing. All documents of a page share one object, under a
 * symbol: what is observed is observed in each of them.
 */
(() => {
  const KEY = Symbol.for("technogate.parts");
  const WHOLE = { subtree: true, childList: true, attributes: true, characterData: true };
  const around = (() => {
    try {
      return window.parent === window ? undefined : window.parent[KEY];
    } catch {
      return undefined; // A frame of another origin has no part of the page.
    }
  })();
  const shared = around ?? { documents: new Set(), observers: new Set(), sleepers: new Set(), shadows: false };
  shared.documents.add(document);
  for (const observer of shared.observers) observer.observe(document, WHOLE);

  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function (init) {
    const root = attachShadow.apply(this, arguments);
    if (init?.mode === "open") {
      shared.shadows = true;
      for (const observer of shared.observers) observer.observe(root, WHOLE);
    }
    return root;
  };
  // The markup itself may declare shadow trees.
  document.addEventListener("DOMContentLoaded", () => {
    shared.shadows ||= [...document.querySelectorAll("*")].some((element) => element.shadowRoot !== null);
    if (shared.shadows) for (const observer of shared.observers) for (const root of shadowsIn(document)) observer.observe(root, WHOLE);
  });

  /** Every open shadow tree within `scope`, its own included. */
  const shadowsIn = (scope) => {
    if (!shared.shadows) return [];
    const hosts = [scope, ...scope.querySelectorAll("*")].filter((element) => element.shadowRoot);
    return hosts.flatMap(({ shadowRoot }) => [shadowRoot, ...shadowsIn(shadowRoot)]);
  };
  const documentOf = (element) => {
    try {
      return element.contentDocument ?? null;
    } catch {
      return null;
    }
  };
  const matches = (css, scope) => {
    const plain = [...scope.querySelectorAll(css)];
    return plain.length > 0 ? plain : shadowsIn(scope).flatMap((root) => [...root.querySelectorAll(css)]);
  };
  const findAll = (selector, within = document) => {
    if (selector === undefined || selector === "") return [];
    const hops = selector.split(">>>");
    return hops.reduce(
      (scopes, css, hop) => {
        const found = scopes.flatMap((scope) => matches(css.trim(), scope));
        return hop === hops.length - 1 ? found : found.map((element) => documentOf(element) ?? element.shadowRoot ?? element);
      },
      [within],
    );
  };
  const find = (selector, within = document) => {
    if (selector === undefined || selector === "") return null;
    if (selector.includes(">>>")) return findAll(selector, within)[0] ?? null;
    return within.querySelector(selector) ?? (shared.shadows ? (findAll(selector, within)[0] ?? null) : null);
  };
  /** The node above, out of a shadow tree and out of a frame. */
  const above = (node) => node.parentNode ?? node.host ?? node.defaultView?.frameElement ?? null;
  const contains = (outer, inner) => {
    if (outer.contains(inner)) return true;
    for (let at = inner; at !== null; at = above(at)) if (at === outer) return true;
    return false;
  };
  /** Every document and open shadow tree of the page. */
  const roots = () => {
    const alive = [...shared.documents].filter((each) => each === document || each.defaultView !== null);
    return alive.flatMap((each) => [each, ...shadowsIn(each)]);
  };
  /** Observe every change of the page from now on, also in what it adds; returns a function that ends that. */
  const observe = (react) => {
    const observer = new MutationObserver(react);
    shared.observers.add(observer);
    for (const root of roots()) observer.observe(root, WHOLE);
    return () => {
      shared.observers.delete(observer);
      observer.disconnect();
    };
  };
  const isVisible = (element) =>
    element !== null && element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";

  /** Whether a style sheet changes the letters of an element or of one within it. */
  const isTransformed = (element) =>
    [element, ...element.querySelectorAll("*")].some((each) => getComputedStyle(each).textTransform !== "none");
  /** The text as it is drawn, its letters as they are in the document: a style sheet may draw them in another case. */
  const lettersOf = (element) => {
    const drawn = element.innerText ?? element.textContent;
    if (!isTransformed(element)) return drawn;
    const letters = [...element.textContent].filter((letter) => letter.trim() !== "");
    const texts = [...drawn].filter((letter) => letter.trim() !== "");
    const same = letters.length === texts.length && letters.every((letter, at) => letter.toUpperCase() === texts[at].toUpperCase());
    let at = 0;
    return same ? [...drawn].map((letter) => (letter.trim() === "" ? letter : letters[at++])).join("") : drawn;
  };
  /** A word as it is drawn in capitals; otherwise as it is in the document. */
  const wordOf = (element) => {
    const drawn = element.innerText ?? element.textContent;
    return drawn === drawn.toUpperCase() ? drawn : lettersOf(element);
  };

  /** Wait until something happens that `nudge` tells of, at most `limit` milliseconds. */
  const nap = (limit) =>
    new Promise((resolve) => {
      const end = () => {
        shared.sleepers.delete(end);
        clearTimeout(timer);
        resolve();
      };
      shared.sleepers.add(end);
      const timer = setTimeout(end, Math.max(0, limit));
    });
  const nudge = () => {
    for (const end of [...shared.sleepers]) end();
  };

  const own = { find, findAll, contains, observe, roots, shadowsIn, isVisible, lettersOf, wordOf, nap, nudge };
  const value = around ?? Object.assign(shared, own);
  Object.defineProperty(window, KEY, { value, configurable: true });
})();
