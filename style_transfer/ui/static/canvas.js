// Shows the newest picture once it is decoded, so that the canvas is never empty. Pictures that newer
// ones overtook are left out. The example stands still for those who want no motion.
//
// A view names the newest preview. Where it also names an address of frames, these are fetched one
// after the other, each when the last is drawn; if that fails, the previews of the views are shown.
const image = element.querySelector("img");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const INTERVAL = 1000 / 30; // ms from one request for a frame to the next, at least
const PATIENCE = 6000; // ms after which an answer is given up
const PAUSE = 200; // ms before the next request where there was no frame
const FORGIVEN = 10000; // ms after which frames are asked for again where that failed
let shown = image.getAttribute("src");
let newest = props.value;
let busy = false;
let fetching = false, failed = -FORGIVEN, number = 0;

const wanted = () => (still.matches && newest.still) || newest.src;
const fetches = () =>
  newest.frames && !document.hidden && element.isConnected && performance.now() - failed >= FORGIVEN;

async function decoded(src) {
  const next = new Image();
  next.src = src;
  await next.decode();
}

// What draws strokes over the picture hears which of them are in it.
function put(src, { alt, mask }, stroke) {
  const before = image.src;
  Object.assign(image, { src, alt });
  if (before.startsWith("blob:")) URL.revokeObjectURL(before);
  image.style.maskImage = mask ? `url("${mask}")` : ""; // of a photo that is transparent in part
  document.dispatchEvent(new CustomEvent("picture", { detail: { stroke: stroke ?? 0 } }));
}

async function show() {
  if (busy || fetches()) return;
  busy = true;
  while (wanted() !== shown && !fetches()) {
    const drawn = newest;
    const src = (shown = wanted());
    try {
      await decoded(src);
      if (!fetches()) put(src, drawn, drawn.stroke);
    } catch {
      // Deleted already; the picture before it stays.
    }
  }
  busy = false;
}

// Shows the next frame, and returns the ms from this request to the next.
async function showFrame(address) {
  const answer = await fetch(`${address}&after=${number}`, { signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status === 204) return PAUSE; // the run has paused or ended, as the next view says
  const found = Number(answer.headers.get("frame-number"));
  if (!answer.ok || !found) throw new Error("no frame");
  const url = URL.createObjectURL(await answer.blob());
  try {
    await decoded(url);
    if (newest.frames !== address) return 0; // walked back, or another run, say
    put(url, newest, Number(answer.headers.get("stroke-number")));
  } finally {
    if (image.src !== url) URL.revokeObjectURL(url);
  }
  number = found;
  return INTERVAL;
}

async function fetchFrames() {
  if (fetching) return;
  fetching = true;
  while (fetches()) {
    const began = performance.now();
    let interval = 0;
    try {
      interval = await showFrame(newest.frames);
    } catch {
      failed = performance.now(); // perhaps a proxy is in the way
    }
    await new Promise((resume) => setTimeout(resume, began + interval - performance.now()));
  }
  fetching = false;
  shown = ""; // whatever is on the canvas, it is no preview
  show();
}

function update() {
  if (fetches()) fetchFrames();
  else show();
}

document.addEventListener("view", ({ detail }) => {
  newest = detail.canvas;
  update();
});
document.addEventListener("visibilitychange", update);
update();
