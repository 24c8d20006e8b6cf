/**
 * Runs in a page of the gate's own: tells which of some words a picture shows, by drawing each of them plainly.
 *
 * Words are drawn in the font of the element that was pictured, as far as this page has it, and in the common ones. Picture
 * and word are reduced to their ink: the box around it, in a grid of the same size, darkness by difference from the
 * background. `ink` is the greatest difference in the picture, 0 to 255; the scores are correlations, -1 to 1.
 */
async ({ png, words, style }) => {
  const WIDE = 96;
  const HIGH = 16;
  const SIZE = 48;
  const COMMON = ["sans-serif", "serif", "monospace"].flatMap((family) => [400, 700].map((weight) => `${weight} ${SIZE}px ${family}`));
  const paper = (width, height) => new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });

  /** How much each pixel differs from the commonest colour. */
  const inkOf = ({ data, width, height }) => {
    const counts = new Map();
    for (let at = 0; at < data.length; at += 4) {
      const colour = (data[at] >> 2) | ((data[at + 1] >> 2) << 6) | ((data[at + 2] >> 2) << 12);
      const known = counts.get(colour);
      if (known === undefined) counts.set(colour, { count: 1, at });
      else known.count += 1;
    }
    let common = { count: 0, at: 0 };
    for (const known of counts.values()) if (known.count > common.count) common = known;
    const ink = new Float32Array(width * height);
    let most = 0;
    for (let at = 0, to = 0; at < data.length; at += 4, to += 1) {
      ink[to] = Math.max(...[0, 1, 2].map((part) => Math.abs(data[at + part] - data[common.at + part])));
      most = Math.max(most, ink[to]);
    }
    return { ink, most, width, height };
  };
  /** The box around the ink, reduced to the grid. */
  const reduced = ({ ink, most, width, height }) => {
    const box = { left: width, right: -1, top: height, bottom: -1 };
    for (let y = 0, at = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1, at += 1)
        if (ink[at] > most / 3) {
          box.left = Math.min(box.left, x);
          box.right = Math.max(box.right, x);
          box.top = Math.min(box.top, y);
          box.bottom = Math.max(box.bottom, y);
        }
    const grid = new Float32Array(WIDE * HIGH);
    const [wide, high] = [box.right + 1 - box.left, box.bottom + 1 - box.top];
    for (let row = 0; row < HIGH; row += 1)
      for (let column = 0; column < WIDE; column += 1) {
        const [x0, x1] = [box.left + (column * wide) / WIDE, box.left + ((column + 1) * wide) / WIDE];
        const [y0, y1] = [box.top + (row * high) / HIGH, box.top + ((row + 1) * high) / HIGH];
        let [sum, area] = [0, 0];
        for (let y = Math.floor(y0); y < y1; y += 1)
          for (let x = Math.floor(x0); x < x1; x += 1) {
            const share = (Math.min(x + 1, x1) - Math.max(x, x0)) * (Math.min(y + 1, y1) - Math.max(y, y0));
            sum += share * ink[y * width + x];
            area += share;
          }
        grid[row * WIDE + column] = sum / area;
      }
    return { grid: centred(grid), shape: wide / high };
  };
  const centred = (grid) => {
    const mean = grid.reduce((sum, value) => sum + value, 0) / grid.length;
    const norm = Math.sqrt(grid.reduce((sum, value) => sum + (value - mean) ** 2, 0)) || 1;
    return grid.map((value) => (value - mean) / norm);
  };
  /** The greatest correlation of two grids, one of them shifted by a column at most. */
  const alike = (one, other) => {
    let best = -1;
    for (const shift of [-1, 0, 1]) {
      let sum = 0;
      for (let at = Math.max(0, -shift); at < one.length - Math.max(0, shift); at += 1) sum += one[at] * other[at + shift];
      best = Math.max(best, sum);
    }
    return best;
  };
  const drawn = (word, font, spacing) => {
    const key = `${word}|${font}|${spacing}|${style.caps}`;
    const known = globalThis.drawnWords.get(key);
    if (known !== undefined) return known;
    const context = paper(SIZE * (2 + word.length * (1.2 + Math.max(0, spacing))), SIZE * 2);
    context.fillStyle = "white";
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    context.fillStyle = "black";
    context.font = font;
    context.fontVariantCaps = style.caps;
    context.letterSpacing = `${spacing * SIZE}px`;
    context.fillText(word, SIZE, SIZE * 1.4);
    const made = reduced(inkOf(context.getImageData(0, 0, context.canvas.width, context.canvas.height)));
    globalThis.drawnWords.set(key, made);
    return made;
  };

  globalThis.drawnWords ??= new Map();
  const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const context = paper(picture.width, picture.height);
  context.drawImage(picture, 0, 0);
  const ink = inkOf(context.getImageData(0, 0, picture.width, picture.height));
  if (ink.most === 0) return { ink: 0, scores: {} };
  const seen = reduced(ink);
  const fonts = [[`${style.slant} ${style.weight} ${SIZE}px ${style.family}`, style.spacing], ...COMMON.map((font) => [font, 0]), ...COMMON.map((font) => [font, style.spacing])];
  const scores = {};
  for (const word of words)
    scores[word] = Math.max(
      ...fonts.map(([font, spacing]) => {
        const { grid, shape } = drawn(word, font, spacing);
        const ratio = Math.min(shape / seen.shape, seen.shape / shape);
        return alike(seen.grid, grid) * Math.min(1, 0.7 + 0.4 * ratio);
      }),
    );
  return { ink: ink.most, scores };
}
