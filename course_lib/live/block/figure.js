// The widget: a canvas on which draw.js (which stands above this in one module) draws the scenes that Python sends, and
// the controls beneath it, whose values link.js sends to Python.

const GONE = "The kernel is gone, so nothing moves here. To bring the figure back: Run → Run All Above Selected Cell, " +
  "then run this cell.";
const SAVED = "This is a saved picture. To bring it to life: Run → Run All Cells.";
const FIXED = "This point cannot be dragged here: that takes Python. The sliders work.";
const ABOVE_AND_BELOW = 24; // pixels between a figure and the edges of the window
const KEPT = 480; // pixels across a picture that is kept with the notebook
const LATTICE = 2; // pixels between the places of a dragged point
const USUAL = 13; // pixels of the figure's text where the page's text has its usual size

let figures = 0;

function render({ model, el }) {
  const id = `lf${Date.now().toString(36)}${figures++}`;
  const link = makeLink(model, id, show);
  const root = add(el, "div", { className: "lf" });
  // whatever has the focus keeps its keys: Jupyter would take the arrows, and cut the cell at x after a click on a button
  root.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; });
  const asked = add(root, "div", { className: "lf-ask" });
  const question = makeQuestion(asked, model, answeredQuestion);
  const canvas = add(root, "canvas", { tabIndex: 0 });
  canvas.setAttribute("role", "img");
  const problem = add(root, "pre", { className: "lf-problem", hidden: true });
  problem.setAttribute("role", "alert");
  const controlBox = add(root, "div", { className: "lf-controls" });
  const controls = makeControls(controlBox, model, link, id);
  const readouts = add(root, "div", { className: "lf-readouts" });
  const spoken = add(root, "div", { className: "lf-spoken" });
  spoken.setAttribute("aria-live", "polite");

  const help = add(root, "div", { className: "lf-spoken", id: `${id}-help` });
  help.textContent = "The arrow keys move the point, with Shift ten times as far.";

  const pictures = new Map(); // background|theme → ImageBitmap
  const wanted = new Map(); // the same → size last asked for
  let theme = currentTheme();
  let places = [];
  let width = 0;
  let frame = 0;
  let resting = 0;
  let shown = model.get("_scene");
  let lost = false; // whether there is no kernel behind it
  let pointed = null; // the step that is pointed at

  const redraw = () => { frame ||= requestAnimationFrame(paint); };
  const scene = () => shown;

  function paint() {
    frame = 0;
    width = readouts.clientWidth || width; // hidden, or a theme is being loaded: the width it had before
    if (!width || !shown.panels) return;
    const now = shown;
    const colors = model.get("_palette")[theme];
    const dpr = window.devicePixelRatio || 1;
    const unit = parseFloat(getComputedStyle(root).fontSize) / USUAL;
    const height = layout(now.panels, width, room(), unit, (places = []));
    resize(canvas, width, height, dpr);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    ctx.clearRect(0, 0, width, height);
    now.panels.forEach((panel, i) => drawPanel(ctx, panel, places[i], colors, picture(panel, places[i], dpr), unit));
    const asking = question.asking();
    const marks = asking ? now.marks.filter(({ kind, pinned }) => kind === "handle" || pinned) : now.marks;
    drawMarks(ctx, now, places, colors, document.activeElement === canvas, unit, marks);
    if (pointed !== null && !asking) drawStep(ctx, now, places, colors, pointed, unit);
    canvas.setAttribute("aria-label", asking ? "A figure that asks first" : now.alt);
    if (now.marks.some(({ kind }) => kind === "handle")) canvas.setAttribute("aria-describedby", help.id);
    root.dataset.count = now.count;
  }

  // the height that the window leaves for the picture when the sliders are to be seen with it
  function room() {
    const page = root.closest(".jp-WindowedPanel-outer, .jp-Notebook")?.clientHeight || window.innerHeight;
    return page - asked.offsetHeight - controlBox.offsetHeight - ABOVE_AND_BELOW;
  }

  function answeredQuestion() {
    delete root.dataset.asking;
    rest();
    redraw();
    canvas.focus();
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
    // while one with other level lines is being drawn, the last of the same ground
    const alike = [...pictures.keys()].findLast((k) => k.split("@")[0] === key.split("@")[0] && k.endsWith(`|${theme}`));
    return pictures.get(key) ?? pictures.get(alike) ?? null;
  }

  async function received(content, buffers) {
    if (content.background === undefined || content.view !== id) return;
    const key = `${content.background}|${content.theme}`;
    const bitmap = await createImageBitmap(new Blob([buffers[0]]));
    pictures.get(key)?.close();
    pictures.set(key, bitmap);
    rest();
    redraw();
  }

  // for who opens the notebook tomorrow: the widget's state, which is saved with it, holds the pictures now seen
  async function keep() {
    const seen = shown.panels.map(({ background }) => `${background}|${theme}`).filter((key) => pictures.has(key));
    const kept = model.get("_kept") ?? {};
    if (lost || model.get("_kept") === null || Object.keys(kept).sort().join() === [...seen].sort().join()) return;
    const small = await Promise.all(seen.map(async (key) => [key, kept[key] ?? await packed(pictures.get(key))]));
    model.set("_kept", Object.fromEntries(small));
  }

  async function unpack() {
    for (const [key, text] of Object.entries(model.get("_kept") ?? {})) {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      pictures.set(key, await createImageBitmap(new Blob([bytes])));
      redraw();
    }
  }

  function show(now) {
    shown = now;
    if (!lost) complain(now.error);
    fillReadouts(readouts, now, model, link);
    rest();
    redraw();
  }

  // what is left until nothing has moved for a while
  function rest() {
    clearTimeout(resting);
    resting = setTimeout(() => {
      if (!question.asking() && spoken.textContent !== shown.alt) spoken.textContent = shown.alt;
      keep();
    }, 600);
  }

  function complain(words, kind = "error") {
    problem.hidden = !words;
    problem.textContent = words;
    problem.dataset.kind = kind;
  }

  // the kernel was restarted or shut down; should an answer come after all, it hides this
  function gone(words) {
    lost = true;
    link.gone();
    complain(words, "note");
    controls.enable(false);
  }

  function answered() {
    if (lost) controls.enable(true);
    lost = false;
    link.answered(model.get("_scene"));
  }

  function point(step) {
    if (step === pointed) return;
    pointed = step;
    redraw();
  }

  const stopDragging = dragHandles(canvas, link, scene, () => places, point, () => lost || question.asking(),
    () => complain(FIXED, "note"));
  const retheme = () => {
    if (theme !== currentTheme()) { theme = currentTheme(); paintTheme(); }
  };
  const themes = new MutationObserver(retheme);
  const preferred = window.matchMedia("(prefers-color-scheme: dark)");
  preferred.addEventListener("change", retheme);
  const paintTheme = () => {
    root.dataset.theme = theme;
    for (const [role, color] of Object.entries(model.get("_palette")[theme])) {
      if (typeof color === "string") root.style.setProperty(`--lf-${role}`, color);
    }
    redraw();
  };
  for (const node of [document.documentElement, document.body]) themes.observe(node, { attributes: true });
  function scaled() {
    root.style.setProperty("--lf-scale", model.get("_scale"));
    redraw();
  }
  const sizes = new ResizeObserver(redraw);
  sizes.observe(root);
  canvas.addEventListener("focus", redraw);
  canvas.addEventListener("blur", redraw);
  window.addEventListener("resize", redraw); // zooming changes devicePixelRatio
  model.on("change:_scene", answered);
  model.on("msg:custom", received);
  const restarted = () => gone(GONE);
  model.on("comm_live_update", restarted);
  model.on("change:_scale", scaled);
  if (question.asking()) root.dataset.asking = "true";
  scaled();
  paintTheme();
  show(shown);
  const opened = setTimeout(() => { // by then Jupyter has said whether there is a kernel
    if (!lost && root.closest(".jupyter-widgets-disconnected")) {
      gone(SAVED);
      unpack();
    }
  }, 300);

  return () => {
    model.off("change:_scene", answered);
    model.off("msg:custom", received);
    model.off("comm_live_update", restarted);
    model.off("change:_scale", scaled);
    controls.remove();
    link.remove();
    stopDragging();
    themes.disconnect();
    preferred.removeEventListener("change", retheme);
    sizes.disconnect();
    window.removeEventListener("resize", redraw);
    cancelAnimationFrame(frame);
    clearTimeout(resting);
    clearTimeout(opened);
    pictures.forEach((bitmap) => bitmap.close());
  };
}

// -- points that are dragged -------------------------------------------------------------------------------

function dragHandles(canvas, link, scene, places, point, still, refuse) {
  let held = null;
  let trace = []; // the last places of a dragged point
  const handles = () => (scene().marks ?? []).filter((mark) => mark.kind === "handle");
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const pinned = () => (scene().marks ?? []).filter((mark) => mark.pinned); // points that no Python moves
  const under = (event, marks = handles()) => {
    const [x, y] = at(event);
    return marks.find(({ panel }) => {
      const p = places()[panel];
      return p && x >= p.x - 6 && x <= p.x + p.w + 6 && y >= p.y - 6 && y <= p.y + p.h + 6;
    });
  };
  const valuesAt = ({ panel }, x, y) => {
    const place = places()[panel];
    const { x: across, y: up } = scene().panels[panel];
    const values = [
      valueAt(across, clamp((x - place.x) / place.w)), valueAt(up, clamp(1 - (y - place.y) / place.h))];
    return values.map((value) => Number(value.toPrecision(3))); // what one would write
  };
  // to the nearest place of a lattice, so that the places it comes to next are known beforehand
  const pull = (mark, x, y) => {
    const place = places()[mark.panel];
    const [i, j] = [Math.round((x - place.x) / LATTICE), Math.round((y - place.y) / LATTICE)];
    if (trace.length && trace.at(-1)[0] === i && trace.at(-1)[1] === j) return;
    trace = [...trace.slice(-3), [i, j, performance.now()]];
    const value = (right, below) =>
      valuesAt(mark, place.x + LATTICE * (i + right), place.y + LATTICE * (j + below));
    const [left, above, since] = trace[0];
    link.drag(mark.name, value, i - left, j - above, performance.now() - since);
  };
  const on = {
    pointerdown(event) {
      held = still() ? null : under(event);
      if (!held || event.button) return;
      point(null);
      canvas.setPointerCapture(event.pointerId);
      trace = [];
      pull(held, ...at(event));
    },
    pointermove(event) {
      if (held) return pull(held, ...at(event));
      canvas.style.cursor = under(event) ? "crosshair" : "default";
      point(stepAt(scene(), places(), at(event)));
    },
    pointerleave() { point(null); },
    pointerup() { held = null; },
    pointercancel() { held = null; },
    click(event) { if (!still() && under(event, pinned())) refuse(); },
    keydown(event) {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const mark = handles()[0];
      if (!step || !mark || still() || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      const place = places()[mark.panel];
      const { x: across, y: up } = scene().panels[mark.panel];
      const from = link.latest[mark.name] ?? numbers(scene(), mark);
      const size = event.shiftKey ? 0.1 : 0.01;
      link.set(mark.name, valuesAt(mark, place.x + (fraction(across, from[0]) + step[0] * size) * place.w,
        place.y + (1 - fraction(up, from[1]) + step[1] * size) * place.h));
    },
  };
  for (const [name, listener] of Object.entries(on)) canvas.addEventListener(name, listener);
  return () => { for (const [name, listener] of Object.entries(on)) canvas.removeEventListener(name, listener); };
}

// a picture in a size and a form that may be saved in a notebook
async function packed(bitmap) {
  const shrink = Math.min(1, KEPT / bitmap.width);
  const small = new OffscreenCanvas(Math.round(bitmap.width * shrink), Math.round(bitmap.height * shrink));
  small.getContext("2d").drawImage(bitmap, 0, 0, small.width, small.height);
  const blob = await small.convertToBlob({ type: "image/webp", quality: 0.8 });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}

function add(parent, tag, properties) {
  return parent.appendChild(Object.assign(document.createElement(tag), properties));
}

export default { render };
