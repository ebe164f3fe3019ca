// The worked example: a small matrix to edit, and the three matrices that are made of it.
const example = drawer.querySelector("#inside-example");
const exampleTable = example.querySelector(".given");
const exampleRefusal = example.querySelector(".refusal");
const exampleCell = example.querySelector("output");
const exampleKinds = [...example.querySelectorAll("[data-matrix]")];
const exampleButtons = [...example.querySelectorAll("[data-rows]")];
const LARGEST = 1e6; // of an entry; larger ones would not fit into the tables
let given = JSON.parse(exampleButtons[0].dataset.rows);
let chosenCell = ["gram", 0, 1];

const neat = (value) => `${Number(value.toPrecision(4))}`.split("-").join("−");
const sum = (values) => values.reduce((total, value) => total + value, 0);
const inBrackets = (value) => (value < 0 ? `(${neat(value)})` : neat(value));
const meanOf = (row) => sum(row) / row.length;
const productsOf = (one, other) => sum(one.map((value, at) => value * other[at]));
const centred = (row) => row.map((value) => value - meanOf(row));

// Each returns the value of a cell and the words for how it is made.
const MATRICES = {
  gram(rows, i, j) {
    const parts = rows[i].map((value, at) => `${inBrackets(value)} × ${inBrackets(rows[j][at])}`);
    return [productsOf(rows[i], rows[j]), parts.join(" + ")];
  },
  covariance(rows, i, j) {
    const [one, other] = [centred(rows[i]), centred(rows[j])];
    const parts = one.map((value, at) => `${inBrackets(value)} × ${inBrackets(other[at])}`);
    const below = rows[i].length - 1;
    const words = `(${parts.join(" + ")}) / ${below}, of what is left when each row's mean is taken off`;
    return [productsOf(one, other) / below, words];
  },
  correlation(rows, i, j) {
    const of = (a, b) => MATRICES.covariance(rows, a, b)[0];
    const scale = Math.sqrt(of(i, i) * of(j, j));
    const words = `${neat(of(i, j))} / √(${neat(of(i, i))} × ${neat(of(j, j))}), covariance over both deviations`;
    return scale > 0 ? [of(i, j) / scale, words] : [0, "a row that never changes correlates with nothing: 0"];
  },
};

function sayCell() {
  const [kind, i, j] = chosenCell;
  const [value, words] = MATRICES[kind](given, i, j);
  const name = kind[0].toUpperCase() + kind.slice(1);
  exampleCell.value = `${name} of rows ${i + 1} and ${j + 1}: ${words} = ${neat(value)}`;
  for (const { dataset, children } of exampleKinds)
    for (const button of children[0].querySelectorAll("button"))
      button.setAttribute("aria-pressed", dataset.matrix === kind && button.dataset.at === `${i},${j}`);
}

function exampleResult(kind) {
  return given.map((_, i) =>
    make(
      "tr",
      {},
      ...given.map((_, j) => {
        const [value, words] = MATRICES[kind](given, i, j);
        const button = make("button", { type: "button", textContent: neat(value) });
        button.dataset.at = `${i},${j}`;
        button.setAttribute("aria-label", `${neat(value)}, rows ${i + 1} and ${j + 1}: ${words}`);
        const choose = () => ((chosenCell = [kind, i, j]), sayCell());
        button.addEventListener("click", choose);
        button.addEventListener("focus", choose);
        return make("td", {}, button);
      }),
    ),
  );
}

function showResults() {
  for (const place of exampleKinds) {
    const body = make("tbody", {}, ...exampleResult(place.dataset.matrix));
    place.replaceChildren(make("table", { className: "bracketed" }, body));
  }
  sayCell();
}

function readGiven() {
  const entries = [...exampleTable.querySelectorAll("input")];
  const values = entries.map((entry) => Number(entry.value.trim().split("−").join("-")));
  const wrong = entries.findIndex(
    (entry, at) => !entry.value.trim() || !(Math.abs(values[at]) <= LARGEST),
  );
  entries.forEach((entry, at) => entry.setAttribute("aria-invalid", at === wrong));
  if (wrong >= 0) {
    const { row, column } = entries[wrong].dataset;
    exampleRefusal.textContent =
      `“${entries[wrong].value}” in row ${row}, column ${column} is no number up to a million; ` +
      "write one such as 19 or −0.5. The matrices below are of the numbers before.";
    return;
  }
  exampleRefusal.textContent = "";
  const columns = given[0].length;
  given = given.map((row, at) => values.slice(at * columns, (at + 1) * columns));
  showResults();
}

function giveExample(rows) {
  given = rows;
  chosenCell = ["gram", 0, 1];
  exampleRefusal.textContent = "";
  const body = rows.map((row, i) =>
    make(
      "tr",
      {},
      ...row.map((value, j) => {
        const entry = make("input", { type: "text", inputMode: "decimal", autocomplete: "off", value });
        Object.assign(entry.dataset, { row: i + 1, column: j + 1 });
        entry.setAttribute("aria-label", `M, row ${i + 1}, column ${j + 1}`);
        entry.addEventListener("input", readGiven);
        return make("td", {}, entry);
      }),
    ),
  );
  exampleTable.replaceChildren(
    make("table", { className: "bracketed" }, make("tbody", {}, ...body)),
  );
  showResults();
}

for (const button of exampleButtons)
  button.addEventListener("click", () => giveExample(JSON.parse(button.dataset.rows)));
giveExample(given);
