// Draws strokes over the picture as soon as they are made, until a picture comes that has them.
// What a stroke looks like here is close to what the run does; only pictures of the run are exact.
const image = () => document.querySelector("#canvas img");
const shown = () => document.querySelector("#canvas canvas");
const LONGEST = 1536; // px, of the longer side
const LIKE = "#6366f1"; // over what will be painted like a place; the run alone shows how
const AWAY = 20000; // px; a line is drawn so far outside that its soft shadow alone is seen
const [under, mask, dab, photo] = [0, 0, 0].map(() => document.createElement("canvas")).concat(new Image());
let strokes = [], current = null; // that no picture has yet; that is being made
let smeared = 0; // points of the current smear that have been drawn

const context = (canvas) => canvas.getContext("2d");

function sized() {
  const { naturalWidth, naturalHeight } = image();
  const ratio = Math.min(1, LONGEST / Math.max(naturalWidth, naturalHeight, 1));
  const [width, height] = [Math.round(naturalWidth * ratio), Math.round(naturalHeight * ratio)];
  for (const canvas of [shown(), under, mask]) {
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  }
  return width > 0 && height > 0;
}

const radiusOf = ({ radius }, { width, height }) => Math.max(1, radius * Math.max(width, height));
const pixels = ({ points }, { width, height }) => points.map(([x, y, p]) => [x * width, y * height, p]);

// Draws a soft line of a colour on the mask, which falls off towards the radius.
function line(stroke, color) {
  const pen = context(mask), radius = radiusOf(stroke, mask);
  pen.globalCompositeOperation = "source-over";
  pen.clearRect(0, 0, mask.width, mask.height);
  Object.assign(pen, { lineCap: "round", lineJoin: "round", lineWidth: 1.06 * radius });
  Object.assign(pen, { strokeStyle: color, shadowColor: color, shadowBlur: 0.44 * radius, shadowOffsetX: AWAY });
  pen.beginPath();
  const [[x, y], ...others] = pixels(stroke, mask);
  pen.moveTo(x - AWAY, y);
  for (const [nextX, nextY] of others.length ? others : [[x + 0.1, y]]) pen.lineTo(nextX - AWAY, nextY);
  pen.stroke();
  Object.assign(pen, { shadowColor: "transparent", globalCompositeOperation: "source-in" });
  return pen;
}

function smear(pen, stroke, from = 1) {
  const { canvas } = pen, radius = radiusOf(stroke, canvas), side = Math.ceil(2 * radius);
  const places = pixels(stroke, canvas), brush = context(dab);
  if (dab.width !== side) Object.assign(dab, { width: side, height: side });
  const soft = brush.createRadialGradient(radius, radius, 0, radius, radius, radius);
  for (const share of [0, 0.25, 0.5, 0.75, 1]) soft.addColorStop(share, `rgba(0, 0, 0, ${(1 - share ** 2) ** 2})`);
  for (let at = from; at < places.length; at++) {
    const [[x0, y0], [x1, y1, pressure]] = [places[at - 1], places[at]];
    const count = Math.ceil(Math.hypot(x1 - x0, y1 - y0) / (radius / 4));
    const place = (part) => [x0 + part * (x1 - x0) - radius, y0 + part * (y1 - y0) - radius];
    for (let number = 1; number <= count; number++) {
      const [x, y] = place((number - 1) / count);
      brush.globalCompositeOperation = "copy";
      brush.drawImage(canvas, x, y, side, side, 0, 0, side, side);
      brush.globalCompositeOperation = "destination-in";
      brush.fillStyle = soft;
      brush.fillRect(0, 0, side, side);
      pen.globalAlpha = stroke.strength * pressure;
      pen.drawImage(dab, ...place(number / count));
    }
  }
  pen.globalAlpha = 1;
}

// Does a stroke on a canvas; a clone takes from `source`.
function paint(pen, stroke, source) {
  if (stroke.kind === "smear") return smear(pen, stroke);
  const { width, height } = mask;
  const color = (stroke.color ?? []).map((value) => Math.round(255 * value));
  const tints = { color: `rgb(${color})`, like: LIKE };
  const soft = line(stroke, tints[stroke.kind] ?? "#fff");
  if (stroke.kind === "wipe" && photo.naturalWidth) soft.drawImage(photo, 0, 0, width, height);
  if (stroke.kind === "clone") soft.drawImage(source, -stroke.offset[0] * width, -stroke.offset[1] * height);
  const pressures = stroke.points.map((point) => point[2]);
  pen.globalAlpha = (stroke.kind === "like" ? 0.5 : 1) * (stroke.strength * pressures.reduce((sum, each) => sum + each, 0)) / pressures.length;
  pen.drawImage(mask, 0, 0);
  pen.globalAlpha = 1;
}

function drawCurrent() {
  const pen = context(shown());
  if (current.kind === "smear" && smeared) {
    smear(pen, current, smeared);
  } else {
    pen.drawImage(under, 0, 0);
    paint(pen, current, under);
  }
  smeared = current.points.length;
}

// Draws all anew: on a new picture, or where a stroke was made or taken back.
function draw() {
  const canvas = shown();
  canvas.classList.toggle("wet", Boolean(strokes.length || current));
  if (!(strokes.length || current)) return context(canvas).clearRect(0, 0, canvas.width, canvas.height);
  if (!sized()) return;
  const pen = context(under);
  pen.drawImage(image(), 0, 0, under.width, under.height);
  for (const stroke of strokes) {
    if (stroke.kind === "clone") context(canvas).drawImage(under, 0, 0);
    paint(pen, stroke, canvas);
  }
  context(canvas).drawImage(under, 0, 0);
  smeared = 0;
  if (current) drawCurrent();
}

document.addEventListener("wet", ({ detail }) => {
  strokes = detail;
  draw();
});
document.addEventListener("draw", ({ detail }) => {
  const began = !current !== !detail;
  current = detail;
  if (began || !current) draw();
  else drawCurrent();
});
document.addEventListener("picture", draw);
document.addEventListener("view", ({ detail }) => {
  const { photo: src } = detail.brushes;
  if (src && !photo.src.endsWith(src)) photo.src = src;
});
