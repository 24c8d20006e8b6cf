/**
 * Tells in the gate's world where a word of the page is drawn, and why a person may not see it. The pixels at that place are
 * what decides; this finds the place, and gives the reasons.
 */
(() => {
  const PARTS = window[Symbol.for("technogate.parts")];
  const { contains, find, isVisible, roots, shadowsIn } = PARTS;
  /** Pixels below which nothing can be read, and shares below which nothing is seen. */
  const SMALL = 4;
  const FAINT = 0.1;

  const above = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null;
  const upwards = function* (element) {
    for (let at = element; at !== null; at = above(at)) yield at;
  };
  /** The text nodes within an element, those of its shadow trees included, in their order. */
  const textsIn = function* (node) {
    if (node.nodeType === Node.TEXT_NODE) yield node;
    else if (!node.matches?.("script, style, template, noscript")) for (const child of [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]) yield* textsIn(child);
  };
  /** The range of each place in `element` at which a word stands, in any case of its letters. */
  const placesOf = (element, word) => {
    const nodes = [...textsIn(element)];
    const whole = nodes.map(({ data }) => data).join("").toLowerCase();
    const wanted = word.toLowerCase();
    const found = [];
    const isLetter = (letter) => /[\p{L}\p{N}_]/u.test(letter ?? "");
    for (let at = whole.indexOf(wanted); at !== -1; at = whole.indexOf(wanted, at + 1)) {
      const range = document.createRange();
      const place = (offset) => {
        let left = offset;
        for (const node of nodes) {
          if (left <= node.data.length) return [node, left];
          left -= node.data.length;
        }
        return [nodes.at(-1), nodes.at(-1).data.length];
      };
      let [node, offset] = place(at);
      // A place between two nodes is the start of the second one.
      if (offset === node.data.length && nodes.indexOf(node) < nodes.length - 1) [node, offset] = [nodes[nodes.indexOf(node) + 1], 0];
      const [last, end] = place(at + wanted.length);
      // A part of a longer word is no such word; letters of another element are.
      if ((offset > 0 && isLetter(node.data[offset - 1])) || isLetter(last.data[end])) continue;
      try {
        range.setStart(node, offset);
        range.setEnd(last, end);
      } catch {
        continue; // It spans two trees.
      }
      found.push(range);
    }
    return found;
  };
  /** A box in the coordinates of the window: a frame has its own; null where a frame is transformed. */
  const inWindow = (box, view) => {
    let { left, top } = box;
    for (let at = view; at !== window; at = at.parent) {
      const frame = at.frameElement;
      if (frame === null) return null;
      for (const each of upwards(frame)) if (at.parent.getComputedStyle(each).transform !== "none") return null;
      const outer = frame.getBoundingClientRect();
      const style = at.parent.getComputedStyle(frame);
      left += outer.left + frame.clientLeft + parseFloat(style.paddingLeft);
      top += outer.top + frame.clientTop + parseFloat(style.paddingTop);
    }
    return { left, top, width: box.width, height: box.height };
  };
  const alphaOf = (colour) => {
    const found = /^rgba\(.*,\s*([\d.]+)\)$|\/\s*([\d.]+)(%?)\)$/.exec(colour);
    if (found === null) return colour === "transparent" ? 0 : 1;
    return Number(found[1] ?? found[2]) / (found[3] === "%" ? 100 : 1);
  };
  /** Why a person does not see what is drawn in `box` of `element`; "" where nothing says so. */
  const hiddenBy = (element, box) => {
    const style = getComputedStyle(element);
    if (style.visibility !== "visible") return "it is hidden";
    if (box.width < SMALL || box.height < SMALL) return "it has no size";
    if (alphaOf(style.webkitTextFillColor) < FAINT && style.backgroundClip !== "text" && alphaOf(style.webkitTextStrokeColor) * parseFloat(style.webkitTextStrokeWidth) < FAINT) return "its letters are transparent";
    let opacity = 1;
    const area = { left: box.left, top: box.top, right: box.left + box.width, bottom: box.top + box.height };
    for (const at of upwards(element)) {
      const its = getComputedStyle(at);
      opacity *= Number(its.opacity);
      if (at !== element && at !== document.documentElement && at !== document.body && /hidden|clip|auto|scroll/.test(its.overflow)) {
        const clip = at.getBoundingClientRect();
        area.left = Math.max(area.left, clip.left);
        area.right = Math.min(area.right, clip.right);
        area.top = Math.max(area.top, clip.top);
        area.bottom = Math.min(area.bottom, clip.bottom);
      }
    }
    if (opacity < FAINT) return "it is transparent";
    if (area.right - area.left < SMALL || area.bottom - area.top < SMALL) return "what is around it cuts it off";
    const view = element.ownerDocument.defaultView;
    if (area.right <= 0 || area.bottom <= 0 || area.left >= view.innerWidth || area.top >= view.innerHeight) return "it is outside of the window";
    const [middle, along] = [(area.top + area.bottom) / 2, [0.2, 0.5, 0.8].map((share) => area.left + share * (area.right - area.left))];
    const hits = along.map((x) => element.getRootNode().elementFromPoint(x, middle)).filter((hit) => hit !== null);
    if (hits.length > 0 && hits.every((hit) => !contains(hit, element) && !contains(element, hit))) return "another element covers it";
    return "";
  };
  const styleOf = (element) => {
    const style = getComputedStyle(element);
    return {
      family: style.fontFamily,
      weight: style.fontWeight,
      slant: style.fontStyle,
      caps: style.fontVariantCaps,
      spacing: (parseFloat(style.letterSpacing) || 0) / (parseFloat(style.fontSize) || 16),
      letters: style.textTransform,
    };
  };
  const placeOf = (range) => {
    const element = range.startContainer.parentElement;
    const boxes = [...range.getClientRects()].filter(({ width, height }) => width > 0 && height > 0);
    const own = range.getBoundingClientRect();
    const box = inWindow(own, element.ownerDocument.defaultView);
    return {
      word: range.toString(),
      box,
      // Letters on several lines, or turned ones, cannot be compared.
      flat: boxes.every(({ top, bottom }) => top < own.top + own.height / 2 && bottom > own.top + own.height / 2),
      why: hiddenBy(element, own),
      style: styleOf(element),
    };
  };
  /** What style sheets write around an element and within it, up to the area of the result. */
  const written = (element, area) => {
    const each = [element, ...element.querySelectorAll("*")];
    for (const at of upwards(element)) {
      if (area === null || !contains(area, at)) break;
      each.push(at);
    }
    return [...new Set(each)].filter(isVisible).flatMap((at) =>
      ["::before", "::after"].map((side) => {
        const style = getComputedStyle(at, side);
        const isShown = style.display !== "none" && style.visibility === "visible" && Number(style.opacity) > FAINT && parseFloat(style.fontSize) >= SMALL && alphaOf(style.color) > FAINT;
        return isShown ? (/^"((?:[^"\\]|\\.)*)"/s.exec(style.content)?.[1] ?? "") : "";
      }),
    ).filter((text) => /\p{L}{3}/u.test(text)).join(" ");
  };
  const isPicture = (element) =>
    element.matches("img, canvas, svg, video, object, embed, picture") || /url\(/.test(`${getComputedStyle(element).backgroundImage} ${getComputedStyle(element).maskImage}`);
  /** The boxes of the pictures in the area, and in the words' own element. */
  const picturesIn = (area) =>
    [area, ...area.querySelectorAll("*"), ...shadowsIn(area).flatMap((root) => [...root.querySelectorAll("*")])]
      .filter((element) => isPicture(element) && isVisible(element) && !element.parentElement?.closest("svg"))
      .map((element) => inWindow(element.getBoundingClientRect(), element.ownerDocument.defaultView))
      .filter((box) => box !== null && box.width >= 40 && box.height >= 8);

  const toView = (element) => {
    const scrolled = [];
    for (const at of upwards(element)) if (at.scrollTop !== 0 || at.scrollLeft !== 0 || at.scrollHeight > at.clientHeight) scrolled.push([at, at.scrollLeft, at.scrollTop]);
    element.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    return scrolled;
  };
  const value = {
    /**
     * Where `word` is drawn within the part of the page, or else in the area or in what the page announces; what style sheets
     * write there, and pictures. null where the part is gone, or shows another word by now.
     */
    look({ css, area, skipped, word, everywhere }) {
      const part = find(css);
      const region = find(area);
      const element = part ?? region;
      if (element === null || !isVisible(element)) return null;
      const own = placesOf(element, word);
      if (own.length === 0) return null;
      const box = element.getBoundingClientRect();
      if (everywhere || box.top < 0 || box.left < 0 || box.bottom > window.innerHeight || box.right > window.innerWidth) value.scrolled = toView(element);
      const places = own.slice(0, 4).map(placeOf);
      const announced = everywhere ? roots().flatMap((root) => [...root.querySelectorAll("[role=alert], [role=status], [aria-live], [role=alertdialog], dialog[open]")]) : [];
      const others = everywhere ? [region, ...announced].filter((each) => each !== null && !(skipped !== "" && each.closest(skipped))) : [];
      const known = new Set();
      const beside = others.flatMap((each) => placesOf(each, word)).filter((range) => {
        const at = range.startContainer.parentElement;
        if (known.has(range.startContainer) || contains(element, at) || (skipped !== "" && at.closest(skipped))) return false;
        known.add(range.startContainer);
        return true;
      });
      const around = inWindow(element.getBoundingClientRect(), element.ownerDocument.defaultView);
      return {
        places,
        beside: beside.slice(0, 4).map(placeOf),
        written: written(element, region),
        around,
        pictures: everywhere && region !== null ? picturesIn(region).slice(0, 4) : [],
        scrolled: value.scrolled !== undefined,
        left: window.scrollX,
        top: window.scrollY,
        wide: window.innerWidth,
        high: window.innerHeight,
      };
    },
    /** Scroll back to where the page was before. */
    back() {
      for (const [element, left, top] of value.scrolled ?? []) element.scrollTo({ left, top, behavior: "instant" });
      value.scrolled = undefined;
    },
  };
  Object.defineProperty(window, Symbol.for("technogate.sight"), { value, configurable: true });
})();
