// The objective with the numbers of the picture on the canvas in it; each factor leads to its knob.
const objective = drawer.querySelector("#inside-objective");
const [objectiveWords, formula, layerTable] = objective.querySelectorAll(".words, .formula, tbody");
const KNOBS = {
  alpha: "#alpha-number",
  beta: "#beta-number",
  motifs: "#motifs-number",
  tv: "#tv-number",
  "content layer": "#content-layer-choice",
  statistic: "#statistic input:checked, #statistic select",
};
let shownObjective = "";

function goToKnob(selector) {
  const knob = document.querySelector(selector);
  if (!knob) return;
  const section = knob.closest("details");
  if (section) section.open = true;
  knob.scrollIntoView({ block: "center" });
  knob.focus({ preventScroll: true });
}

function factor(name, value, selector, kind = "") {
  const button = make("button", { type: "button", className: `factor ${kind}`, title: "Go to its knob" });
  button.append(make("small", { textContent: name }), " ", make("b", { textContent: value }));
  button.addEventListener("click", () => goToKnob(selector));
  return button;
}

function term(name, value, kind = "") {
  const shown = make("span", { className: `factor ${kind}` });
  shown.append(make("small", { textContent: name }), make("b", { textContent: value }));
  return shown;
}

const sign = (text) => make("span", { className: "sign", textContent: text });
const group = (...parts) => make("span", { className: "group" }, ...parts);

function showFormula({ settings, losses, area }) {
  const paint = [term("style", digits(losses.style), "paint")];
  if ("motifs" in losses)
    paint.push(
      sign("+"),
      factor("motifs", digits(settings.motifs), KNOBS.motifs, "paint"),
      sign("×"),
      term("nearest places", digits(losses.motifs), "paint"),
    );
  const beta = [factor("β beta", digits(settings.beta), KNOBS.beta, "paint"), sign("×")];
  if (area < 0.995) beta.push(term("area painted", digits(area)), sign("×"));
  formula.replaceChildren(
    group(
      factor("α alpha", digits(settings.alpha), KNOBS.alpha, "photo"),
      sign("×"),
      term("content", digits(losses.content), "photo"),
    ),
    group(sign("+"), ...beta, ...(paint.length > 1 ? [sign("("), ...paint, sign(")")] : paint)),
    group(
      sign("+"),
      factor("tv", digits(settings.tv), KNOBS.tv),
      sign("×"),
      term("variation", digits(losses.tv)),
    ),
    group(sign("="), term("total", digits(losses.total), "total")),
  );
}

function showLayers({ settings, losses }) {
  const rows = Object.entries(settings.style_layers).filter(([layer]) => layer in losses);
  const weights = rows.reduce((sum, [, weight]) => sum + weight, 0);
  const most = Math.max(...rows.map(([layer, weight]) => (weight * losses[layer]) / weights));
  layerTable.replaceChildren(
    ...rows.map(([layer, weight]) => {
      const share = weight / weights;
      const cells = [digits(share), digits(losses[layer]), digits(share * losses[layer])];
      const head = make("th", { scope: "row" }, factor("", layer, `[data-layer="${layer}"]`));
      head.firstChild.setAttribute("aria-label", `${layer}: go to its weight`);
      const bar = make("td", { className: "bar" }, make("span"));
      bar.firstChild.style.width = `${most > 0 ? (100 * share * losses[layer]) / most : 0}%`;
      return make("tr", {}, head, ...cells.map((text) => make("td", { textContent: text })), bar);
    }),
  );
}

function showObjective(shown) {
  const text = JSON.stringify(shown);
  if (!inside.isOpen || text === shownObjective) return;
  shownObjective = text;
  objective.classList.toggle("empty", !shown.losses);
  if (!shown.losses) return;
  const { settings } = shown;
  objectiveWords.replaceChildren(
    `${shown.name}: the losses of the picture that step ${shown.step} began with. The content is compared at `,
    factor("", settings.content_layer, KNOBS["content layer"], "photo"),
    ", the style by the statistic ",
    factor("", settings.statistic, KNOBS.statistic, "paint"),
    "; each loss is relative, so 1 is an error as large as what is compared.",
  );
  showFormula(shown);
  showLayers(shown);
}

let newestObjective = {};
document.addEventListener("view", ({ detail }) => {
  newestObjective = detail.inside;
  showObjective(newestObjective);
});
shownInside.push(() => showObjective(newestObjective));
