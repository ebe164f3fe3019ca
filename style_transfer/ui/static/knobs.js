// Moves the knobs to the component's value, and the value to the knobs.
const find = (selector) => element.querySelector(selector);
const all = (selector) => [...element.querySelectorAll(selector)];
const knobs = all(".knob");
const layers = all("#style-layers .layer");
const weights = all("#style-weights .layer");
const switches = all("[data-switch]");
const choices = all("[data-choice]"); // each a menu or radio buttons
const defaultLayers = JSON.parse(find("#style-layers").dataset.default); // layers and weights
const HIGHEST_WEIGHT = 4, WEIGHT_POWER = 2; // the middle of a layer's slider is weight 1
const name = (knob) => knob.id.replaceAll("-", "_");
const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);

let own = props.value; // with all that a hand has moved
let moves = 0;
const movedAt = {}; // the newest move of each knob, by its number

function change(values) {
  moves += 1;
  for (const key of Object.keys(values)) movedAt[key] = moves;
  props.value = own = { ...props.value, ...values, moves };
  show();
  trigger("input");
}

// An answer may come late: what was moved after it was asked for stays.
function take() {
  const asked = props.value.moves ?? moves;
  const later = Object.keys(movedAt).filter((key) => movedAt[key] > asked);
  const kept = Object.fromEntries(later.map((key) => [key, own[key]]));
  own = { ...props.value, ...kept, moves };
  if (!equal(own, props.value)) {
    props.value = own; // at once, for calls that follow the answer
    setTimeout(() => trigger("change")); // for the link: Gradio tells of no change within a change
  }
  show();
}

const showKnob = (knob) => showNumber(knob, props.value[name(knob)]);

function weightAt(place) {
  const weight = HIGHEST_WEIGHT * Math.pow(place / 1000, WEIGHT_POWER);
  return Math.max(0.01, Number(weight.toPrecision(2)));
}

function showLayer(row) {
  const [box, slider, output] = row.querySelectorAll("input, output");
  const weight = props.value.style_layers[box.value] ?? 0;
  box.checked = weight > 0;
  slider.disabled = !weight;
  slider.value = 1000 * Math.pow(Math.min(1, weight / HIGHEST_WEIGHT), 1 / WEIGHT_POWER);
  slider.style.setProperty("--filled", `${slider.value / 10}%`);
  slider.setAttribute("aria-valuetext", weight);
  output.value = weight ? weight : "";
}

function show() {
  knobs.forEach(showKnob);
  layers.forEach(showLayer);
  find("#style-layers").classList.toggle("moved", !equal(props.value.style_layers, defaultLayers));
  weights.forEach((row, index) => {
    const [slider, output] = row.querySelectorAll("input, output");
    slider.value = 100 * props.value.style_weights[index];
    slider.style.setProperty("--filled", `${slider.value}%`);
    output.value = props.value.style_weights[index];
  });
  for (const each of switches) each.querySelector("input").checked = props.value[each.dataset.switch];
  for (const each of choices) {
    const chosen = props.value[each.dataset.choice], menu = each.querySelector("select");
    if (menu) menu.value = chosen;
    each.querySelectorAll("input").forEach((radio) => (radio.checked = radio.value === chosen));
  }
  all("[data-preset]").forEach((button) => {
    const wanted = Object.entries(JSON.parse(button.dataset.preset));
    const same = wanted.every(([key, value]) => equal(props.value[key], value));
    button.setAttribute("aria-pressed", same);
  });
}

for (const knob of knobs)
  followNumber(knob, (value) => change({ [name(knob)]: value }), () => showKnob(knob));

find("#style-layers .reset").addEventListener("click", () =>
  keepFocus(() => change({ style_layers: defaultLayers }), [find("#style-layers input")])
);

for (const row of layers) {
  const [box, slider] = row.querySelectorAll("input");
  const weigh = (weight) => {
    // From shallow to deep, as Python lists them, so that equal settings look equal.
    const weights = { ...props.value.style_layers, [box.value]: weight };
    const names = layers.map((each) => each.querySelector("input").value).filter((n) => weights[n]);
    change({ style_layers: Object.fromEntries(names.map((n) => [n, weights[n]])) });
  };
  box.addEventListener("change", () => weigh(box.checked ? 1 : 0));
  slider.addEventListener("input", () => weigh(weightAt(slider.value)));
  followSliderArrows(slider, weightAt);
}

weights.forEach((row, index) =>
  row.querySelector("input").addEventListener("input", (event) =>
    change({ style_weights: props.value.style_weights.with(index, event.target.value / 100) })
  )
);
for (const each of switches)
  each.addEventListener("change", (event) => change({ [each.dataset.switch]: event.target.checked }));
for (const each of choices)
  each.addEventListener("change", (event) => change({ [each.dataset.choice]: event.target.value }));
all("[data-preset]").forEach((button) =>
  button.addEventListener("click", () => change(JSON.parse(button.dataset.preset)))
);
// A change lets a picture have more steps than the knob says.
const now = document.createElement("small");
find("#steps label").append(now);
document.addEventListener("view", ({ detail: { status } }) => {
  now.textContent = status.steps > props.value.steps ? `now ${status.steps}` : "";
});
watch("value", take);
show();
