// Draws what Python decides: scenes (see scene.py), above pictures made by matplotlib. Nothing is computed here but where
// things stand on the screen.

const LOWEST = 140; // and a row of panels, however low the window
const TEXT = 11; // pixels of an axis label where the page's text has its usual size
const MARGIN = { left: 48, right: 12, top: 24, bottom: 36 }; // around a plot, at that size

// -- where things stand ------------------------------------------------------------------------------------

// places for the panels' plots; `room` is the height that a screen leaves for them, `unit` how large the text is
function layout(panels, width, room, unit, places) {
  const least = unit * Math.max(...panels.map((panel) => panel.least)); // as many stand side by side as have that
  const across = Math.min(Math.max(Math.floor(width / least), 1), panels.length);
  const rows = Math.ceil(panels.length / across);
  const wished = across > 1 || panels.length === 1
    ? Math.min(Math.max((0.9 * width) / across, 280), 430)
    : Math.min(Math.max(0.62 * width, 210), 340);
  const lines = Math.max(...panels.map((panel) => panel.lines));
  const lowest = Math.max(LOWEST, 1.5 * TEXT * lines + MARGIN.top + MARGIN.bottom);
  const height = Math.max(Math.min(wished, room / rows), lowest * unit);
  const [sides, ends] = [unit * (MARGIN.left + MARGIN.right), unit * (MARGIN.top + MARGIN.bottom)];
  let top = 0;
  for (let first = 0; first < panels.length; first += across, top += height) {
    const row = panels.slice(first, first + across);
    const widths = shares(row, width, height - ends, sides);
    let left = 0;
    row.forEach((panel, i) => {
      const [w, h] = [widths[i] - sides, height - ends];
      const tall = panel.equal ? Math.min(h, w / aspect(panel)) : h;
      const wide = panel.equal ? tall * aspect(panel) : w;
      places.push({
        x: left + unit * MARGIN.left + (w - wide) / 2, y: top + unit * MARGIN.top + (h - tall) / 2, w: wide, h: tall });
      left += widths[i];
    });
  }
  return top;
}

const aspect = ({ x, y }) => Math.abs((x.high - x.low) / (y.high - y.low));

// the widths of panels in a row: by weight, but one of equal scales takes no more than it can fill
function shares(row, width, height, sides) {
  const total = row.reduce((sum, { weight }) => sum + weight, 0);
  const widths = row.map(({ weight }) => (width * weight) / total);
  const full = row.map((panel, i) => (panel.equal ? Math.min(widths[i], height * aspect(panel) + sides) : widths[i]));
  const others = row.reduce((sum, { equal, weight }) => sum + (equal ? 0 : weight), 0);
  if (!others) return widths;
  const spare = width - full.reduce((sum, one) => sum + one, 0);
  return row.map(({ equal, weight }, i) => full[i] + (equal ? 0 : (spare * weight) / others));
}

function resize(canvas, width, height, dpr) {
  const [w, h] = [Math.round(width * dpr), Math.round(height * dpr)];
  if (canvas.width === w && canvas.height === h) return;
  Object.assign(canvas, { width: w, height: h });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
}

function fraction({ low, high, log }, value) {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

function valueAt({ low, high, log }, part) {
  return log ? low * (high / low) ** part : low + (high - low) * part;
}

const clamp = (part) => Math.min(Math.max(part, 0), 1);

function currentTheme() {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight) return jpThemeLight === "false" ? "dark" : "light";
  if (vscodeThemeKind) return vscodeThemeKind.includes("light") ? "light" : "dark";
  const { theme } = document.documentElement.dataset;
  if (theme === "light" || theme === "dark") return theme;
  const page = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [];
  if (page.length >= 3 && page[3] !== 0) return page[0] + page[1] + page[2] < 380 ? "dark" : "light";
  const scheme = getComputedStyle(document.documentElement).colorScheme; // what paints a page that has no ground of its own
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  return scheme.includes("dark") && (dark || !scheme.includes("light")) ? "dark" : "light";
}

// -- drawing -----------------------------------------------------------------------------------------------

function drawPanel(ctx, { x, y, title, background, grid }, place, colors, picture, unit) {
  const font = getComputedStyle(ctx.canvas).fontFamily;
  if (background) {
    ctx.fillStyle = colors.low;
    ctx.fillRect(place.x, place.y, place.w, place.h);
    if (picture) ctx.drawImage(picture, place.x, place.y, place.w, place.h);
  }
  ctx.lineWidth = 1;
  ctx.font = `${TEXT * unit}px ${font}`;
  ctx.textBaseline = "middle";
  for (const [axis, upright] of [[x, false], [y, true]]) {
    for (const [value, text] of axis.ticks) {
      const part = fraction(axis, value);
      if (part < -0.001 || part > 1.001) continue;
      const px = Math.round(upright ? place.x : place.x + part * place.w) + 0.5;
      const py = Math.round(upright ? place.y + (1 - part) * place.h : place.y + place.h) + 0.5;
      ctx.strokeStyle = grid ? colors.grid : colors.frame;
      ctx.beginPath();
      if (upright) { ctx.moveTo(px - 4, py); ctx.lineTo(grid ? place.x + place.w : px, py); }
      else { ctx.moveTo(px, py + 4); ctx.lineTo(px, grid ? place.y : py); }
      ctx.stroke();
      ctx.fillStyle = colors.muted;
      ctx.textAlign = upright ? "right" : "center";
      const last = ctx.canvas.width / ctx.getTransform().a - ctx.measureText(text).width / 2; // a long one would leave the picture
      ctx.fillText(text, upright ? px - 7 : Math.min(px, last), upright ? py : py + 4 + 8 * unit);
    }
  }
  ctx.strokeStyle = colors.frame;
  ctx.strokeRect(Math.round(place.x) + 0.5, Math.round(place.y) + 0.5, Math.round(place.w), Math.round(place.h));
  ctx.fillStyle = colors.muted;
  ctx.textAlign = "right";
  ctx.fillText(x.label, place.x + place.w, place.y + place.h + 28 * unit);
  ctx.textAlign = "left";
  ctx.fillText(y.label, place.x, place.y - 11 * unit);
  const after = y.label ? ctx.measureText(y.label).width + 14 * unit : 0;
  ctx.font = `600 ${(TEXT + 1) * unit}px ${font}`;
  ctx.fillStyle = colors.text;
  ctx.fillText(title, place.x + after, place.y - 11 * unit);
}

const aligned = new WeakMap(); // data as it came → a copy of its bytes: floats cannot be read where they lie

// the numbers of a mark, as a view of the scene's one buffer
function numbers({ data }, mark) {
  if (!aligned.has(data)) aligned.set(data, data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  const Kind = mark.kind === "heat" ? Uint8Array : Float32Array;
  return new Kind(aligned.get(data), mark.at, mark.count);
}

function drawMarks(ctx, scene, places, colors, focused, unit, marks = scene.marks) {
  for (const mark of marks) {
    const place = places[mark.panel];
    const { x, y } = scene.panels[mark.panel];
    const px = (value) => place.x + fraction(x, value) * place.w;
    const py = (value) => place.y + (1 - fraction(y, value)) * place.h;
    ctx.save();
    if (mark.kind !== "handle" && mark.kind !== "text") {
      ctx.beginPath();
      ctx.rect(place.x, place.y, place.w, place.h);
      ctx.clip();
    }
    ctx.globalAlpha = mark.alpha ?? 1;
    ctx.strokeStyle = ctx.fillStyle = colors[mark.color] ?? colors.text;
    ctx.lineJoin = ctx.lineCap = "round";
    DRAW[mark.kind](ctx, mark, numbers(scene, mark), { px, py, place, colors, focused, unit });
    ctx.restore();
  }
}

const DRAW = {
  line(ctx, mark, xy, { px, py, colors }) {
    const path = new Path2D();
    for (let i = 0, pen = false; i < xy.length; i += 2) {
      const [u, v] = [px(xy[i]), py(xy[i + 1])];
      const drawn = Number.isFinite(u) && Number.isFinite(v);
      if (drawn) pen ? path.lineTo(u, v) : path.moveTo(u, v);
      pen = drawn;
    }
    if (mark.halo) {
      ctx.save();
      Object.assign(ctx, { lineWidth: mark.width + 2, strokeStyle: colors.halo, globalAlpha: 0.75 });
      ctx.stroke(path);
      ctx.restore();
    }
    if (mark.dash) ctx.setLineDash([5, 5]);
    ctx.lineWidth = mark.width;
    ctx.stroke(path);
  },
  points(ctx, mark, xy, { px, py, colors }) {
    const r = mark.size;
    const path = new Path2D();
    for (let i = 0; i < xy.length; i += 2) {
      const [u, v] = [px(xy[i]), py(xy[i + 1])];
      if (!Number.isFinite(u) || !Number.isFinite(v)) continue;
      if (mark.shape === "cross") {
        path.moveTo(u - r, v - r); path.lineTo(u + r, v + r);
        path.moveTo(u - r, v + r); path.lineTo(u + r, v - r);
      } else if (mark.shape === "square") path.rect(u - r, v - r, 2 * r, 2 * r);
      else { path.moveTo(u + r, v); path.arc(u, v, r, 0, 7); }
    }
    ctx.lineWidth = 2.5;
    if (mark.shape === "ring") { ctx.fillStyle = colors.halo; ctx.fill(path); ctx.lineWidth = 2; }
    if (mark.shape === "cross" || mark.shape === "ring") ctx.stroke(path);
    else ctx.fill(path);
  },
  arrows(ctx, mark, ends, { px, py }) {
    ctx.lineWidth = mark.width;
    for (let i = 0; i < ends.length; i += 4) {
      const [u, v, s, t] = [px(ends[i]), py(ends[i + 1]), px(ends[i + 2]), py(ends[i + 3])];
      const length = Math.hypot(s - u, t - v);
      if (!(length > 0.5) || length > 1e5) continue;
      const head = Math.min(8, length) / length;
      const [a, b] = [(s - u) * head, (t - v) * head];
      ctx.beginPath();
      ctx.moveTo(u, v); ctx.lineTo(s, t);
      ctx.moveTo(s - a - b / 2, t - b + a / 2); ctx.lineTo(s, t); ctx.lineTo(s - a + b / 2, t - b - a / 2);
      ctx.stroke();
    }
  },
  bars(ctx, mark, corners, { px, py }) {
    for (let i = 0; i < corners.length; i += 4) {
      const [u, v] = [px(corners[i]), py(corners[i + 1])];
      ctx.fillRect(u, v, px(corners[i + 2]) - u, py(corners[i + 3]) - v);
    }
  },
  heat(ctx, { rows, columns, palette }, shades, { place, colors }) {
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const table = ((colors.tables ??= {})[palette] ??= colors[palette].hex.match(/.{6}/g).map((hex) => {
      const c = parseInt(hex, 16);
      return (255 << 24) | ((c & 255) << 16) | (c & 0xff00) | (c >> 16);
    }));
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[shades[i]];
    const small = new OffscreenCanvas(columns, rows);
    small.getContext("2d").putImageData(image, 0, 0);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(small, place.x, place.y, place.w, place.h);
  },
  text(ctx, mark, [a, b], { px, py, place, colors, unit }) {
    ctx.font = `600 ${(TEXT + 1) * unit}px ${getComputedStyle(ctx.canvas).fontFamily}`;
    ctx.textBaseline = "middle";
    const width = ctx.measureText(mark.words).width;
    const [u, v] = [px(a), py(b)];
    if (!Number.isFinite(u) || !Number.isFinite(v)) return;
    const left = u + { left: 10, right: -width - 10, center: -width / 2 }[mark.align];
    const x = Math.min(Math.max(left, place.x + 6), place.x + place.w - width - 6);
    const y = Math.min(Math.max(v + mark.shift * unit, place.y + 12 * unit), place.y + place.h - 12 * unit);
    Object.assign(ctx, { lineWidth: 4, strokeStyle: colors.halo });
    ctx.strokeText(mark.words, x, y);
    ctx.fillText(mark.words, x, y);
  },
  handle(ctx, mark, [a, b], { px, py, colors, focused }) {
    const [u, v] = [px(a), py(b)];
    const ring = (radius, width, color) => {
      ctx.beginPath();
      ctx.arc(u, v, radius, 0, 7);
      Object.assign(ctx, { lineWidth: width, strokeStyle: color });
      ctx.stroke();
    };
    ctx.fillStyle = colors.halo;
    ctx.beginPath();
    ctx.arc(u, v, 7, 0, 7);
    ctx.fill();
    ring(7, 2.5, colors.text);
    if (focused) ring(12, 2, colors.blue);
    ctx.fillStyle = colors.text;
    ctx.beginPath();
    ctx.arc(u, v, 2, 0, 7);
    ctx.fill();
  },
};

// -- one step in all panels --------------------------------------------------------------------------------

// the trails of a scene: runs whose vertex i is step i, once for each panel
function trails(scene) {
  const seen = new Map();
  for (const mark of scene.marks) if (mark.trail) seen.set(`${mark.panel}|${mark.trail}`, mark);
  return [...seen.values()].map((mark) => ({ mark, xy: numbers(scene, mark) }));
}

const overSteps = (xy) => xy[0] === 0 && xy.length > 2 && xy.every((value, i) => i % 2 || value === i / 2 || value !== value);

// the step that is pointed at, or null: the nearest one on a curve over steps, a near vertex elsewhere
function stepAt(scene, places, [left, top], reach = 24) {
  let best = { far: Infinity, step: null };
  for (const { mark, xy } of trails(scene)) {
    const place = places[mark.panel];
    const inside = left >= place.x && left <= place.x + place.w && top >= place.y && top <= place.y + place.h;
    if (!inside) continue;
    const { x, y } = scene.panels[mark.panel];
    const flat = overSteps(xy);
    for (let i = 0; i < xy.length; i += 2) {
      const across = place.x + fraction(x, flat ? i / 2 : xy[i]) * place.w - left;
      const up = flat ? 0 : place.y + (1 - fraction(y, xy[i + 1])) * place.h - top;
      const far = Math.hypot(across, up);
      if (far < best.far && (flat || far < reach)) best = { far, step: i / 2 };
    }
  }
  return best.step;
}

// mark a step of every run in every panel
function drawStep(ctx, scene, places, colors, step, unit) {
  const told = new Set();
  for (const { mark, xy } of trails(scene)) {
    const place = places[mark.panel];
    const { x, y } = scene.panels[mark.panel];
    const flat = overSteps(xy);
    ctx.save();
    ctx.beginPath();
    ctx.rect(place.x - 8, place.y - 8, place.w + 16, place.h + 16);
    ctx.clip();
    if (flat && !told.has(mark.panel)) {
      told.add(mark.panel);
      const at = place.x + fraction(x, step) * place.w;
      Object.assign(ctx, { strokeStyle: colors.muted, lineWidth: 1 });
      ctx.beginPath();
      ctx.moveTo(at, place.y); ctx.lineTo(at, place.y + place.h);
      ctx.stroke();
      label(ctx, `step ${step}`, at, place.y + 12 * unit, place, colors, unit);
    }
    const [u, v] = [xy[2 * step], xy[2 * step + 1]];
    const [a, b] = [place.x + fraction(x, u) * place.w, place.y + (1 - fraction(y, v)) * place.h];
    if (Number.isFinite(a) && Number.isFinite(b)) {
      ctx.beginPath();
      ctx.arc(a, b, 6 * unit, 0, 7);
      Object.assign(ctx, { fillStyle: colors.halo, strokeStyle: colors[mark.color] ?? colors.text, lineWidth: 3 });
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  }
}

function label(ctx, words, x, y, place, colors, unit) {
  ctx.font = `600 ${(TEXT + 1) * unit}px ${getComputedStyle(ctx.canvas).fontFamily}`;
  ctx.textBaseline = "middle";
  const right = x + 8 + ctx.measureText(words).width > place.x + place.w;
  ctx.textAlign = right ? "right" : "left";
  Object.assign(ctx, { lineWidth: 4, strokeStyle: colors.halo, fillStyle: colors.text });
  ctx.strokeText(words, x + (right ? -8 : 8), y);
  ctx.fillText(words, x + (right ? -8 : 8), y);
}
