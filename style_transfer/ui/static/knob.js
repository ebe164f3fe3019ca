// Numbers that stand as a slider and a field: what knobs.js and size.js share.
const range = (knob) => knob.querySelector("input[type=range]");
const number = (knob) => knob.querySelector("input[type=number]");

const FINEST = 0.001; // of numbers that are not whole, or the first places of a slider were all but the same
const ARROWS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 };

function valueAt(knob, place) {
  const { low, high, power, grain } = knob.dataset;
  if (place >= 1000) return Number(high);
  const value = Number(low) + (high - low) * Math.pow(place / 1000, power);
  if (grain > 0) return grain * Math.round(value / grain);
  return Number((FINEST * Math.round(value / FINEST)).toPrecision(2));
}

const fromPosition = (knob) => valueAt(knob, range(knob).value);

function toPosition(knob, value) {
  const { low, high, power } = knob.dataset;
  const place = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return Math.round(1000 * Math.pow(place, 1 / power));
}

function showNumber(knob, value) {
  if (document.activeElement !== number(knob)) number(knob).value = value;
  if (fromPosition(knob) !== value) range(knob).value = toPosition(knob, value);
  range(knob).style.setProperty("--filled", `${range(knob).value / 10}%`);
  range(knob).setAttribute("aria-valuetext", value);
  knob.classList.toggle("moved", value !== Number(knob.dataset.default));
}

// Returns the place on a slider, up or down from where it is, at which another value begins.
function nextPlace(slider, by, valueAt) {
  const present = Number(slider.getAttribute("aria-valuetext"));
  for (let place = Number(slider.value); place >= 0 && place <= slider.max; place += by)
    if (by * (valueAt(place) - present) > 0) return place;
}

// Lets arrows move an input to what `next` returns for up (1) or down (-1): a place is mostly less than
// the rounding of the value, and a number may be small beside 1. Where it returns nothing, the browser does.
function followArrows(input, keys, next) {
  input.addEventListener("keydown", (event) => {
    if (!keys.includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
    const value = next(ARROWS[event.key]);
    if (value === undefined) return;
    event.preventDefault();
    input.value = value;
    for (const type of ["input", "change"]) input.dispatchEvent(new Event(type, { bubbles: true }));
  });
}

function followSliderArrows(slider, valueAt) {
  followArrows(slider, Object.keys(ARROWS), (by) => nextPlace(slider, by, valueAt));
}

// Calls `choose` with each value that a hand gives to a number, and `show` to show the present one.
function followNumber(knob, choose, show) {
  range(knob).addEventListener("input", () => choose(fromPosition(knob)));
  // What is too small, or not whole, may be on the way to another number: it counts once that is typed, and
  // is refused in words then, as what is too large is at once.
  for (const type of ["input", "change"]) {
    number(knob).addEventListener(type, () => {
      const { valueAsNumber, validity } = number(knob);
      const isTyped = !(validity.rangeUnderflow || validity.stepMismatch);
      if (!isNaN(valueAsNumber) && isTyped === (type === "input")) choose(valueAsNumber);
    });
  }
  followSliderArrows(range(knob), (place) => valueAt(knob, place));
  if (!(knob.dataset.grain > 0)) {
    followArrows(number(knob), ["ArrowUp", "ArrowDown"], (by) => {
      const place = nextPlace(range(knob), by, (each) => valueAt(knob, each));
      return place === undefined ? place : valueAt(knob, place);
    });
  }
  number(knob).addEventListener("blur", show);
  knob.querySelector(".reset").addEventListener("click", () => {
    // To the slider: a field would bring up the keyboard of a phone.
    keepFocus(() => choose(Number(knob.dataset.default)), [range(knob)]);
    number(knob).value = knob.dataset.default;
  });
}
