// The toolbar of brushes. Strokes are numbered and sent, one call after the other, until the page has
// heard that they arrived; they stay drawn over the picture until one comes that has them.
const find = (selector) => element.querySelector(selector);
const tools = find("fieldset");
const [hint, refusal, spoken] = element.querySelectorAll("p");
const MAX_SENT = 32; // strokes in one call
const PATIENCE = 10000; // ms after which a call is given up and made again
let state = { enabled: false, record: "", number: 0, count: 0, withdrawn: 0, hints: {} }; // as the server said last
let made = []; // strokes of this page on the picture, undos among them
let undone = []; // to be done again
let counter = 0, arrived = 0, shown = 0; // highest numbers: given, received by the server, in the picture
let sentAt = -Infinity; // when the call under way began
let source = null, picking = false;
let like = { style: 1, place: [0.5, 0.5, 0.12] }; // the place of a painting that is picked

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
const chosen = () => find("input[name=brush]:checked").value;
const share = (name) => Number(find(`[name=${name}]`).value) / 100;
const say = (place, text) => place.textContent !== text && (place.textContent = text);

// Returns the strokes of a list that no undo of it takes back, and how many further ones it does.
function inEffect(list) {
  const kept = [];
  let beyond = 0;
  for (const stroke of list) {
    if (stroke.kind !== "undo") kept.push(stroke);
    else if (!kept.pop()) beyond++;
  }
  return [kept, beyond];
}

const wet = () => made.filter(({ number }) => number > shown); // those that no picture has yet

function count() {
  const [kept, beyond] = inEffect(made.filter(({ number }) => number > state.number));
  return state.count + kept.length - beyond;
}

function enable() {
  tools.disabled = !state.enabled;
  find(".undo").disabled = !(count() > 0);
  find(".redo").disabled = !undone.length;
}

function show() {
  keepFocus(enable, [find(".undo"), find(".redo"), find("input[name=brush]:checked"), ...transportFocus()]);
  tools.dataset.brush = state.enabled ? chosen() : "";
  for (const range of element.querySelectorAll("[type=range]")) {
    const { min, max, value } = range;
    range.style.setProperty("--filled", `${(100 * (value - min)) / (max - min)}%`);
    range.setAttribute("aria-valuetext", `${value} percent`);
  }
  find(".of-clone").setAttribute("aria-pressed", picking || !source);
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(find("[name=color]").value.slice(at, at + 2), 16) / 255);
  const kind = state.enabled && chosen();
  const { hints } = state;
  say(hint, kind ? [hints[""], hints[kind]].filter(Boolean).join(" ") : "");
  const brush = kind && { kind, radius: share("radius"), strength: share("strength"), hold: share("hold") };
  if (kind === "wipe") brush.hold = 1; // back to the photo, to which the content loss draws anyway
  if (kind === "color") brush.color = [red, green, blue];
  const own = { clone: { source, picking }, like };
  tell("brush", brush ? { ...brush, ...own[kind] } : null);
}

function drawWet() {
  tell("wet", inEffect(wet())[0].filter(({ kind }) => kind !== "unlike"));
}

function send() {
  const waiting = made.filter(({ number }) => number > arrived).slice(0, MAX_SENT);
  if (!waiting.length || performance.now() - sentAt < PATIENCE) return;
  sentAt = performance.now();
  props.value = { strokes: waiting };
  trigger("input");
  setTimeout(send, PATIENCE + 100);
}

function add(stroke) {
  counter = Math.max(counter, state.number) + 1;
  made.push({ ...stroke, number: counter });
  drawWet();
  show();
  send();
}

function undo() {
  if (!(count() > 0)) return;
  const last = inEffect(made)[0].at(-1);
  if (last) undone.push(last);
  add({ kind: "undo" });
}

function redo() {
  const stroke = undone.pop();
  if (!stroke) return;
  const { number, ...again } = stroke;
  add(again);
}

// Another picture is on the canvas.
function forget() {
  made = [];
  undone = [];
  source = null;
  drawWet();
}

document.addEventListener("stroke", ({ detail }) => {
  undone = [];
  add(detail);
});
document.addEventListener("source", ({ detail }) => {
  source = detail;
  picking = false;
  say(spoken, "Source picked");
  show();
});
document.addEventListener("place", ({ detail: { style, place } }) => {
  like = { style, place };
  show();
});
// "Like this, here" for a place of the picture, as a first stroke.
document.addEventListener("like", ({ detail: { style, place, at } }) => {
  if (!state.enabled) return;
  find("input[value=like]").checked = true;
  tell("place", { style, place });
  tell("stroke", { kind: "like", style, place, points: [[...at, 1]], radius: share("radius"), strength: share("strength") });
  document.querySelector("#canvas").scrollIntoView({ block: "nearest" });
});
document.addEventListener("marker", ({ detail }) => say(spoken, detail));
document.addEventListener("picture", ({ detail }) => {
  const before = wet().length;
  shown = detail.stroke;
  if (wet().length !== before) drawWet();
});
document.addEventListener("view", ({ detail }) => {
  const { record } = state;
  state = detail.brushes;
  if (state.record !== record) forget();
  const before = made.length;
  made = made.filter(({ number }) => number > state.withdrawn || number <= shown);
  if (made.length !== before) drawWet();
  show();
});
watch("value", () => {
  if (!("arrived" in (props.value ?? {}))) return;
  arrived = Math.max(arrived, props.value.arrived);
  sentAt = -Infinity;
  say(refusal, props.value.refusal);
  if (props.value.refusal) {
    made = made.filter(({ number }) => number > arrived || number <= state.number);
    drawWet();
  }
  send();
});

tools.addEventListener("input", show);
find(".undo").addEventListener("click", undo);
find(".redo").addEventListener("click", redo);
find(".of-clone").addEventListener("click", () => {
  picking = true;
  show();
  document.querySelector("#canvas canvas").focus({ preventScroll: true });
});
function onKey(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", onKey);
  const notText = ["range", "radio", "checkbox", "color", "file"].map((type) => `[type=${type}]`);
  const typing = event.target.closest(`textarea, [contenteditable], input:not(${notText})`);
  const key = event.key.toLowerCase();
  if (typing || !(event.ctrlKey || event.metaKey) || event.altKey || !["y", "z"].includes(key)) return;
  // Always, or the browser would undo what was typed last, in a number far from here.
  event.preventDefault();
  if (!state.enabled) return;
  if (key === "y" || event.shiftKey) redo();
  else undo();
}
document.addEventListener("keydown", onKey);
show();
