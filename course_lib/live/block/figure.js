// The widget: a canvas on which draw.js (which stands above this in one module) draws the scenes that Python sends, and
// the controls beneath it, whose values link.js sends to Python.

let figures = 0;

function render({ model, el }) {
  const id = `lf${Date.now().toString(36)}${figures++}`;
  const link = makeLink(model, id, show);
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
  let shown = model.get("_scene");
  let lost = false; // whether the kernel is gone

  const redraw = () => { frame ||= requestAnimationFrame(paint); };
  const scene = () => shown;

  function paint() {
    frame = 0;
    width = readouts.clientWidth || width; // hidden, or a theme is being loaded: the width it had before
    if (!width || !shown.panels) return;
    const now = shown;
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
        if (lost || wanted.get(key) !== size) return; // or still being resized
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

  function show(now) {
    shown = now;
    if (!lost) complain(now.error);
    fillReadouts(readouts, now, model, link);
    clearTimeout(speaking);
    speaking = setTimeout(() => { spoken.textContent = now.alt; }, 600); // not while a slider is being dragged
    redraw();
  }

  function complain(words) {
    problem.hidden = !words;
    problem.textContent = words;
  }

  // the kernel was restarted or shut down; should an answer come after all, it hides this
  function gone() {
    lost = true;
    link.gone();
    complain("The kernel is gone, so nothing moves here: run the cell again.");
  }

  function answered() {
    lost = false;
    link.answered(model.get("_scene"));
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
  model.on("comm_live_update", gone);
  paintTheme();
  show(shown);

  return () => {
    model.off("change:_scene", answered);
    model.off("msg:custom", received);
    model.off("comm_live_update", gone);
    controls.remove();
    link.remove();
    stopDragging();
    themes.disconnect();
    sizes.disconnect();
    window.removeEventListener("resize", redraw);
    cancelAnimationFrame(frame);
    clearTimeout(speaking);
    pictures.forEach((bitmap) => bitmap.close());
  };
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
    const values = [
      valueAt(across, clamp((x - place.x) / place.w)), valueAt(up, clamp(1 - (y - place.y) / place.h))];
    link.set(mark.name, values.map((value) => Number(value.toPrecision(3)))); // what one would write
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
