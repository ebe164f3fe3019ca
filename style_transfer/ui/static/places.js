// "Like this, here": the painting, in which a place is picked, and the list of the places that parts
// of the picture are painted like. A "place" event of the document says which is picked.
const find = (selector) => element.querySelector(selector);
const section = find("section"), painting = find(".painting"), image = find("img"), ring = find(".ring");
const choice = find("select"), size = find("[type=range]"), list = find("ul"), spoken = find("p.hidden");
const KEY_STEP = 0.01, LARGE_STEP = 0.05; // shares; the latter with Shift
let view = { paintings: [], picked: [] };
let picked = { style: 1, place: [0.5, 0.5, 0.12] };

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
const round = (value) => Math.round(Math.min(1, Math.max(0, value)) * 1e4) / 1e4;
const same = (one, other) => one.style === other.style && String(one.place) === String(other.place);
const addressOf = ({ style }) => view.paintings[style - 1] ?? view.paintings[0] ?? "";

function put() {
  const [x, y, radius] = picked.place, { clientWidth: width, clientHeight: height } = image;
  const side = 2 * radius * Math.max(width, height);
  Object.assign(ring.style, { left: `${100 * x}%`, top: `${100 * y}%`, width: `${side}px`, height: `${side}px` });
}

function show() {
  const src = addressOf(picked);
  if (image.getAttribute("src") !== src) image.src = src;
  if (choice.options.length !== view.paintings.length)
    choice.replaceChildren(...view.paintings.map((_, at) => new Option(`Style ${at + 1}`, at + 1)));
  choice.value = picked.style;
  choice.parentElement.hidden = view.paintings.length < 2;
  size.value = Math.round(100 * picked.place[2]);
  const { min, max, value } = size;
  size.style.setProperty("--filled", `${(100 * (value - min)) / (max - min)}%`);
  size.setAttribute("aria-valuetext", `${value} percent of the painting`);
  for (const item of list.children) item.classList.toggle("picked", same(item.entry, picked));
  put();
}

function pick(style, place) {
  const known = { style, place: place.map(round) };
  if (!same(known, picked)) tell("place", known);
}

// Draws the place of an entry, once the painting is there.
async function draw(canvas, entry) {
  const whole = new Image();
  whole.src = addressOf(entry);
  await whole.decode().catch(() => {});
  const { naturalWidth: width, naturalHeight: height } = whole, [x, y, radius] = entry.place;
  if (!width) return;
  const side = Math.min(width, height, 2 * radius * Math.max(width, height));
  const from = [x * width, y * height].map((at, axis) => Math.min([width, height][axis] - side, Math.max(0, at - side / 2)));
  canvas.getContext("2d").drawImage(whole, ...from, side, side, 0, 0, canvas.width, canvas.height);
}

function button(words, title, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", title });
  made.setAttribute("aria-label", title);
  made.append(words);
  made.addEventListener("click", act);
  return made;
}

function row(entry) {
  const item = document.createElement("li"), canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 80, height: 80 });
  draw(canvas, entry);
  const { style, place, count } = entry, [x, y] = place.map((value) => Math.round(100 * value));
  const where = `the place of style ${style} at ${x} percent across, ${y} percent down`;
  const strokes = document.createElement("span");
  strokes.textContent = count === 1 ? "1 stroke" : `${count} strokes`;
  const again = button(canvas, `Brush on with ${where}`, () => pick(style, place));
  const remove = button("×", `Remove ${where}`, () => {
    tell("stroke", { kind: "unlike", style, place });
    painting.focus({ preventScroll: true });
  });
  remove.className = "remove";
  item.entry = entry;
  item.append(again, strokes, remove);
  return item;
}

function showList() {
  list.replaceChildren(...view.picked.map(row));
  find(".title").hidden = !view.picked.length;
}

function at(event) {
  const box = image.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

let pointer = null;
painting.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !image.naturalWidth) return;
  pointer = event.pointerId;
  painting.setPointerCapture(pointer);
  pick(picked.style, [...at(event), picked.place[2]]);
});
painting.addEventListener("pointermove", (event) => {
  if (event.pointerId === pointer) pick(picked.style, [...at(event), picked.place[2]]);
});
for (const name of ["pointerup", "pointercancel"])
  painting.addEventListener(name, (event) => event.pointerId === pointer && (pointer = null));
painting.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const step = event.shiftKey ? LARGE_STEP : KEY_STEP, [x, y, radius] = picked.place;
  const moved = [x + step * steps[event.key][0], y + step * steps[event.key][1]].map(round);
  pick(picked.style, [...moved, radius]);
  const [across, down] = moved.map((value) => Math.round(100 * value));
  spoken.textContent = `${across} percent across, ${down} percent down`;
});
size.addEventListener("input", () => pick(picked.style, [...picked.place.slice(0, 2), size.value / 100]));
choice.addEventListener("change", () => pick(Number(choice.value), picked.place));
image.addEventListener("load", put);
new ResizeObserver(put).observe(image);
document.addEventListener("place", ({ detail }) => {
  picked = { style: detail.style, place: detail.place.map(round) };
  show();
});
document.addEventListener("brush", ({ detail }) => {
  const hide = detail?.kind !== "like";
  if (section.hidden !== hide) {
    section.hidden = hide;
    show();
  }
});
document.addEventListener("view", ({ detail: { places } }) => {
  const before = JSON.stringify(view);
  if (JSON.stringify(places) === before) return;
  view = places;
  if (picked.style > Math.max(1, view.paintings.length)) tell("place", { ...picked, style: 1 });
  showList();
  show();
});
show();
