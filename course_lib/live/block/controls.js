// The controls beneath the picture, and the table of read-outs.

const PLAYS_FOR = 6000; // milliseconds from one end of a playing slider to the other

function makeControls(box, model, link, id) {
  const listeners = [];
  const players = [];
  for (const control of model.get("_controls")) {
    if (control.hidden) continue; // a row of the read-outs switches it
    const cell = add(box, "div", { className: `lf-control lf-${control.kind}` });
    const label = add(cell, "label", { textContent: control.label, htmlFor: `${id}-${control.name}` });
    if (control.color) cell.style.setProperty("--lf-own", `var(--lf-${control.color})`);
    const input = MAKERS[control.kind](cell, control, label);
    input.id = label.htmlFor;
    input.dataset.name = control.name;
    const show = () => input.show(model.get(control.name));
    input.addEventListener("input", () => link.set(control.name, control.values[input.position()]));
    model.on(`change:${control.name}`, show);
    listeners.push([`change:${control.name}`, show]);
    show();
    for (const event of ["pointerenter", "focus"]) {
      input.addEventListener(event, ({ buttons }) => { if (!buttons) link.look(control.name); });
    }
    if (control.plays) players.push(makePlayer(cell, control, input, link));
  }
  const files = add(box, "div", { className: "lf-buttons" });
  const reset = add(files, "button", { className: "lf-reset", type: "button", textContent: "Defaults" });
  reset.title = "Set everything back to where it was at first";
  reset.addEventListener("click", () => link.reset());
  const saver = makeSaver(files, model, id);
  return {
    enable(on) {
      for (const one of box.querySelectorAll("input, select, button")) one.disabled = !on;
      if (!on) players.forEach((player) => player.stop());
    },
    remove() {
      listeners.forEach(([event, show]) => model.off(event, show));
      players.forEach((player) => player.stop());
      saver.remove();
    },
  };
}

// the figure as a file: matplotlib draws it in the kernel, the browser stores it
function makeSaver(box, model, view) {
  const choice = add(box, "select", { className: "lf-save", title: "Save this figure as a file" });
  choice.setAttribute("aria-label", "Save this figure as a file");
  add(choice, "option", { textContent: "Save as …", value: "" });
  for (const format of model.get("_formats")) add(choice, "option", { textContent: format.toUpperCase(), value: format });
  choice.addEventListener("change", () => {
    const theme = box.closest(".lf").dataset.theme;
    if (choice.value) model.send({ save: choice.value, theme, view });
    choice.options[0].textContent = "Saving …";
    choice.value = "";
  });
  const received = (content, buffers) => {
    if (content.saved === undefined || content.view !== view) return;
    choice.options[0].textContent = "Save as …";
    if (!buffers.length) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([buffers[0]]));
    link.download = content.saved;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  model.on("msg:custom", received);
  return { remove() { model.off("msg:custom", received); } };
}

// a slider that moves by itself: play and stop, one step on, how fast
function makePlayer(cell, control, input, link) {
  const last = control.values.length - 1;
  const box = add(cell, "div", { className: "lf-player" });
  const back = add(box, "button", { type: "button", textContent: "−1", title: "One back" });
  const play = add(box, "button", { type: "button" });
  const next = add(box, "button", { type: "button", textContent: "+1", title: "One on" });
  const speed = add(box, "select", { title: "How fast" });
  speed.setAttribute("aria-label", "speed");
  for (const times of [0.25, 0.5, 1, 2, 4]) add(speed, "option", { textContent: `${times}×`, value: times, selected: times === 1 });
  let frame = 0;
  let before = 0;
  let at = 0;
  const show = () => {
    play.textContent = frame ? "❚❚" : "▶";
    play.title = frame ? "Stop" : "Play";
    play.setAttribute("aria-label", play.title);
  };
  const within = (position) => Math.max(0, Math.min(Math.floor(position), last));
  const go = (position) => link.set(control.name, control.values[within(position)]);
  const stop = () => { cancelAnimationFrame(frame); frame = 0; show(); };
  const tick = (now) => {
    if (input.position() !== within(at)) return stop(); // something else has moved it
    at += ((now - before) / PLAYS_FOR) * last * Number(speed.value);
    before = now;
    go(at);
    if (at >= last) stop();
    else frame = requestAnimationFrame(tick);
  };
  play.addEventListener("click", () => {
    if (frame) return stop();
    at = input.position() >= last ? 0 : input.position();
    before = performance.now();
    frame = requestAnimationFrame(tick);
    show();
  });
  next.addEventListener("click", () => { stop(); go(input.position() + 1); });
  back.addEventListener("click", () => { stop(); go(input.position() - 1); });
  input.addEventListener("input", stop);
  show();
  return { stop };
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

function fillReadouts(box, { columns = [], rows = [], notice = "", notice_state = "" }, model, link) {
  const shape = JSON.stringify([columns, rows.map(({ name, color, cells, toggles }) => [name, color, cells.length, toggles])]);
  if (box.dataset.shape !== shape) { // the cells are kept while a slider moves: only their texts change
    const focused = box.contains(document.activeElement) ? document.activeElement.textContent : "";
    box.dataset.shape = shape;
    box.replaceChildren();
    const table = add(box, "table", { hidden: !rows.length });
    const head = add(add(table, "thead", {}), "tr", {});
    for (const title of ["", ...columns]) add(head, "th", { textContent: title, scope: "col" });
    const body = add(table, "tbody", {});
    for (const row of rows) {
      const line = add(body, "tr", {});
      const name = add(line, "th", { scope: "row" });
      name.style.setProperty("--lf-own", `var(--lf-${row.color})`);
      name.dataset.dash = row.dash;
      makeName(name, row, model, link).focus(focused);
      for (const _ of row.cells) add(line, "td", {});
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

// the name of a row: plain, or a button that switches a trait, or a place that sets one while it is pointed at
function makeName(cell, { name, toggles, points_at }, model, link) {
  if (!toggles && !points_at) {
    cell.textContent = name;
    return { focus() {} };
  }
  const button = add(cell, "button", { type: "button", textContent: name, className: "lf-name" });
  if (toggles) {
    button.setAttribute("aria-pressed", String(model.get(toggles)));
    button.title = model.get(toggles) ? "Take out" : "Take in";
    button.addEventListener("click", () => link.set(toggles, !model.get(toggles)));
  } else {
    const normal = model.get("_controls").find((control) => control.name === points_at);
    const set = (value) => () => link.set(points_at, value);
    for (const event of ["pointerenter", "focus"]) button.addEventListener(event, set(name));
    for (const event of ["pointerleave", "blur"]) button.addEventListener(event, set(normal.values[normal.default]));
  }
  return { focus(words) { if (words === name) button.focus(); } };
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

