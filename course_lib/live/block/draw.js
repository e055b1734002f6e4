// Draws what Python decides: scenes (see scene.py), above pictures made by matplotlib. Nothing is computed here but where
// things stand on the screen.

const NARROW = 270; // CSS pixels a panel needs at least; as many stand side by side as have them
const MARGIN = { left: 48, right: 12, top: 24, bottom: 36 };

// -- where things stand ------------------------------------------------------------------------------------

function layout(panels, width, places) {
  const across = Math.min(Math.max(Math.floor(width / NARROW), 1), panels.length);
  const height = across > 1 || panels.length === 1
    ? Math.min(Math.max((0.9 * width) / across, 280), 430)
    : Math.min(Math.max(0.62 * width, 210), 340);
  let top = 0;
  for (let first = 0; first < panels.length; first += across, top += height) {
    const row = panels.slice(first, first + across);
    const total = row.reduce((sum, panel) => sum + panel.weight, 0);
    let left = 0;
    for (const { weight } of row) {
      const w = (width * weight) / total;
      places.push({
        x: left + MARGIN.left, y: top + MARGIN.top,
        w: w - MARGIN.left - MARGIN.right, h: height - MARGIN.top - MARGIN.bottom,
      });
      left += w;
    }
  }
  return top;
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
  const page = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [];
  return page.length >= 3 && page[3] !== 0 && page[0] + page[1] + page[2] < 380 ? "dark" : "light";
}

// -- drawing -----------------------------------------------------------------------------------------------

function drawPanel(ctx, { x, y, title, background, grid }, place, colors, picture) {
  const font = getComputedStyle(ctx.canvas).fontFamily;
  if (background) {
    ctx.fillStyle = colors.low;
    ctx.fillRect(place.x, place.y, place.w, place.h);
    if (picture) ctx.drawImage(picture, place.x, place.y, place.w, place.h);
  }
  ctx.lineWidth = 1;
  ctx.font = `11px ${font}`;
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
      ctx.fillText(text, upright ? px - 7 : px, upright ? py : py + 12);
    }
  }
  ctx.strokeStyle = colors.frame;
  ctx.strokeRect(Math.round(place.x) + 0.5, Math.round(place.y) + 0.5, Math.round(place.w), Math.round(place.h));
  ctx.fillStyle = colors.muted;
  ctx.textAlign = "right";
  ctx.fillText(x.label, place.x + place.w, place.y + place.h + 28);
  ctx.textAlign = "left";
  ctx.fillText(y.label, place.x, place.y - 11);
  ctx.font = `600 12px ${font}`;
  ctx.fillStyle = colors.text;
  const after = y.label ? ctx.measureText(y.label).width + 14 : 0;
  ctx.fillText(title, place.x + after, place.y - 11);
}

// the numbers of a mark, as a view of the scene's one buffer (copied once: it need not be aligned)
function numbers(scene, mark) {
  const { data } = scene;
  scene.aligned ??= data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  const Kind = mark.kind === "heat" ? Uint8Array : Float32Array;
  return new Kind(scene.aligned, mark.at, mark.count);
}

function drawMarks(ctx, scene, places, colors, focused) {
  for (const mark of scene.marks) {
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
    DRAW[mark.kind](ctx, mark, numbers(scene, mark), { px, py, place, colors, focused });
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
  heat(ctx, { rows, columns }, shades, { place, colors }) {
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const table = (colors.table ??= colors.heat.map((hex) => {
      const c = parseInt(hex.slice(1), 16);
      return (255 << 24) | ((c & 255) << 16) | (c & 0xff00) | (c >> 16);
    }));
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[shades[i]];
    const small = new OffscreenCanvas(columns, rows);
    small.getContext("2d").putImageData(image, 0, 0);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(small, place.x, place.y, place.w, place.h);
  },
  text(ctx, mark, [a, b], { px, py, place, colors }) {
    ctx.font = `600 12px ${getComputedStyle(ctx.canvas).fontFamily}`;
    ctx.textBaseline = "middle";
    const width = ctx.measureText(mark.words).width;
    const [u, v] = [px(a), py(b)];
    if (!Number.isFinite(u) || !Number.isFinite(v)) return;
    const left = u + { left: 10, right: -width - 10, center: -width / 2 }[mark.align];
    const x = Math.min(Math.max(left, place.x + 6), place.x + place.w - width - 6);
    const y = Math.min(Math.max(v + mark.shift, place.y + 12), place.y + place.h - 12);
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
