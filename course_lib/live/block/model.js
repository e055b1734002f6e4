// A figure without a kernel: a model like anywidget's, whose every answer was computed beforehand (see canned.py). One
// control at a time is away from where the lesson put it.

const ALONE = "One control at a time: move another, and the first goes back to where the lesson put it. ";
const LIVE = "Run it live for the rest";
const OLD = "This browser cannot move the figure: it is from before 2023. ";
const MISSING = "The figure cannot be moved now: its file did not arrive. Load the page again. ";
const DAMAGED = "The figure cannot be moved: its file is damaged. ";
const UNKNOWN = "This was not computed beforehand: run the lesson live.";
const BROKEN = 2 ** 30; // a place that cannot be drawn, as in packing.py

async function play(el, address, { live = el.dataset.live } = {}) {
  const still = [...el.childNodes];
  const say = (words) => {
    const note = add(el, "p", { className: "lf-alone", textContent: words });
    if (live) add(note, "a", { href: live, textContent: LIVE });
    return note;
  };
  try {
    const model = makeModel(...await opened(address));
    const remove = render({ model, el });
    const root = el.lastElementChild;
    root.classList.add("lf-canned");
    model.paper = root.querySelector("canvas");
    still.forEach((node) => node.remove());
    root.append(say(ALONE));
    return () => { remove(); root.remove(); };
  } catch (error) {
    el.querySelector(".lf")?.remove();
    if (!(error instanceof Unplayable)) console.error(error);
    say(error instanceof Unplayable ? error.message : DAMAGED).setAttribute("role", "status");
    return null;
  }
}

class Unplayable extends Error {}

// the header of a file and all its numbers
async function opened(address) {
  if (!("DecompressionStream" in window)) throw new Unplayable(OLD);
  const answer = await fetch(address).catch(() => null);
  const file = answer?.ok && await answer.blob().catch(() => null);
  if (!file) throw new Unplayable(MISSING);
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const packed = head[0] === 0x1f && head[1] === 0x8b; // or the host has unpacked it already
  const bytes = await new Response(packed ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file).arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  return [JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))), new Uint8Array(bytes, 4 + length)];
}

function makeModel(header, bytes) {
  const { controls, state: base, parts, tables, grounds } = header;
  const integers = makeReader(header.blocks, bytes);
  const listeners = new Map();
  const sent = new Set(); // backgrounds, which need no second answer when a figure changes its size
  let count = 0;
  const drawable = (scene) => {
    const panels = scene.panels.map((place) => parts[place]);
    const marks = scene.marks.map((place) => parts[place]).map((mark) => (mark.kind === "handle"
      ? { ...mark, kind: "points", shape: "ring", size: 4, color: "text", pinned: true } : mark));
    return {
      ...scene, panels, marks, rows: scene.rows.map((place) => parts[place]), columns: parts[scene.columns],
      data: coordinates(header.blocks[scene.block], integers(scene.block), panels),
      error: "", count: ++count, milliseconds: Infinity, // so that nobody looks ahead: all is here
    };
  };
  const state = {
    ...base, _controls: controls, _points: {}, _palette: PALETTE, _formats: ["png"], _ask: header.ask,
    _scale: header.scale, _kept: null, _scene: drawable(header.scene),
  };
  const fire = (event, ...rest) => [...(listeners.get(event) ?? [])].forEach((listener) => listener(...rest));

  // where everything stands once a control has been moved, and what is seen then
  function move(name, value) {
    const found = tables[name]?.[controls.find((control) => control.name === name).values.indexOf(value)];
    const now = { ...base, [name]: value, ...found?.state };
    for (const [other, place] of Object.entries(now)) model.set(other, place);
    return found && !found.error ? drawable(found) : { ...state._scene, error: found?.error ?? UNKNOWN, count: ++count };
  }

  function back() {
    for (const [name, value] of Object.entries(base)) model.set(name, value);
    return drawable(header.scene);
  }

  async function answer(message) {
    const { view, number } = message;
    if (message.background) {
      const { background, theme } = message;
      const [at, size] = grounds[`${background}|${theme}`];
      if (sent.has(`${background}|${theme}`)) return;
      sent.add(`${background}|${theme}`);
      fire("msg:custom", { background, theme, view }, [bytes.subarray(at, at + size)]);
    } else if (message.ahead) {
      fire("msg:custom", { ...message, values: [], scenes: [], milliseconds: Infinity }, []);
    } else if (message.save) {
      const picture = await onPaper(model.paper, PALETTE[message.theme].page);
      fire("msg:custom", { saved: `${header.name}.png`, view }, [picture]);
    } else {
      const [name] = Object.keys(message.values);
      state._scene = { ...(message.reset ? back() : move(name, message.values[name])), view, number };
      fire("change:_scene");
    }
  }

  const model = {
    paper: null, // the canvas
    get: (name) => state[name],
    set(name, value) {
      if (keyOf(state[name]) === keyOf(value)) return;
      state[name] = value;
      fire(`change:${name}`);
    },
    on(event, listener) { listeners.set(event, new Set([...(listeners.get(event) ?? []), listener])); },
    off(event, listener) { listeners.get(event)?.delete(listener); },
    send(message) { queueMicrotask(() => answer(message)); }, // before the next picture
    save_changes() {},
  };
  return model;
}

// Reads a block of numbers the first time it is asked for, and those it is told as differences from.
function makeReader(heads, bytes) {
  const blocks = [];
  return (number) => {
    const missing = [];
    for (let one = number; one >= 0 && !blocks[one]; one = heads[one][1]) missing.unshift(one);
    for (const one of missing) blocks[one] = unpacked(bytes, heads[one], blocks[heads[one][1]] ?? []);
    return blocks[number];
  };
}

// the chunks of a block as integers; the modes are explained in packing.py
function unpacked(bytes, [start, , , places], before) {
  const counts = places.map(([, count, panel, mode]) => (panel < 0 ? 0 : mode & 4 ? count / 2 : count));
  const total = counts.reduce((sum, count) => sum + count, 0);
  let at = start;
  let shade = start + 4 * total;
  const column = (length, mode, known) => {
    const values = new Int32Array(length);
    for (let i = 0, sum = 0; i < length; i++, at++) {
      const folded = bytes[at] | (bytes[at + total] << 8) | (bytes[at + 2 * total] << 16) | (bytes[at + 3 * total] << 24);
      const fresh = (folded >>> 1) ^ -(folded & 1);
      sum = mode & 2 ? (sum + fresh) | 0 : fresh;
      values[i] = mode & 1 ? (known[Math.min(i, known.length - 1)] + sum) | 0 : sum;
    }
    return values;
  };
  return places.map(([, count, panel, mode], i) => {
    if (panel >= 0) {
      const x = mode & 4 ? null : column(count / 2, mode, before[i]?.x); // x left out counts the steps
      return { x, y: column(count / 2, mode, before[i]?.y) };
    }
    const shades = bytes.slice(shade, (shade += count));
    if (mode & 1) before[i].shades.forEach((known, j) => { shades[j] += known; });
    return { shades };
  });
}

// a scene's data as it comes from a kernel
function coordinates([, , size, places], chunks, panels) {
  const data = new DataView(new ArrayBuffer(size));
  places.forEach(([at, count, panel], i) => {
    const { x, y, shades } = chunks[i];
    if (shades) return new Uint8Array(data.buffer, at, count).set(shades);
    const pairs = new Float32Array(data.buffer, at, count);
    for (let j = 0; j < y.length; j++) {
      const drawn = y[j] !== BROKEN;
      pairs[2 * j] = !drawn ? NaN : x ? valueAt(panels[panel].x, x[j] / FINE) : j;
      pairs[2 * j + 1] = drawn ? valueAt(panels[panel].y, y[j] / FINE) : NaN;
    }
  });
  return data;
}

// a canvas on the page's colour, as the bytes of a PNG
async function onPaper(canvas, color) {
  const sheet = new OffscreenCanvas(canvas.width, canvas.height);
  const ctx = sheet.getContext("2d");
  ctx.fillStyle = color;
  ctx.fillRect(0, 0, sheet.width, sheet.height);
  ctx.drawImage(canvas, 0, 0);
  return new Uint8Array(await (await sheet.convertToBlob()).arrayBuffer());
}

export { play };
