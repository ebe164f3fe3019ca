// The style matrix of painting and picture, and their difference; the channels of a cell as maps.
const matrix = drawer.querySelector("#inside-matrix");
const [matrixWords, matrixMaps, pairMaps] = matrix.querySelectorAll(".words, .matrices, .pair-maps");
const pairTitle = matrix.querySelector("h3");
const linkedMatrices = [];
let channelOrder = []; // of the painting's layer, kept while the picture changes
let paintingMatrix = null; // { key, values }, sent once
let chosenPair = null; // channels
let pairTimer = 0;

const channelAt = (place) => channelOrder[place];
const pairName = (row, column) => `channels ${channelAt(row)} and ${channelAt(column)}`;
function choosePair(row, column) {
  clearTimeout(pairTimer); // asked for when the cursor has come to rest
  pairTimer = setTimeout(() => {
    chosenPair = [channelAt(row), channelAt(column)];
    look();
  }, 250);
}
const [ofPainting, ofPicture, ofDifference] = ["Painting", "Picture", "Picture − painting"].map((title) => {
  const map = new HeatMap(matrixMaps, { title, cell: pairName, linked: linkedMatrices, moved: choosePair });
  map.symmetric = true;
  return map;
});
const linkedPictures = [], linkedPaintings = [];
const pairHeat = ["one", "other"].map((which) => ({
  painting: new HeatMap(pairMaps, { title: "", cell: channelCell, linked: linkedPaintings }),
  picture: new HeatMap(pairMaps, { title: "", cell: channelCell, linked: linkedPictures }),
  which,
}));

// Returns a symmetric matrix in the order of the channels, from its upper triangle by rows.
function ordered({ data }, count) {
  const values = new Float32Array(count * count);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      const one = Math.min(channelAt(row), channelAt(column));
      const other = Math.max(channelAt(row), channelAt(column));
      values[row * count + column] = data[one * count - (one * (one - 1)) / 2 + other - one];
    }
  }
  return values;
}

function showMatrix(answer) {
  const { count } = answer;
  if (answer.order) {
    channelOrder = answer.order;
    paintingMatrix = { key: answer.key, values: ordered(answer.painting, count) };
  }
  const [painting, picture] = [paintingMatrix.values, ordered(answer.picture, count)];
  const difference = picture.map((value, at) => value - painting[at]);
  const limit = Math.max(largest(painting), largest(picture));
  const signed = painting.some((value) => value < 0) || picture.some((value) => value < 0);
  const shape = [count, count];
  ofPainting.show({ shape, data: painting, limit, signed });
  ofPicture.show({ shape, data: picture, limit, signed });
  ofDifference.show({ shape, data: difference, signed: true });
  matrixWords.textContent =
    `${answer.matrix} of the ${count} channels of ${answer.layer}, by the statistic ${answer.statistic}: ` +
    "channels that vary together in the painting are neighbours. Colours are by square roots. " +
    `Loss of this layer ${whichLoss()}: ${digits(answer.loss)}.`;
  if (!answer.order) return;
  ofPainting.goToLargest();
  choosePair(...ofPainting.at);
}

function showPair(answer) {
  const [one, other] = answer.channels;
  pairTitle.textContent = `Channels ${one} and ${other} as maps`;
  for (const { which, painting, picture } of pairHeat) {
    const channel = which === "one" ? one : other;
    const limit = Math.max(largest(answer[`${which}_painting`].data), largest(answer[`${which}_picture`].data));
    painting.rename(`Channel ${channel}, painting`);
    picture.rename(`Channel ${channel}, picture`);
    painting.show({ ...answer[`${which}_painting`], limit, signed: answer.signed });
    picture.show({ ...answer[`${which}_picture`], limit, signed: answer.signed });
  }
}

lookers.matrix = [
  { show: "matrix", present: showMatrix, known: () => paintingMatrix?.key },
  {
    show: "pair",
    parameters: () => (chosenPair ? { channels: chosenPair } : { idle: true }),
    present: showPair,
  },
];
