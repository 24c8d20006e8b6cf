/**
 * Finds the parts of a page for the other scripts of the driver, also in open shadow trees and in frames of its own origin.
 *
 * A selector is CSS. `outer >>> inner` looks up `inner` within what `outer` finds: within the document of a frame, the
 * shadow tree of an element, or the element itself. "" finds nothing. What is observed is observed in every document and
 * shadow tree, also in those that are added later.
 */
(() => {
  const KEY = Symbol.for("technogate.parts");
  const WHOLE = { subtree: true, childList: true, attributes: true, characterData: true };
  // In a page's own world a frame has what is around it. A world of the gate is one for each frame.
  const around = (() => {
    try {
      return window.parent === window ? undefined : window.parent[KEY];
    } catch {
      return undefined; // A frame of another origin has no part of the page.
    }
  })();
  const shared = { observers: new Map(), sleepers: new Set(), shadows: false, frames: false };

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
    const found = [document];
    for (const root of found) {
      for (const frame of root.querySelectorAll("iframe, frame")) {
        const within = documentOf(frame);
        if (within !== null && !found.includes(within)) found.push(within);
      }
      if (shared.shadows) for (const { shadowRoot } of root.querySelectorAll("*")) if (shadowRoot) found.push(shadowRoot);
    }
    return found;
  };
  /** Observe what was added to the page as well. */
  const extend = () => {
    const all = roots();
    shared.frames ||= all.some((root) => root !== document && root.nodeType === Node.DOCUMENT_NODE);
    for (const observer of shared.observers.keys()) for (const root of all) observer.observe(root, WHOLE);
  };
  /** Look for shadow trees where no script tells of them: the markup itself may declare some. */
  const look = () => {
    shared.shadows ||= [...document.querySelectorAll("*")].some((element) => element.shadowRoot !== null);
  };
  const adds = ({ addedNodes }) =>
    [...addedNodes].some((node) => node.nodeType === Node.ELEMENT_NODE && (node.shadowRoot !== null || node.matches("iframe, frame") || node.querySelector("iframe, frame") !== null));
  /** Observe every change of the page from now on, also in what it adds; returns a function that ends that. */
  const observe = (react) => {
    const observer = new MutationObserver((records) => {
      if (shared.shadows || shared.frames || records.some(adds)) extend();
      react(records);
    });
    shared.observers.set(observer, react);
    for (const root of roots()) observer.observe(root, WHOLE);
    return () => {
      shared.observers.delete(observer);
      observer.disconnect();
    };
  };
  document.addEventListener("DOMContentLoaded", () => {
    look();
    extend();
  });
  // A frame that was loaded has another document than before.
  document.addEventListener("load", ({ target }) => {
    if (!(target instanceof Element) || !target.matches("iframe, frame")) return;
    extend();
    for (const react of [...shared.observers.values()]) react([]);
  }, true);
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

  const own = { find, findAll, contains, observe, roots, extend, look, shadowsIn, isVisible, lettersOf, wordOf, nap, nudge };
  Object.defineProperty(window, KEY, { value: around ?? Object.assign(shared, own), configurable: true });
})();
