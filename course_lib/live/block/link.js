// Values to Python: the newest wins and a few are in flight, so nothing can queue. While a slider is at hand, Python is also
// asked what the positions around it would show: a move that finds its scene here is drawn at once, and Python hears of
// it a little later. A point that is dragged moves on a lattice of pixels, whose next places are asked for in the same way.
// A slider that is dragged faster than Python draws shows every second, fourth, … position, until the hand rests.

const IN_FLIGHT = 2; // enough to hide the way there and back; with three the last picture comes later and none comes sooner
const PAUSE = 100; // milliseconds between values whose picture stands already
const AT_ONCE = 32; // positions asked for at most in one message
const NEAR = 8; // positions to either side that are asked for when a slider is only pointed at
const EFFORT = 500; // milliseconds of Python's work that a moving slider may ask for to either side, ...
const FAR = 60; // ... and positions
const AHEAD = 16; // lattice places ahead of a moving point, ...
const ASIDE = 2.5; // which may miss them by so much of a place for each place that it moves on
const MOST = 600; // scenes kept
const REST = 40; // milliseconds without a move after which a hand rests
const SMOOTH = 30; // pictures a second below which a dragged slider leaves out no more positions, ...
const SHARE = 0.6; // as long as Python is not asked for more than this part of its time
const SLOW = 30; // milliseconds a scene may take; a slower one would only keep Python from what is asked for

const keyOf = (value) => (Array.isArray(value) ? value.join() : value);

function makeLink(model, view, show) {
  const carriers = model.get("_points"); // points → the settings that follow them
  const controls = new Map(model.get("_controls").map((control) => [control.name, control]));
  const latest = {};
  let number = 0;
  let flying = 0;
  let pending = null;
  let standing = false; // whether the picture of the newest values is shown already
  let alive = true; // whether there is a kernel to send to
  let sent = 0;
  let timer = 0;

  let about = null; // the slider or point whose positions are known
  let place = null; // of a dragged point, which knows the places ahead of it
  let scenes = new Map(); // its values, as keys → what they show; null where Python could not tell
  let edition = 0; // of all other settings: what was asked for under another one is out of date
  let asked = null; // the keys of values asked for and not yet told, as a set
  let usual = model.get("_scene").milliseconds; // that the last scene took
  const each = new Map(); // slider → milliseconds that a scene foreseen took; every slider is tried once
  let moved = 0;
  let pace = 0; // positions a millisecond that the slider moves
  let way = 0; // its last direction
  let took = 0; // milliseconds from asking what lies ahead to the answer
  let stride = 1; // of the positions that a dragged slider shows
  let hand = null; // the position where the hand is, which may lie between two that are shown
  let resting = 0; // the timer that waits for the hand to rest; 0 once it does

  function flush() {
    if (!alive || !pending || flying >= (standing ? 1 : IN_FLIGHT)) return;
    if (asked?.edition === edition && (asked.has(keyOf(pending.values[about])) || resting)) return; // a picture is on the way
    const wait = standing ? sent + PAUSE - performance.now() : 0;
    if (wait > 0) {
      timer ||= setTimeout(() => { timer = 0; flush(); }, wait);
      return;
    }
    model.send({ ...pending, view, number: ++number });
    pending = null;
    flying += 1;
    sent = performance.now();
  }

  function still() {
    clearTimeout(resting);
    resting = 0;
    stride = 1;
  }

  function forget(slider = null) {
    about = slider;
    scenes = new Map();
    edition += 1;
    standing = false;
  }

  // ask for the positions not yet known that are nearest to where the hand will be, those it moves towards first
  function look(name) {
    if (controls.get(name)?.kind !== "slider" && !(place && name in carriers)) return;
    if (about !== name) forget(name);
    const first = pending && (pending.reset || Object.keys(pending.values).some((other) => other !== name));
    const cost = Math.min(usual, each.get(name) ?? 0);
    if (!alive || asked || first || cost > SLOW) return; // first: Python must know what has been set already
    const wanted = (controls.has(name) ? positions(controls.get(name), cost) : place.ahead())
      .filter((value) => !scenes.has(keyOf(value))).slice(0, AT_ONCE);
    if (!wanted.length) return;
    if (scenes.size > MOST) scenes = new Map();
    asked = Object.assign(new Set(wanted.map(keyOf)), { edition, since: performance.now() });
    model.send({ ahead: name, values: wanted, view, edition });
  }

  // how many positions further a moving slider will be when the answer comes
  const lead = () => (performance.now() - moved < PAUSE ? pace * took : 0);

  function positions({ name, values }, cost) {
    const at = nearest(values, model.get(name)) + lead();
    const far = Math.min(EFFORT / cost, performance.now() - moved < 1000 ? FAR : NEAR);
    const away = (i) => Math.abs(i - at) * (Math.sign(i - at) === way ? 1 : 2);
    const near = values.map((_, i) => i).filter((i) => i % stride === 0 && Math.abs(i - at) <= far * stride);
    return near.sort((i, j) => away(i) - away(j)).map((i) => values[i]);
  }

  // see where a slider goes and how fast; a rest or a turn begins anew
  function follow(from, to) {
    const gone = to - from;
    const now = gone / Math.max(performance.now() - moved, 1);
    way = Math.sign(gone) || way;
    pace = performance.now() - moved < PAUSE && pace * now > 0 ? (pace + now) / 2 : now;
  }

  // the position to show where a hand drags a slider: its own if that is known, or else the last of the stride that it passed
  function passed({ name, values }, position) {
    const cost = each.get(name) ?? SLOW;
    const [speed, sign] = [Math.abs(pace), way || 1];
    const fewest = cost > SLOW ? 0 : (speed * Math.min(usual, cost)) / SHARE; // that Python can keep up with
    stride = 2 ** Math.max(0, Math.floor(Math.log2(Math.min(2 * fewest, (1000 * speed) / SMOOTH))));
    if (scenes.has(keyOf(values[position]))) return position;
    const last = Math.min(sign * stride * Math.floor((sign * position) / stride), values.length - 1);
    const now = nearest(values, model.get(name));
    return (now - last) * (now - position) < 0 ? now : last;
  }

  // the places that a point comes to next if it goes on as it moves, the nearest to where it will be first
  function ahead(value, across, down) {
    const length = Math.hypot(across, down);
    if (!length) return [];
    const [u, v] = [across / length, down / length];
    const lag = Math.min(lead(), 2 * AHEAD); // a flick of the hand is followed no farther
    const far = Math.ceil(AHEAD + lag);
    const found = [];
    for (let i = -far; i <= far; i++) for (let j = -far; j <= far; j++) {
      const along = i * u + j * v;
      const aside = Math.abs(j * u - i * v);
      if (along > 0 && along <= far) found.push({ i, j, away: Math.abs(along - lag) * (along < lag ? 2 : 1) + ASIDE * aside });
    }
    return found.sort((a, b) => a.away - b.away).slice(0, 2 * AT_ONCE).map(({ i, j }) => value(i, j));
  }

  function foreseen(content, buffers) {
    if (content.ahead === undefined || content.view !== view) return;
    if (asked) took = performance.now() - asked.since;
    asked = null;
    each.set(content.ahead, content.milliseconds);
    if (content.edition === edition) {
      content.values.forEach((value, i) => {
        const scene = content.scenes[i];
        scenes.set(keyOf(value), scene && { ...scene, data: buffers[scene.buffer] });
      });
    }
    if (!standing) meet();
    if (resting) look(about); // a moving hand waits for what lies ahead of it, not for what it has passed
    flush();
    look(about);
  }

  // show the newest value at once if it is known
  function meet() {
    const scene = pending && scenes.get(keyOf(pending.values[about]));
    standing = Boolean(scene);
    if (scene) show(scene);
  }

  const carried = () => controls.get(about)?.carries ?? carriers[about];
  const listeners = [...controls.keys(), ...Object.keys(carriers)].map((name) => [`change:${name}`, () => {
    if (about && name !== about && !carried().includes(name)) forget();
  }]);
  for (const [event, listener] of listeners) model.on(event, listener);
  model.on("msg:custom", foreseen);

  return {
    latest, // what this view last asked for, which may be ahead of the picture
    look,
    // a point to a place on a lattice: `value` says what the places around it are, as a function of steps across and down;
    // it came so far across and down in so many milliseconds
    drag(name, value, across, down, milliseconds) {
      pace = Math.hypot(across, down) / Math.max(milliseconds, 1);
      this.set(name, value(0, 0), { ahead: () => ahead(value, across, down) });
    },
    // a control to one of its positions, dragged there by a hand or put there
    move(name, position, dragged) {
      const control = controls.get(name);
      follow(resting ? hand.position : nearest(control.values, model.get(name)), position);
      still();
      hand = { name, position };
      if (dragged) resting = setTimeout(() => this.rest(), REST);
      const value = control.values[dragged ? passed(control, position) : position];
      if (dragged && value === model.get(name)) {
        moved = performance.now();
        look(name);
      } else this.set(name, value);
    },
    // what the hand points at is shown once it rests
    rest() {
      if (!resting) return;
      still();
      const value = controls.get(hand.name).values[hand.position];
      if (model.get(hand.name) !== value) this.set(hand.name, value);
      else flush();
    },
    set(name, value, at = null) {
      place = at;
      moved = performance.now();
      latest[name] = value;
      pending = { ...pending, values: { ...pending?.values, [name]: value } };
      model.set(name, value); // the other views follow; Python does not send it back
      meet();
      flush();
      look(name);
    },
    reset() {
      still();
      for (const name of Object.keys(latest)) delete latest[name];
      forget();
      pending = { reset: true, values: {} };
      flush();
    },
    answered(scene) {
      const mine = scene.view === view;
      alive = true;
      usual = scene.milliseconds;
      if (mine) {
        flying = number - scene.number;
        if (!flying && !pending) for (const name of Object.keys(latest)) delete latest[name];
        flush();
      } else forget(about);
      if (!standing || scene.error) show(scene);
      if (mine) look(about);
    },
    gone() { alive = false; },
    remove() {
      still();
      clearTimeout(timer);
      for (const [event, listener] of listeners) model.off(event, listener);
      model.off("msg:custom", foreseen);
    },
  };
}
