// Shows the newest picture once it is decoded, so that the canvas is never empty. Pictures that newer
// ones overtook are left out. The example stands still for those who want no motion.
const image = element.querySelector("img");
const still = matchMedia("(prefers-reduced-motion: reduce)");
let shown = image.getAttribute("src");
let newest = props.value;
let busy = false;

const wanted = () => (still.matches && newest.still) || newest.src;

async function show() {
  if (busy) return;
  busy = true;
  while (wanted() !== shown) {
    const { alt } = newest;
    const next = new Image();
    next.src = shown = wanted();
    try {
      await next.decode();
      Object.assign(image, { src: shown, alt });
    } catch {
      // Deleted already; the picture before it stays.
    }
  }
  busy = false;
}

document.addEventListener("view", ({ detail }) => {
  newest = detail.canvas;
  show();
});
show();
