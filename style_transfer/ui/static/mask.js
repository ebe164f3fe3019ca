// Paints a mask over the photo. Its canvas is made when the drawer is opened for the first time:
// white gets all styles, black none, a style's colour that style alone.
const find = (selector) => element.querySelector(selector);
const drawer = find("details");
const canvas = find("canvas");
const photo = find("img");
const LONGER_SIDE = 512; // px, of the mask
const MAX_UNDO = 20; // strokes
const before = [];
let last = null, sent = "", over = "";
let ready = false; // whether the canvas lies over the photo that is chosen

const brush = () => canvas.getContext("2d", { willReadFrequently: true });
// Our own JPEG of the photo, which every browser shows; the page's first photo is one already.
// Null is one that the server has not told yet.
const picture = () =>
  props.value.photo === null ? "" : props.value.photo || document.querySelector("#content-image img")?.src;

function clear() {
  const { naturalWidth: width, naturalHeight: height } = photo;
  const ratio = LONGER_SIDE / Math.max(width, height, 1);
  canvas.width = Math.max(32, Math.round(width * ratio));
  canvas.height = Math.max(32, Math.round(height * ratio));
  before.length = 0;
}

async function open() {
  const source = picture() && new URL(picture(), document.baseURI).href;
  if (!drawer.open || !source || photo.src === source) return;
  ready = false;
  photo.src = source;
  await photo.decode();
  clear();
  ready = true;
}

function send() {
  const { data } = brush().getImageData(0, 0, canvas.width, canvas.height);
  sent = data.some((value, index) => index % 4 === 3 && value) ? canvas.toDataURL("image/png") : "";
  props.value = { ...props.value, mask: sent };
  trigger("input");
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  const ratio = canvas.width / box.width;
  return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
}

function stroke(event) {
  const context = brush(), [x, y] = place(event);
  const color = find("input[name=pen]:checked").value;
  context.globalCompositeOperation = color ? "source-over" : "destination-out";
  context.strokeStyle = color || "#000";
  context.lineWidth = (find("[type=range]").value / 100) * canvas.width;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...(last ?? [x, y]));
  context.lineTo(x, y);
  context.stroke();
  last = [x, y];
}

function takeBack() {
  brush().putImageData(before.pop(), 0, 0);
}

function cancel() {
  if (before.length) takeBack(); // another photo has none
  pointer = last = null;
}

canvas.addEventListener("pointerdown", (event) => {
  if (!ready || !begins(event, cancel)) return;
  before.push(brush().getImageData(0, 0, canvas.width, canvas.height));
  if (before.length > MAX_UNDO) before.shift();
  canvas.setPointerCapture(event.pointerId);
  pointer = event.pointerId;
  stroke(event);
  event.preventDefault();
});
canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId === pointer) stroke(event);
});
canvas.addEventListener("pointerup", (event) => {
  if (event.pointerId !== pointer) return;
  pointer = last = null;
  send();
});
canvas.addEventListener("pointercancel", (event) => event.pointerId === pointer && cancel());
find("[type=file]").addEventListener("change", async ({ target }) => {
  if (!target.files.length || !ready) return;
  const mask = await createImageBitmap(target.files[0]).catch(() => null);
  find(".refusal").textContent = mask ? "" : `${target.files[0].name} cannot be read here; take a PNG or JPEG.`;
  target.value = ""; // or choosing the same file again would be no change
  if (!mask || !ready) return;
  const { width, height } = canvas, context = brush();
  before.push(context.getImageData(0, 0, width, height));
  context.globalCompositeOperation = "source-over";
  context.drawImage(mask, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height);
  for (let at = 0; at < pixels.data.length; at += 4) // white means unpainted
    if (Math.min(...pixels.data.slice(at, at + 3)) > 250) pixels.data[at + 3] = 0;
  context.putImageData(pixels, 0, 0);
  send();
});
find(".undo").addEventListener("click", () => {
  if (!before.length) return;
  takeBack();
  send();
});
find(".clear").addEventListener("click", () => {
  clear();
  send();
});
drawer.addEventListener("toggle", open);
watch("value", () => {
  if (props.value.mask === sent && props.value.photo === over) return;
  ({ mask: sent, photo: over } = props.value); // another photo was chosen
  ready = false;
  open();
  clear();
});
