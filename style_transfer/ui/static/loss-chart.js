// Replaces the content of the chart. On a narrow page its two parts lie below each other.
const chart = element.querySelector("svg");
const narrow = matchMedia("(max-width: 47.5rem)");
let newest = null; // title and content
const BELOW = { plot: { width: "88%" }, layers: { x: 0, y: 140, width: "100%" } };

function draw() {
  if (!newest) return;
  chart.setAttribute("aria-label", newest.title);
  chart.innerHTML = newest.content;
  if (!narrow.matches) return;
  for (const [part, place] of Object.entries(BELOW)) {
    for (const [name, value] of Object.entries(place)) {
      chart.querySelector(`.${part}`)?.setAttribute(name, value);
    }
  }
}

narrow.addEventListener("change", draw);
document.addEventListener("view", ({ detail }) => {
  newest = detail["loss-chart"];
  draw();
});
