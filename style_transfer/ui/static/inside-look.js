// Looking through the network: the choice of layer and painting, and the questions to the server,
// one at a time, while a tab is shown that needs them and the picture has changed.
const looked = drawer.querySelector(".looked");
const [layerChoice, paintingChoice] = looked.querySelectorAll("select");
const lookWords = looked.querySelector(".told");
// By tab, its questions: { show, parameters() with `idle` while there is nothing to ask, known() for what
// the server need not send again, present(answer) }. The first is about the picture; the others are
// about what it was answered with, and are asked again whenever it was.
const lookers = {};
const PAUSE = 500; // ms between two questions, at least
const FAILED = 3000; // ms after one that failed
let newestLook = {};
let asking = null; // the question under way, with an AbortController
let looping = false;

// Returns the first question of the tab whose answer is not shown yet, null where there is none.
function nextQuestion() {
  if (!inside.isOpen || document.hidden || !newestLook.address) return null;
  const [first] = lookers[inside.tab] ?? [];
  for (const looker of lookers[inside.tab] ?? []) {
    const own = looker.parameters?.() ?? {};
    if (own.idle) continue;
    const common = { show: looker.show, layer: layerChoice.value, painting: paintingChoice.value || 1 };
    const query = `${new URLSearchParams({ ...common, ...own })}`;
    const key = `${query} ${looker === first ? newestLook.moment : first.count}`;
    if (key !== looker.answered) return { looker, query, key };
  }
  return null;
}

// The objective has the losses that the step began with, of all paintings together.
const whichLoss = () => `after the step${newestLook.paintings > 1 ? ", by this painting alone" : ""}`;

// Returns the answer to a question: a header with its arrays by name; null where it is to be asked
// again later.
async function ask({ looker, query }, signal) {
  const known = looker.known?.();
  const answer = await fetch(`${newestLook.address}?${query}${known ? `&known=${known}` : ""}`, { signal });
  if (answer.status === 204) return null;
  if (!answer.ok) throw new Error((await answer.json()).error);
  const buffer = await answer.arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const kinds = { uint8: Uint8Array, float32: Float32Array };
  for (const { name, type, shape, at, count } of header.arrays)
    header[name] = { shape, data: new kinds[type](buffer, 4 + length + at, count) };
  return header;
}

async function answerNext(asked) {
  asking = { query: asked.query, control: new AbortController() };
  looked.classList.add("busy");
  try {
    const answer = await ask(asked, asking.control.signal);
    if (!answer) return PAUSE;
    asked.looker.answered = asked.key;
    asked.looker.count = (asked.looker.count ?? 0) + 1;
    asked.looker.present(answer);
    if (!answer.size) return 0;
    const size = `${answer.size[1]} × ${answer.size[0]} px`;
    const several = ", of several sizes the one that counts most: losses and changes are those at that size";
    lookWords.textContent =
      `${answer.name}, step ${answer.step}, as the network sees it at ${size}${answer.share < 1 ? several : ""}.`;
    return nextQuestion()?.looker === asked.looker ? PAUSE : 0;
  } catch (error) {
    if (error.name === "AbortError") return 0;
    lookWords.textContent = error.message;
    return FAILED;
  } finally {
    asking = null;
    looked.classList.remove("busy");
  }
}

async function look() {
  if (looping) {
    if (asking && asking.query !== nextQuestion()?.query) asking.control.abort();
    return;
  }
  looping = true;
  for (let asked = nextQuestion(); asked; asked = nextQuestion()) {
    const pause = await answerNext(asked);
    await new Promise((resume) => setTimeout(resume, pause));
  }
  looping = false;
}

function showChoices() {
  const own = new Set(newestLook.layers);
  for (const option of layerChoice.options) {
    const words = own.has(option.value) ? `${option.value} (style)` : option.value;
    if (option.text !== words) option.text = words;
  }
  const count = newestLook.paintings ?? 1;
  if (paintingChoice.options.length !== count) {
    const names = Array.from({ length: count }, (_, at) => new Option(`Style ${at + 1}`, at + 1));
    paintingChoice.replaceChildren(...names);
  }
  paintingChoice.parentElement.hidden = count < 2;
}

function followLook() {
  looked.hidden = !(inside.tab in lookers);
  drawer.classList.toggle("unpainted", !newestLook.address);
  if (inside.isOpen) showChoices();
  look();
}

document.addEventListener("view", ({ detail }) => {
  newestLook = detail.inside;
  followLook();
});
document.addEventListener("visibilitychange", look);
layerChoice.addEventListener("change", look);
paintingChoice.addEventListener("change", look);
shownInside.push(followLook);
