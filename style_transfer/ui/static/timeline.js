// Walks through the previews of a run, by the slider and by the arrow keys anywhere on the page.
const slider = element.querySelector("input");
const words = element.querySelector("output");
const PATIENCE = 10000; // ms after which the server has not heard of a move of the slider
let walks = 0, touched = 0; // moves of the slider by hand; when the last one was
let run = ""; // that the slider walks through

function walk(at) {
  walks += 1;
  touched = performance.now();
  slider.value = at;
  props.value = { run, at: Number(slider.value), last: Number(slider.max), walks };
  trigger("input");
}

// Views that do not know where the slider was moved leave it alone.
function show(view) {
  const { last, at, text } = view;
  run = view.run;
  slider.max = Math.max(last, 0);
  slider.disabled = last < 1;
  if (view.walks >= walks || performance.now() - touched > PATIENCE) slider.value = at;
  slider.style.setProperty("--filled", `${last > 0 ? (100 * slider.value) / last : 0}%`);
  slider.setAttribute("aria-valuetext", text);
  words.value = text;
}

function onKey(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", onKey);
  // The first have a use for these keys of their own, the others for the space bar alone.
  const typing = "input, textarea, select, video, [role=tab], [role=application], [contenteditable]";
  const busy = event.key === " " ? `${typing}, button, summary, a` : typing;
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest(busy)) return;
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  if (event.key === " ") {
    document.querySelector("#pause:not([disabled])")?.click();
  } else if (event.key in steps && !slider.disabled) {
    walk(Number(slider.value) + steps[event.key]);
  } else {
    return;
  }
  event.preventDefault();
}

slider.addEventListener("input", () => walk(slider.value));
document.addEventListener("keydown", onKey);
document.addEventListener("view", ({ detail }) => show(detail.timeline));
