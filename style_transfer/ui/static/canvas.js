// Shows the newest picture once it has come in whole, so that the canvas is never empty; leaves
// out those that newer ones overtook. The example stands still for those who want no motion.
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
      // It is gone already; the one before it stays.
    }
  }
  busy = false;
}

document.addEventListener("view", ({ detail }) => {
  newest = detail["live-image"];
  show();
});
show();
