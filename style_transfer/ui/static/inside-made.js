// What one layer keeps: photo and painting made again from it alone, by a small run on demand.
const made = drawer.querySelector("#inside-made");
const madeParts = Object.fromEntries(
  [...made.querySelectorAll("[data-source]")].map((part) => [part.dataset.source, part]),
);
const MADE_PAUSE = 400; // ms between two pictures
let makingNow = ""; // the source that is being made

async function act(parameters) {
  const answer = await fetch(`${newestLook.address}?${new URLSearchParams(parameters)}`, { method: "POST" });
  if (!answer.ok) throw new Error((await answer.json()).error);
}

function showMade(source, { layer, made: step, steps, loss, picture, original }) {
  const [one, other] = madeParts[source].querySelectorAll("figure");
  paintPicture(one.querySelector("canvas"), original);
  paintPicture(other.querySelector("canvas"), picture);
  const words = `From ${layer} alone, step ${step} of ${steps}`;
  other.querySelector("canvas").setAttribute("aria-label", `The ${source} made again. ${words}`);
  other.querySelector("figcaption").textContent = words;
  const error = loss === null ? "" : `The layer's error is ${digits(loss)}: 1 is as large as what it is compared with.`;
  madeParts[source].querySelector(".hint").textContent = error;
}

function showMaking(source) {
  makingNow = source;
  for (const [name, part] of Object.entries(madeParts))
    part.querySelector("button").textContent = name === source ? "Stop" : `Make it from ${layerChoice.value}`;
}

async function makeAgain(source) {
  const said = madeParts[source].querySelector(".hint");
  let newest = null;
  said.textContent = "It begins with noise.";
  try {
    await act({ show: source, layer: layerChoice.value, painting: paintingChoice.value || 1 });
    showMaking(source);
    while (!newest?.ended && makingNow === source && inside.isOpen) {
      await new Promise((resume) => setTimeout(resume, MADE_PAUSE));
      const answer = await ask({ looker: {}, query: "show=made" });
      if (answer?.source !== source) continue;
      showMade(source, (newest = answer));
    }
    // By its button, by that of the other source, or since the drawer was shut.
    const reached = newest ? ` at step ${newest.made} of ${newest.steps}` : "";
    if (!newest || newest.made < newest.steps) said.textContent = `Stopped${reached}; make it again.`;
  } catch (error) {
    said.textContent = error.message;
  }
  if (makingNow === source) showMaking("");
}

for (const [source, part] of Object.entries(madeParts))
  part.querySelector("button").addEventListener("click", async () => {
    if (makingNow === source) {
      showMaking("");
      await act({ show: "stop" }).catch(() => {});
    } else makeAgain(source);
  });
layerChoice.addEventListener("change", () => showMaking(makingNow));
shownInside.push(() => showMaking(makingNow));
lookers.made = [];
