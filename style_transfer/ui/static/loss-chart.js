// Replaces the content of the chart. On a narrow page its two parts lie below each other.
const chart = element.querySelector("svg");
const narrow = matchMedia("(max-width: 47.5rem)");
const BELOW = { plot: { width: "88%" }, layers: { x: 0, y: 140, width: "100%" } };

document.addEventListener("view", ({ detail }) => {
  const { title, content } = detail["loss-chart"];
  chart.setAttribute("aria-label", title);
  chart.innerHTML = content;
  if (!narrow.matches) return;
  for (const [part, place] of Object.entries(BELOW)) {
    for (const [name, value] of Object.entries(place)) {
      chart.querySelector(`.${part}`)?.setAttribute(name, value);
    }
  }
});
