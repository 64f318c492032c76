"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const REFERENCE = "reference";
const LAYERS = { picture: "Picture", flip: "FLIP", signed: "Brightness" };
const VIEWS = { slider: "Slider", grid: "Grid" };
const STEPS = [1 / 16, 1 / 8, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32];  // device pixels
const LENS = 5;                       // device pixels a pixel in the details
const CACHE = 48e6;                   // pixels kept decoded

// What is shown; all but `split` and `lens` stands in the address, so that a view can be passed on.
const state = { frame: "", spp: 0, left: "", right: "", view: "slider", layer: "picture", zoom: 0, x: 0, y: 0, ev: 0,
  split: 0.5, lens: null, pinned: false, flicker: false };

const frames = [...new Set(data.cases.map((one) => one.frame))];
const methods = [...data.methods, { name: REFERENCE, kind: "reference", passes: 0 }];
const ours = data.methods.find((one) => one.kind === "ours").name;
const current = () => data.cases.find((one) => one.frame === state.frame && one.spp === state.spp);
const shown = () => methods.filter((one) => one.name === REFERENCE || one.name in current().figures);
const passesOf = (name) => methods.find((one) => one.name === name).passes;
const kindOf = (name) => methods.find((one) => one.name === name).kind;
const ratio = () => window.devicePixelRatio || 1;

/* Pictures stand in the page as base64 text, and are decoded when they are first looked at. */
const cache = new Map();
let kept = 0;

function picture(name, layer = state.layer, one = current()) {
  const key = name === REFERENCE ? `${one.reference}` : `${one.pictures}/${data.methods.findIndex((m) => m.name === name)}/${layer}`;
  if (name === REFERENCE && layer !== "picture") return null;
  let image = cache.get(key);
  if (image) {
    cache.delete(key);  // to the end: the first is the longest unused
    cache.set(key, image);
    return image.ready ? image : null;
  }
  const text = document.getElementById(key);
  if (!text) return null;  // the page is still loading; it is drawn again when it is done
  image = new Image();
  cache.set(key, image);
  kept += one.width * one.height;
  for (const [old, other] of cache) {
    if (kept < CACHE || other === image) break;
    cache.delete(old);
    kept -= other.naturalWidth * other.naturalHeight;
  }
  image.onload = () => { image.ready = true; redraw(); };
  image.src = "data:image/webp;base64," + text.textContent;
  return null;
}

/* Drawing: every canvas shows the point (x, y) of the picture in its middle. */
function size(canvas) {
  const box = canvas.getBoundingClientRect();
  const width = Math.round(box.width * ratio()), height = Math.round(box.height * ratio());
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  return canvas.getContext("2d");
}

function place(canvas, view) {  // where the picture lies in the canvas, in device pixels
  const one = current();
  return { left: Math.round(canvas.width / 2 - view.x * view.zoom), top: Math.round(canvas.height / 2 - view.y * view.zoom),
    width: Math.round(one.width * view.zoom), height: Math.round(one.height * view.zoom) };
}

function paint(context, image, view, from = 0, to = context.canvas.width) {
  if (!image || to <= from) return;
  const at = place(context.canvas, view);
  context.save();
  context.beginPath();
  context.rect(from, 0, to - from, context.canvas.height);
  context.clip();
  context.imageSmoothingEnabled = view.zoom < 1;
  context.imageSmoothingQuality = "high";
  context.drawImage(image, at.left, at.top, at.width, at.height);
  context.restore();
}

function fitting(canvas) {  // whole pixels where that costs little size
  const one = current();
  const most = Math.min(canvas.width / one.width, canvas.height / one.height);
  return Math.floor(most) > 0.75 * most ? Math.floor(most) : most;
}

const mainCanvas = () => state.view === "grid" ? $("panels").querySelector("canvas") : $("wide");
const viewOf = (canvas) => state.zoom ? { zoom: state.zoom, x: state.x, y: state.y }
  : { zoom: fitting(canvas), x: current().width / 2, y: current().height / 2 };

let asked = false;
function redraw() {
  if (!asked) { asked = true; requestAnimationFrame(() => { asked = false; draw(); }); }
}

function draw() {
  const one = current(), wide = $("wide"), filter = state.ev && state.layer === "picture" ? "url(#expose)" : "";
  if (state.view === "slider") {
    const context = size(wide), view = viewOf(wide);
    context.clearRect(0, 0, wide.width, wide.height);
    const edge = Math.round(state.split * wide.width);
    if (state.flicker) paint(context, picture(state.left), view);
    else {
      paint(context, picture(state.left), view, 0, edge);
      paint(context, picture(state.right), view, edge);
    }
    wide.style.filter = filter;
    $("divider").style.left = `${edge / ratio()}px`;
    $("divider").hidden = state.flicker;
    if (state.lens) outline(context, view);
  }
  for (const figure of $("panels").children) {
    const canvas = figure.querySelector("canvas"), context = size(canvas);
    const view = state.view === "grid" ? viewOf(canvas) : { zoom: LENS * Math.max(1, Math.round(ratio())), ...state.lens };
    context.clearRect(0, 0, canvas.width, canvas.height);
    paint(context, picture(figure.dataset.method) || (figure.dataset.method === REFERENCE && picture(REFERENCE, "picture")), view);
    canvas.style.filter = filter;
  }
  $("magnification").textContent = `${Math.round(100 * viewOf(mainCanvas()).zoom)} %`;
  for (const near of [[0, 1], [0, -1], [1, 0], [-1, 0]]) {  // what a key would show next
    const next = neighbour(...near);
    if (next && document.readyState === "complete") for (const name of [state.left, state.right]) {
      if (name === REFERENCE || name in next.figures) picture(name, name === REFERENCE ? "picture" : state.layer, next);
    }
  }
  document.body.dataset.drawn = [...cache.values()].every((image) => image.ready) && one ? "yes" : "no";
}

function outline(context, view) {  // what the details show
  const lens = $("panels").querySelector("canvas"), at = place(context.canvas, view);
  const zoom = LENS * Math.max(1, Math.round(ratio()));
  const width = lens.width / zoom * view.zoom, height = lens.height / zoom * view.zoom;
  const left = at.left + state.lens.x * view.zoom - width / 2, top = at.top + state.lens.y * view.zoom - height / 2;
  for (const [colour, grown] of [["#000", 1], ["#fff", 0]]) {
    context.strokeStyle = colour;
    context.strokeRect(Math.round(left) - grown + 0.5, Math.round(top) - grown + 0.5, width + 2 * grown, height + 2 * grown);
  }
}

/* The controls. */
function number(value, digits) { return value === null || value === undefined ? "–" : value.toFixed(digits); }
function signed(value, digits) { return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits); }
function figuresOf(name) {
  const own = current().figures[name];
  return own ? `relMSE ${number(own.relmse, 4)}  ·  ${number(own.psnr, 2)} dB  ·  FLIP ${number(own.flip, 3)}`
    : `FLIP floor ${number(current().flip_floor, 3)}`;
}
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") for (const [event, does] of Object.entries(value)) made.addEventListener(event, does);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}
function buttons(where, choices, key) {
  where.querySelector("div")?.remove();
  where.append(element("div", {}, ...choices.map(([value, label]) =>
    element("button", { type: "button", "aria-pressed": String(state[key] === value), on: { click: () => set({ [key]: value }) } }, label))));
}
function options(where, names, value) {
  where.replaceChildren(...names.map((name) => element("option", name === value ? { selected: "" } : {}, name)));
  where.value = value;
}

function set(change) {
  Object.assign(state, change);
  if (!current()) state.spp = data.cases.find((one) => one.frame === state.frame).spp;
  for (const side of ["left", "right"]) if (!shown().some((one) => one.name === state[side])) state[side] = data.methods[0].name;
  if (("frame" in change || "spp" in change) && !state.pinned) state.lens = { ...current().look };
  const names = shown().map((one) => one.name);
  document.body.className = state.view;
  options($("frame"), frames, state.frame);
  options($("left"), names, state.left);
  options($("right"), names, state.right);
  buttons($("spp"), data.cases.filter((one) => one.frame === state.frame).map((one) => [one.spp, String(one.spp)]), "spp");
  buttons($("view"), Object.entries(VIEWS), "view");
  buttons($("layer"), Object.entries(LAYERS), "layer");
  $("left-figures").textContent = figuresOf(state.left);
  $("right-figures").textContent = figuresOf(state.right);
  $("exposure").value = state.ev;
  $("stops").textContent = state.ev ? signed(state.ev, 1) : "0";
  for (const channel of $("expose").querySelectorAll("feFuncR, feFuncG, feFuncB")) channel.setAttribute("slope", 2 ** state.ev);
  const scale = data.scales[state.layer];
  $("scale").hidden = !scale;
  if (scale) {
    const [low, high] = $("scale").querySelectorAll("span");
    [low.textContent, high.textContent] = scale.ends;
    $("scale").querySelector("i").style.background = `linear-gradient(90deg, ${scale.colours.join(",")})`;
  }
  $("hint").textContent = data.hints[state.layer] + (state.view === "slider"
    ? " The details below the picture open where ours is farthest from the reference; point at another place, click to stay there." : "");
  panels();
  for (const row of document.querySelectorAll("tr.jump")) {
    row.classList.toggle("here", row.dataset.frame === state.frame && Number(row.dataset.spp) === state.spp);
  }
  remember();
  redraw();
}

function panels() {
  const here = shown(), grid = state.view === "grid", one = current();
  const seen = (count) => Math.ceil(here.length / count) * (window.innerWidth / count * one.height / one.width + 60) < window.innerHeight - 90;
  const columns = grid ? [2, 3].find(seen) ?? 4 : here.length;  // as few as let all be seen at once
  $("panels").style.setProperty("--columns", columns);
  const best = bestOf(here.filter((method) => method.name in one.figures).map((method) => ({ method: method.name, ...one.figures[method.name] })));
  const wanted = here.map((method) => method.name).join("\n");
  if ($("panels").dataset.methods !== wanted) {
    $("panels").dataset.methods = wanted;
    $("panels").replaceChildren(...here.map((method) => {
      const figure = element("figure", { "data-method": method.name }, element("canvas"), element("figcaption"));
      const canvas = figure.querySelector("canvas");
      pannable(canvas, () => state.view === "grid");
      canvas.addEventListener("click", () => { if (state.view === "slider") set({ right: method.name }); });
      return figure;
    }));
  }
  for (const figure of $("panels").children) {
    const name = figure.dataset.method, own = one.figures[name];
    const caption = [element("span", { class: `dot ${kindOf(name)}` }), element("strong", {}, name), element("br")];
    if (own) {
      for (const [figure, text] of [["relmse", `relMSE ${number(own.relmse, 4)}`], ["psnr", `${number(own.psnr, 2)} dB`],
        ["flip", `FLIP ${number(own.flip, 4)}`], ["energy", `energy ${signed(100 * own.energy, 2)} %`]]) {
        caption.push(element("span", best.has(`${name} ${figure}`) ? { class: "best" } : {}, text));
      }
    } else caption.push(element("span", {}, "two halves, averaged"), element("span", {}, `FLIP floor ${number(one.flip_floor, 4)}`));
    figure.querySelector("figcaption").replaceChildren(...caption);
    figure.querySelector("canvas").style.aspectRatio = grid ? `${one.width} / ${one.height}` : "1";
  }
  const height = Math.min(one.height / one.width * window.innerWidth, Math.max(260, window.innerHeight - 370));
  $("stage").style.height = `${Math.round(height)}px`;
}

/* Which figures are the best of a frame: of the methods that use one pass, and of those that use two. */
function bestOf(rows) {
  const best = new Set();
  for (const [figure, sign] of [["relmse", 1], ["psnr", -1], ["flip", 1]]) {
    for (const passes of [1, 2]) {
      const own = rows.filter((one) => passesOf(one.method) === passes);
      const least = Math.min(...own.map((one) => sign * one[figure]));
      if (own.length > 1) for (const one of own) if (sign * one[figure] === least) best.add(`${one.method} ${figure}`);
    }
  }
  return best;
}

function neighbour(frameStep, sppStep) {
  const frame = frames[frames.indexOf(state.frame) + frameStep];
  const own = data.cases.filter((one) => one.frame === frame);
  const at = own.findIndex((one) => one.spp === state.spp);
  return own[(at < 0 ? 0 : at) + sppStep];
}
function go(frameStep, sppStep) {
  const next = neighbour(frameStep, sppStep);
  if (!next) return;
  const other = current();
  if (next.width !== other.width || next.height !== other.height) Object.assign(state, { zoom: 0, pinned: false });
  set({ frame: next.frame, spp: next.spp });
}
function choose(frame, spp) {
  state.zoom = 0;
  state.pinned = false;
  set({ frame, spp });
}

/* Zoom and pan, one for all methods. */
function magnify(direction, canvas = mainCanvas(), point = null) {
  const view = viewOf(canvas);
  const next = direction > 0 ? STEPS.find((step) => step > view.zoom * 1.01) : STEPS.findLast((step) => step < view.zoom * 0.99);
  if (!next) return;
  const away = point ? [point[0] - canvas.width / 2, point[1] - canvas.height / 2] : [0, 0];
  const focus = state.zoom || point || !state.lens ? view : { ...view, ...state.lens };
  moveTo(next, focus.x + away[0] / view.zoom - away[0] / next, focus.y + away[1] / view.zoom - away[1] / next);
}
function moveTo(zoom, x, y) {
  const one = current();
  Object.assign(state, { zoom, x: Math.min(Math.max(x, 0), one.width), y: Math.min(Math.max(y, 0), one.height) });
  remember();
  redraw();
}
function pointOn(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * ratio(), (event.clientY - box.top) * ratio()];
}
function pannable(canvas, when) {
  let last = null, moved = 0;
  canvas.addEventListener("wheel", (event) => {
    if (!when() || (state.view === "grid" && !event.ctrlKey)) return;  // the grid fills the window: there, the wheel scrolls
    event.preventDefault();
    magnify(event.deltaY < 0 ? 1 : -1, canvas, pointOn(canvas, event));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    if (!when() || event.button) return;
    last = pointOn(canvas, event);
    moved = 0;
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("dragged");
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!when()) return;
    const point = pointOn(canvas, event), view = viewOf(canvas);
    if (last) {
      moved += Math.abs(point[0] - last[0]) + Math.abs(point[1] - last[1]);
      moveTo(view.zoom, view.x - (point[0] - last[0]) / view.zoom, view.y - (point[1] - last[1]) / view.zoom);
      last = point;
    } else if (canvas === $("wide") && !state.pinned) aim(canvas, point);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (last && moved < 4 && canvas === $("wide")) {
      state.pinned = !state.pinned;
      aim(canvas, pointOn(canvas, event));
    }
    last = null;
    canvas.classList.remove("dragged");
  });
  canvas.addEventListener("dblclick", () => { if (when()) set({ zoom: 0 }); });
}
function aim(canvas, point) {
  const at = place(canvas, viewOf(canvas)), zoom = viewOf(canvas).zoom, one = current();
  const x = (point[0] - at.left) / zoom, y = (point[1] - at.top) / zoom;
  if (x < 0 || y < 0 || x > one.width || y > one.height) return;
  state.lens = { x, y };
  redraw();
}
function divide(x) {
  state.split = Math.min(Math.max(x / $("wide").width, 0), 1);
  $("divider").setAttribute("aria-valuenow", Math.round(100 * state.split));
  redraw();
}

const KEYS = [
  ["← →", "previous, next frame"], ["[ ]", "fewer, more samples a pixel"],
  ["1 – 9, 0", "method on the right; 0 is the reference. With Shift: on the left"],
  ["Space", "hold to see the left one over the whole picture: what changes, flickers"], ["X", "swap left and right"],
  ["E", "picture, map of FLIP, of brightness"], ["G", "slider, grid"], ["+ − F", "zoom in, out, fit"],
  ["W A S D", "pan"], ["J K", "divider to the left, right"], [", .", "darker, brighter"], ["?", "this list"],
];
function cycle(object, value) {
  const keys = Object.keys(object);
  return keys[(keys.indexOf(value) + 1) % keys.length];
}
function pan(dx, dy) {
  const view = viewOf(mainCanvas());
  moveTo(view.zoom, view.x + dx * 60 * ratio() / view.zoom, view.y + dy * 60 * ratio() / view.zoom);
}
function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || $("keys").open) return;
  const digit = /^Digit(\d)$/.exec(event.code);
  if (digit) {
    const names = shown().map((one) => one.name);
    const name = digit[1] === "0" ? REFERENCE : names[Number(digit[1]) - 1];
    if (name) set({ [event.shiftKey ? "left" : "right"]: name });
    return;
  }
  const inSelect = event.target.tagName === "SELECT" || event.target.type === "range";
  const does = {
    ArrowLeft: () => go(-1, 0), ArrowRight: () => go(1, 0), "[": () => go(0, -1), "]": () => go(0, 1),
    " ": () => { state.flicker = true; redraw(); }, x: () => set({ left: state.right, right: state.left }),
    e: () => set({ layer: cycle(LAYERS, state.layer) }), g: () => set({ view: cycle(VIEWS, state.view) }),
    "+": () => magnify(1), "=": () => magnify(1), "-": () => magnify(-1), f: () => set({ zoom: 0 }),
    w: () => pan(0, -1), a: () => pan(-1, 0), s: () => pan(0, 1), d: () => pan(1, 0),
    j: () => { state.split = Math.max(0, state.split - 0.02); redraw(); },
    k: () => { state.split = Math.min(1, state.split + 0.02); redraw(); },
    ",": () => set({ ev: Math.max(-2, state.ev - 0.5) }), ".": () => set({ ev: Math.min(4, state.ev + 0.5) }),
    "?": () => $("keys").showModal(),
  }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!does || (inSelect && event.key.startsWith("Arrow")) || (event.key === " " && event.target.tagName === "BUTTON")) return;
  event.preventDefault();
  does();
}

/* The address holds what is shown. */
const KEPT = { frame: String, spp: Number, left: String, right: String, view: String, layer: String, zoom: Number, x: Number, y: Number, ev: Number };
let remembering = 0;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    const words = new URLSearchParams();
    for (const key of Object.keys(KEPT)) {
      if (state[key] || key === "frame") words.set(key, typeof state[key] === "number" ? Number(state[key].toFixed(3)) : state[key]);
    }
    history.replaceState(null, "", `#${words}`);
  }, 150);
}
function recall() {
  const found = {};
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) if (key in KEPT) found[key] = KEPT[key](value);
  if (!frames.includes(found.frame)) delete found.frame;
  if (!(found.view in VIEWS)) delete found.view;
  if (!(found.layer in LAYERS)) delete found.layer;
  for (const key of ["zoom", "x", "y", "ev"]) if (!Number.isFinite(found[key])) delete found[key];
  return found;
}

pannable($("wide"), () => state.view === "slider");
$("divider").addEventListener("pointerdown", (event) => { event.preventDefault(); $("divider").setPointerCapture(event.pointerId); });
$("divider").addEventListener("pointermove", (event) => {
  if ($("divider").hasPointerCapture(event.pointerId)) divide(pointOn($("wide"), event)[0]);
});
$("divider").addEventListener("keydown", (event) => {
  if (!event.key.startsWith("Arrow")) return;
  event.stopPropagation();
  state.split = Math.min(1, Math.max(0, state.split + (event.key === "ArrowLeft" ? -0.02 : event.key === "ArrowRight" ? 0.02 : 0)));
  redraw();
});
$("frame").addEventListener("change", (event) => choose(event.target.value, state.spp));
for (const side of ["left", "right"]) $(side).addEventListener("change", (event) => { set({ [side]: event.target.value }); event.target.blur(); });
$("exposure").addEventListener("input", (event) => set({ ev: Number(event.target.value) }));
$("in").addEventListener("click", () => magnify(1));
$("out").addEventListener("click", () => magnify(-1));
$("fit").addEventListener("click", () => set({ zoom: 0 }));
$("help").addEventListener("click", () => $("keys").showModal());
$("keys").addEventListener("click", () => $("keys").close());
document.addEventListener("keydown", pressed);
document.addEventListener("keyup", (event) => { if (event.key === " ") { state.flicker = false; redraw(); } });
window.addEventListener("resize", () => set({}));
window.addEventListener("hashchange", () => set(recall()));
document.addEventListener("DOMContentLoaded", redraw);
window.addEventListener("load", redraw);
