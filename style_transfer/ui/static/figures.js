// Redraws what is in the drawing, which itself stays; on a narrow page its two parts lie below
// each other.
const drawing = element.querySelector("svg");
const narrow = matchMedia("(max-width: 760px)");
const BELOW = { plot: { width: "88%" }, layers: { x: 0, y: 140, width: "100%" } };

document.addEventListener("view", ({ detail: { figures } }) => {
  drawing.setAttribute("aria-label", figures.title);
  drawing.innerHTML = figures.content;
  if (!narrow.matches) return;
  for (const [part, place] of Object.entries(BELOW)) {
    for (const [name, value] of Object.entries(place)) {
      drawing.querySelector(`.${part}`)?.setAttribute(name, value);
    }
  }
});
