// The widget: a canvas on which draw.js (which stands above this in one module) draws the scenes that Python sends, and
// the controls beneath it, whose values go to Python.

const IN_FLIGHT = 3; // enough to hide the server's packet delay, few enough that nothing queues
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

function fillReadouts(box, { columns = [], rows = [], notice = "", notice_state = "" }) {
  const shape = JSON.stringify([columns, rows.map(({ name, color, cells }) => [name, color, cells.length])]);
  if (box.dataset.shape !== shape) { // the cells are kept while a slider moves: only their texts change
    box.dataset.shape = shape;
    box.replaceChildren();
    const table = add(box, "table", { hidden: !rows.length });
    const head = add(add(table, "thead", {}), "tr", {});
    for (const title of ["", ...columns]) add(head, "th", { textContent: title, scope: "col" });
    const body = add(table, "tbody", {});
    for (const { name, color, cells } of rows) {
      const line = add(body, "tr", {});
      add(line, "th", { textContent: name, scope: "row" }).style.setProperty("--lf-own", `var(--lf-${color})`);
      for (const _ of cells) add(line, "td", {});
    }
    add(box, "p", {});
  }
  rows.forEach(({ cells, state }, i) => {
    const line = box.firstChild.tBodies[0].rows[i];
    line.dataset.state = state;
    cells.forEach((text, j) => put(line.cells[j + 1], text));
  });
  const line = box.lastChild;
  line.hidden = !notice;
  line.dataset.state = notice_state;
  put(line, notice);
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
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
  const move = (mark, x, y) => {
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
      move(held, ...at(event));
    },
    pointermove(event) {
      if (held) move(held, ...at(event));
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
      move(mark, place.x + (fraction(across, from[0]) + step[0] * size) * place.w,
        place.y + (1 - fraction(up, from[1]) + step[1] * size) * place.h);
    },
  };
  for (const [name, listener] of Object.entries(on)) canvas.addEventListener(name, listener);
  return () => { for (const [name, listener] of Object.entries(on)) canvas.removeEventListener(name, listener); };
}

function add(parent, tag, properties) {
  return parent.appendChild(Object.assign(document.createElement(tag), properties));
}

export default { render };
