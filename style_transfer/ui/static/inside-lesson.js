// A path for learners: five stops, each a tab and a layer of this view with a few words, and an address
// of its own. They are about the lecture's objective, the preset "Lecture".
const lesson = drawer.querySelector("#inside-lesson");
const stopBanner = drawer.querySelector(".stop");
const [stopTitle, stopText, stopLinks] = stopBanner.querySelectorAll("h3, p, div");
const stops = [...lesson.querySelectorAll("li")];
const LECTURE = lesson.dataset.lecture; // query of a link
const lecturePreset = () =>
  [...document.querySelectorAll("[data-preset]")].find((each) => each.textContent === "Lecture");
let currentStop = 0; // 0: none

function stopAddress(number) {
  const { tab, layer } = stops[number - 1].dataset;
  return `#${new URLSearchParams({ inside: tab, ...(layer && { layer }), stop: number })}`;
}

function goToStop(number) {
  currentStop = stops[number - 1] ? number : 0;
  stopBanner.hidden = !currentStop;
  if (!currentStop) return tellShown();
  const stop = stops[number - 1];
  const { tab, layer } = stop.dataset;
  if (layer) layerChoice.value = layer;
  stopTitle.textContent = `Stop ${number} of ${stops.length}: ${stop.querySelector("a").textContent}`;
  stopText.textContent = stop.querySelector("p").textContent;
  chooseTab(tab);
}

function stopButton(text, act) {
  const button = make("button", { type: "button", className: "pill", textContent: text });
  button.addEventListener("click", act);
  return button;
}

// Offers what the stop still lacks: the lecture's settings, a picture; and the way on.
function offerStop() {
  if (!currentStop) return;
  const offered = [];
  if (lecturePreset()?.getAttribute("aria-pressed") !== "true")
    offered.push(["Take the lecture's settings", () => (lecturePreset()?.click(), setTimeout(offerStop, 300))]);
  if (!newestLook.address) offered.push(["Start", () => document.getElementById("start").click()]);
  if (currentStop > 1) offered.push(["Back", () => goToStop(currentStop - 1)]);
  if (currentStop < stops.length) offered.push(["Next stop", () => goToStop(currentStop + 1)]);
  offered.push(["Leave the path", () => goToStop(0)]);
  const words = offered.map(([text]) => text).join();
  if (stopLinks.dataset.words === words) return;
  stopLinks.dataset.words = words;
  stopLinks.replaceChildren(...offered.map(([text, act]) => stopButton(text, act)));
}

stops.forEach((stop, at) => {
  const link = stop.querySelector("a");
  link.href = `?${LECTURE}${stopAddress(at + 1)}`;
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault(); // or the page would be loaded anew, and its picture lost
    goToStop(at + 1);
  });
});
addressParts.push(() => (currentStop ? new URLSearchParams(stopAddress(currentStop).slice(1)) : {}));
shownInside.push(offerStop);
document.addEventListener("view", offerStop);
