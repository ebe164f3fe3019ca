// Turns what mouse, finger, pen or keys do on the canvas into strokes: "draw" events of the document
// while one is made (null when it is taken back), then a "stroke" event. The toolbar says by "brush"
// events with what; places are shares of the picture's width and height.
const find = (selector) => document.querySelector(`#canvas ${selector}`);
const MAX_POINTS = 400, MAX_LENGTH = 11; // of a stroke; a longer one goes on as another
const SPACING = 1 / 8; // of the radius, between two points
const KEY_STEP = 0.01, LARGE_STEP = 0.05; // shares; the latter with Shift
let brush = null; // of the toolbar, null for none
let points = [], length = 0;
let picks = false; // the pointer that is down picks the source of a clone
let marker = [0.5, 0.5], byKeys = false;

const round = (value) => Math.round(value * 1e4) / 1e4; // finer than a pixel of any picture
const isPicking = () => brush.kind === "clone" && (brush.picking || !brush.source);
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

function stroke() {
  const { source, picking, ...made } = { ...brush, points: [...points] };
  // What is cloned begins at the source, whatever place the brush begins at.
  if (source && points.length) made.offset = source.map((value, axis) => round(value - points[0][axis]));
  return made;
}

// Returns the picture's place in the element, which it fills in one direction.
function frame() {
  const { naturalWidth, naturalHeight } = find("img"), box = find("canvas").getBoundingClientRect();
  const ratio = Math.min(box.width / naturalWidth, box.height / naturalHeight);
  const [width, height] = [naturalWidth * ratio, naturalHeight * ratio];
  return { box, width, height, left: (box.width - width) / 2, top: (box.height - height) / 2 };
}

function placeOf(event) {
  const { box, left, top, width, height } = frame();
  const within = (value) => Math.min(1.5, Math.max(-0.5, value));
  return [within((event.clientX - box.left - left) / width), within((event.clientY - box.top - top) / height)];
}

function put(element, [x, y], radius) {
  const { left, top, width, height } = frame(), side = 2 * radius * Math.max(width, height);
  Object.assign(element.style, { left: `${left + x * width}px`, top: `${top + y * height}px` });
  if (side) Object.assign(element.style, { width: `${side}px`, height: `${side}px` });
  element.hidden = false;
}

function add([x, y], pressure) {
  const last = points.at(-1);
  if (last) {
    const { width, height } = frame();
    const moved = Math.hypot((x - last[0]) * width, (y - last[1]) * height);
    if (moved < SPACING * brush.radius * Math.max(width, height)) return;
    length += Math.hypot(x - last[0], y - last[1]);
  }
  points.push([round(x), round(y), round(pressure)]);
  if (points.length < MAX_POINTS && length < MAX_LENGTH) return;
  const end = points.at(-1);
  finish();
  points = [end];
}

function begin(place, pressure) {
  points = [];
  length = 0;
  add(place, pressure);
  tell("draw", stroke());
}

function finish() {
  const made = stroke();
  points = [];
  length = 0;
  tell("draw", null);
  if (made.points.length > 1 || made.kind !== "smear") tell("stroke", made);
}

function cancel() {
  pointer = null;
  byKeys = false;
  points = [];
  tell("draw", null);
}

// A mouse has no pressure, and many screens know none.
const pressureOf = (event) => (event.pointerType === "pen" && event.pressure ? event.pressure : 1);

function down(event) {
  if (!begins(event, cancel)) return;
  event.target.focus({ preventScroll: true });
  pointer = event.pointerId;
  event.target.setPointerCapture(pointer);
  picks = isPicking();
  if (!picks) begin(placeOf(event), pressureOf(event));
  event.preventDefault();
}

function move(event) {
  if (event.pointerType !== "touch" && brush) put(find(".ring"), placeOf(event), brush.radius);
  if (event.pointerId !== pointer || picks) return;
  const all = event.getCoalescedEvents?.() ?? [];
  for (const each of all.length ? all : [event]) add(placeOf(each), pressureOf(event));
  tell("draw", stroke());
}

function up(event) {
  if (event.pointerId !== pointer) return;
  pointer = null;
  if (picks) tell("source", placeOf(event)); // not before, or a pinch would pick
  else finish();
}

function onKey(event) {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key in steps) {
    const step = event.shiftKey ? LARGE_STEP : KEY_STEP;
    marker = marker.map((value, axis) => Math.min(1, Math.max(0, value + step * steps[event.key][axis])));
    if (byKeys) {
      add(marker, 1);
      tell("draw", stroke());
    }
  } else if (event.key === " " || event.key === "Enter") {
    const draws = !byKeys && !isPicking();
    if (byKeys) finish();
    else if (draws) begin(marker, 1);
    else tell("source", marker);
    byKeys = draws;
  } else if (event.key === "Escape" && (byKeys || pointer !== null)) {
    cancel();
  } else {
    return;
  }
  event.preventDefault();
  put(find(".ring"), marker, brush.radius);
  const [x, y] = marker.map((value) => Math.round(100 * value));
  tell("marker", `${byKeys ? "Brush down" : "Brush up"}, ${x} percent across, ${y} percent down`);
}

function attach(canvas) {
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", (event) => event.pointerId === pointer && cancel());
  canvas.addEventListener("pointerleave", () => byKeys || (find(".ring").hidden = true));
  canvas.addEventListener("keydown", onKey);
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && put(find(".ring"), marker, brush.radius));
  canvas.addEventListener("blur", () => {
    if (byKeys) cancel();
    find(".ring").hidden = true;
  });
  // Or a tablet takes strokes for handwriting.
  canvas.addEventListener("touchmove", (event) => pointer !== null && event.cancelable && event.preventDefault(), { passive: false });
}

document.addEventListener("brush", ({ detail }) => {
  const canvas = find("canvas");
  if (!canvas.dataset.touched) attach(canvas);
  canvas.dataset.touched = "yes";
  if (!detail && (pointer !== null || byKeys)) cancel();
  brush = detail;
  canvas.tabIndex = brush ? 0 : -1;
  keepFocus(() => canvas.classList.toggle("touchable", Boolean(brush)), transportFocus());
  find(".ring").hidden ||= !brush;
  if (brush?.source) put(find(".source"), brush.source);
  else find(".source").hidden = true;
});
