// Draws what Python decides: scenes (see scene.py) on a canvas, above pictures made by matplotlib, with the controls
// beneath. Nothing is computed here but where things stand on the screen.

const IN_FLIGHT = 3; // enough to hide the server's packet delay, few enough that nothing queues
const NARROW = 270; // CSS pixels a panel needs at least; as many stand side by side as have them
const MARGIN = { left: 48, right: 12, top: 24, bottom: 36 };
let figures = 0;

function render({ model, el }) {
  const id = `lf${Date.now().toString(36)}${figures++}`;
  const link = makeLink(model, id);
  const root = add(el, "div", { className: "lf" });
  const canvas = add(root, "canvas", { tabIndex: 0 });
  canvas.setAttribute("role", "img");
  canvas.dataset.lmSuppressShortcuts = "true"; // or Notebook 7 takes the arrow keys
  const problem = add(root, "pre", { className: "lf-problem", hidden: true });
  problem.setAttribute("role", "alert");
  const readouts = add(root, "div", { className: "lf-readouts" });
  const controls = makeControls(add(root, "div", { className: "lf-controls" }), model, link, id);
  const spoken = add(root, "div", { className: "lf-spoken" });
  spoken.setAttribute("aria-live", "polite");

  const pictures = new Map(); // background|theme → ImageBitmap
  const wanted = new Map(); // the same → size last asked for
  let theme = currentTheme();
  let places = [];
  let width = 0;
  let frame = 0;
  let speaking = 0;

  const redraw = () => { frame ||= requestAnimationFrame(paint); };
  const scene = () => model.get("_scene");

  function paint() {
    frame = 0;
    width = readouts.clientWidth || width; // hidden, or a theme is being loaded: the width it had before
    if (!width || !scene().panels) return;
    const now = scene();
    const colors = model.get("_palette")[theme];
    const dpr = window.devicePixelRatio || 1;
    const height = layout(now.panels, width, (places = []));
    resize(canvas, width, height, dpr);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    ctx.clearRect(0, 0, width, height);
    now.panels.forEach((panel, i) => drawPanel(ctx, panel, places[i], colors, picture(panel, places[i], dpr)));
    drawMarks(ctx, now, places, colors, document.activeElement === canvas);
    canvas.setAttribute("aria-label", now.alt);
    root.dataset.count = now.count;
  }

  // the background of a panel; a better one is asked for when size, resolution or theme have changed
  function picture(panel, place, dpr) {
    if (!panel.background) return null;
    const key = `${panel.background}|${theme}`;
    const size = `${Math.round(place.w)}×${Math.round(place.h)}@${dpr}`;
    if (wanted.get(key) !== size) {
      const first = !wanted.has(key);
      wanted.set(key, size);
      setTimeout(() => {
        if (wanted.get(key) !== size) return; // still being resized
        model.send({ background: panel.background, theme: key.split("|").pop(), view: id, dpr,
          width: Math.round(place.w), height: Math.round(place.h) });
      }, first ? 0 : 200);
    }
    return pictures.get(key) ?? null;
  }

  async function received(content, buffers) {
    if (content.background === undefined || content.view !== id) return;
    const key = `${content.background}|${content.theme}`;
    const bitmap = await createImageBitmap(new Blob([buffers[0]], { type: "image/png" }));
    pictures.get(key)?.close();
    pictures.set(key, bitmap);
    redraw();
  }

  function answered() {
    const now = scene();
    link.answered(now);
    problem.hidden = !now.error;
    problem.textContent = now.error;
    fillReadouts(readouts, now);
    clearTimeout(speaking);
    speaking = setTimeout(() => { spoken.textContent = now.alt; }, 600); // not while a slider is being dragged
    redraw();
  }

  const stopDragging = dragHandles(canvas, link, scene, () => places);
  const themes = new MutationObserver(() => {
    if (theme !== currentTheme()) { theme = currentTheme(); paintTheme(); }
  });
  const paintTheme = () => {
    root.dataset.theme = theme;
    for (const [role, color] of Object.entries(model.get("_palette")[theme])) {
      if (typeof color === "string") root.style.setProperty(`--lf-${role}`, color);
    }
    redraw();
  };
  for (const node of [document.documentElement, document.body]) themes.observe(node, { attributes: true });
  const sizes = new ResizeObserver(redraw);
  sizes.observe(root);
  canvas.addEventListener("focus", redraw);
  canvas.addEventListener("blur", redraw);
  window.addEventListener("resize", redraw); // zooming changes devicePixelRatio
  model.on("change:_scene", answered);
  model.on("msg:custom", received);
  paintTheme();
  answered();

  return () => {
    model.off("change:_scene", answered);
    model.off("msg:custom", received);
    controls.remove();
    stopDragging();
    themes.disconnect();
    sizes.disconnect();
    window.removeEventListener("resize", redraw);
    cancelAnimationFrame(frame);
    clearTimeout(speaking);
    pictures.forEach((bitmap) => bitmap.close());
  };
}

// -- values to Python: the newest wins, a few in flight ------------------------------------------------------

function makeLink(model, view) {
  let flying = 0;
  let number = 0;
  let pending = null;
  const latest = {};
  const flush = () => {
    if (!pending || flying >= IN_FLIGHT) return;
    model.send({ ...pending, view, number: ++number });
    pending = null;
    flying += 1;
  };
  return {
    latest, // what this view last asked for, which may be ahead of the picture
    set(name, value) {
      latest[name] = value;
      pending = { values: { ...pending?.values, [name]: value } };
      model.set(name, value); // the other views follow; Python does not send it back
      flush();
    },
    reset() {
      for (const name of Object.keys(latest)) delete latest[name];
      pending = { reset: true, values: {} };
      flush();
    },
    answered(scene) {
      if (scene.view !== view) return;
      flying = number - scene.number;
      if (!flying && !pending) for (const name of Object.keys(latest)) delete latest[name];
      flush();
    },
  };
}

// -- controls ----------------------------------------------------------------------------------------------

function makeControls(box, model, link, id) {
  const listeners = [];
  for (const control of model.get("_controls")) {
    const cell = add(box, "div", { className: `lf-control lf-${control.kind}` });
    const label = add(cell, "label", { textContent: control.label, htmlFor: `${id}-${control.name}` });
    if (control.color) cell.style.setProperty("--lf-own", `var(--lf-${control.color})`);
    const input = MAKERS[control.kind](cell, control, label);
    input.id = label.htmlFor;
    input.dataset.name = control.name;
    input.dataset.lmSuppressShortcuts = "true"; // or Notebook 7 takes the arrow keys
    const show = () => input.show(model.get(control.name));
    input.addEventListener("input", () => link.set(control.name, control.values[input.position()]));
    model.on(`change:${control.name}`, show);
    listeners.push([`change:${control.name}`, show]);
    show();
  }
  const reset = add(box, "button", { className: "lf-reset", type: "button", textContent: "Defaults" });
  reset.title = "Set everything back to where it was at first";
  reset.addEventListener("click", () => link.reset());
  return { remove: () => listeners.forEach(([event, show]) => model.off(event, show)) };
}

const MAKERS = {
  slider(cell, control, label) {
    const last = control.values.length - 1;
    const value = add(cell, "output", {});
    value.setAttribute("for", label.htmlFor);
    value.setAttribute("aria-hidden", "true");
    const track = add(cell, "div", { className: "lf-track" });
    track.style.setProperty("--lf-default", control.default / Math.max(last, 1));
    const input = add(track, "input", { type: "range", min: 0, max: last, step: 1 });
    input.position = () => Number(input.value);
    input.show = (now) => {
      const at = nearest(control.values, now);
      if (input.position() !== at) input.value = at;
      track.style.setProperty("--lf-at", at / Math.max(last, 1));
      value.textContent = words(now);
      input.setAttribute("aria-valuetext", words(now) + (now === control.values[control.default] ? ", default" : ""));
    };
    return input;
  },
  choice(cell, control) {
    const input = add(cell, "select", {});
    control.titles.forEach((title, i) => add(input, "option", { textContent: title, value: i }));
    input.position = () => input.selectedIndex;
    input.show = (now) => { input.selectedIndex = control.values.indexOf(now); };
    return input;
  },
  switch(cell, control) {
    const input = add(cell, "input", { type: "checkbox" });
    input.position = () => control.values.indexOf(input.checked);
    input.show = (now) => { input.checked = now; };
    return input;
  },
};

const words = (value) => String(Number(Number(value).toPrecision(6)));

function nearest(values, value) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - value) < Math.abs(values[best] - value)) best = i;
  return best;
}

function fillReadouts(box, scene) {
  if (!box.firstChild) add(box, "table", {});
  const table = box.firstChild;
  const lines = scene.rows ?? [];
  table.replaceChildren();
  table.hidden = !lines.length;
  if (lines.length) {
    const head = add(add(table, "thead", {}), "tr", {});
    for (const title of ["", ...scene.columns]) add(head, "th", { textContent: title, scope: "col" });
    const body = add(table, "tbody", {});
    for (const row of lines) {
      const line = add(body, "tr", {});
      line.dataset.state = row.state;
      const name = add(line, "th", { textContent: row.name, scope: "row" });
      name.style.setProperty("--lf-own", `var(--lf-${row.color})`);
      for (const cell of row.cells) add(line, "td", { textContent: cell });
    }
  }
  const notice = box.children[1] ?? add(box, "p", {});
  notice.hidden = !scene.notice;
  notice.textContent = scene.notice ?? "";
  notice.dataset.state = scene.notice_state ?? "";
}

// -- points that are dragged -------------------------------------------------------------------------------

function dragHandles(canvas, link, scene, places) {
  let held = null;
  const handles = () => (scene().marks ?? []).filter((mark) => mark.kind === "handle");
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const under = (event) => {
    const [x, y] = at(event);
    return handles().find(({ panel }) => {
      const p = places()[panel];
      return p && x >= p.x - 6 && x <= p.x + p.w + 6 && y >= p.y - 6 && y <= p.y + p.h + 6;
    });
  };
  const put = (mark, x, y) => {
    const place = places()[mark.panel];
    const { x: across, y: up } = scene().panels[mark.panel];
    link.set(mark.name, [
      valueAt(across, clamp((x - place.x) / place.w)), valueAt(up, clamp(1 - (y - place.y) / place.h))]);
  };
  const on = {
    pointerdown(event) {
      held = under(event);
      if (!held || event.button) return;
      canvas.setPointerCapture(event.pointerId);
      put(held, ...at(event));
    },
    pointermove(event) {
      if (held) put(held, ...at(event));
      else canvas.style.cursor = under(event) ? "crosshair" : "default";
    },
    pointerup() { held = null; },
    pointercancel() { held = null; },
    keydown(event) {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const mark = handles()[0];
      if (!step || !mark || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      const place = places()[mark.panel];
      const { x: across, y: up } = scene().panels[mark.panel];
      const from = link.latest[mark.name] ?? numbers(scene(), mark);
      const size = event.shiftKey ? 0.1 : 0.01;
      put(mark, place.x + (fraction(across, from[0]) + step[0] * size) * place.w,
        place.y + (1 - fraction(up, from[1]) + step[1] * size) * place.h);
    },
  };
  for (const [name, listener] of Object.entries(on)) canvas.addEventListener(name, listener);
  return () => { for (const [name, listener] of Object.entries(on)) canvas.removeEventListener(name, listener); };
}

// -- where things stand ------------------------------------------------------------------------------------

function layout(panels, width, places) {
  const across = Math.min(Math.max(Math.floor(width / NARROW), 1), panels.length);
  const height = across > 1 || panels.length === 1
    ? Math.min(Math.max((0.84 * width) / across, 270), 430)
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

function add(parent, tag, properties) {
  return parent.appendChild(Object.assign(document.createElement(tag), properties));
}

export default { render };
