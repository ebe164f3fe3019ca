// Numbers that stand as a slider and a field: what knobs.js and size.js share.
const range = (knob) => knob.querySelector("input[type=range]");
const number = (knob) => knob.querySelector("input[type=number]");

function fromPosition(knob) {
  const { low, high, power, grain } = knob.dataset;
  const value = Number(low) + (high - low) * Math.pow(range(knob).value / 1000, power);
  if (range(knob).value === range(knob).max) return Number(high);
  return grain > 0 ? grain * Math.round(value / grain) : Number(value.toPrecision(2));
}

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

// Calls `choose` with each value that a hand gives to a number, and `show` to show the present one.
function followNumber(knob, choose, show) {
  range(knob).addEventListener("input", () => choose(fromPosition(knob)));
  number(knob).addEventListener("input", () => {
    const { value, valueAsNumber, validity } = number(knob);
    if (value !== "" && validity.valid) choose(valueAsNumber);
  });
  number(knob).addEventListener("blur", show);
  knob.querySelector(".reset").addEventListener("click", () => {
    choose(Number(knob.dataset.default));
    number(knob).value = knob.dataset.default;
  });
}
