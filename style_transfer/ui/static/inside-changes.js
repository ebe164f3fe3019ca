// What each term would change next: signed colour changes about grey, and their brightness to read.
const changes = drawer.querySelector("#inside-changes");
const [changeWords, changeMaps] = changes.querySelectorAll(".words, .maps");
const CHANGES = {
  content: "Photo (content)",
  style: "Painting (style)",
  layer: "Of the style, this layer",
  motifs: "Motifs",
  tv: "Smoothness (tv)",
};
const linkedChanges = [];
const changeHeat = Object.fromEntries(
  Object.entries(CHANGES).map(([term, title]) => [
    term,
    new HeatMap(changeMaps, { title, cell: brightnessCell, linked: linkedChanges }),
  ]),
);

function showChanges(answer) {
  for (const [term, map] of Object.entries(changeHeat)) {
    map.figure.hidden = !(term in answer.sizes);
    if (map.figure.hidden) continue;
    map.show({ ...answer[`${term}_change`], signed: true, picture: answer[`${term}_colors`], limit: answer.limit });
    map.say(`Size ${digits(answer.sizes[term])} (root mean square).`);
  }
  changeHeat.layer.rename(`Of the style, ${answer.layer}`);
  changeWords.textContent =
    `Where the objective pushes at step ${answer.of}: grey stays, lighter and darker colours are added, each by ` +
    "what one term alone would change, as means of small squares, all on the same scale. The step is made of " +
    `their sum${answer.share < 1 ? ", and of those at other sizes" : ""}. ` +
    "While it paints, they are computed anew every 30 steps at the most.";
}

lookers.changes = [{ show: "changes", present: showChanges }];
