// Feature maps: the strongest channels of a layer as small maps, one of them large.
const features = drawer.querySelector("#inside-features");
const [channelStrip, channelMaps] = features.querySelectorAll(".strip, .maps");
const channelNumber = features.querySelector("input");
const channelWords = features.querySelector(".words");
let chosenChannel = null; // null: the strongest
let shownChannel = "";
let channelsOf = ""; // the layer whose channel was chosen
const channelCell = (row, column) => `row ${row + 1}, column ${column + 1}`;
const linkedFeatures = [];
const featureMaps = {
  photo: new HeatMap(channelMaps, { title: "Photo", cell: channelCell, linked: linkedFeatures }),
  painting: new HeatMap(channelMaps, { title: "Painting", cell: channelCell }),
  picture: new HeatMap(channelMaps, { title: "Picture", cell: channelCell, linked: linkedFeatures }),
};

function pickChannel(channel) {
  [chosenChannel, channelsOf] = [channel, layerChoice.value];
  look();
}

function thumb(answer, channel, at) {
  const button = make("button", { type: "button", className: "thumb" });
  for (const name of Object.keys(featureMaps)) {
    const canvas = make("canvas");
    const { shape, data } = answer[`small_${name}`];
    const [, rows, columns] = shape;
    paint(canvas, columns, rows, (place, pixels, to) => {
      const from = 3 * data[at * rows * columns + place];
      for (let part = 0; part < 3; part++) pixels[to + part] = COLOURS.cividis[from + part];
      pixels[to + 3] = 255;
    });
    button.append(canvas);
  }
  button.append(make("span", { textContent: channel }));
  button.setAttribute("aria-label", `Channel ${channel}: photo, painting, picture`);
  button.setAttribute("aria-pressed", channel === answer.channel);
  button.addEventListener("click", () => pickChannel(channel));
  return button;
}

function showFeatures(answer) {
  const focused = [...channelStrip.children].indexOf(document.activeElement);
  channelStrip.replaceChildren(...answer.channels.map((channel, at) => thumb(answer, channel, at)));
  if (focused >= 0) channelStrip.children[focused]?.focus();
  channelNumber.max = answer.count - 1;
  if (document.activeElement !== channelNumber) channelNumber.value = answer.channel;
  const maps = Object.keys(featureMaps);
  const limit = Math.max(...maps.map((name) => largest(answer[name].data)));
  for (const name of maps) featureMaps[name].show({ ...answer[name], limit, signed: answer.signed });
  const shown = `${answer.layer} ${answer.channel}`;
  if (shown !== shownChannel) for (const name of maps) featureMaps[name].goToLargest();
  shownChannel = shown;
  channelWords.textContent =
    `Channel ${answer.channel} of ${answer.count} at ${answer.layer}: each place of a map says how ` +
    "strongly that channel answers there. Its place in the picture follows the photo's map; how strong " +
    "channels are together follows the painting's.";
}

channelNumber.addEventListener("change", () => {
  if (channelNumber.value !== "" && channelNumber.validity.valid) pickChannel(channelNumber.valueAsNumber);
});
lookers.features = [
  {
    show: "features",
    parameters: () =>
      chosenChannel !== null && channelsOf === layerChoice.value ? { channel: chosenChannel } : {},
    present: showFeatures,
  },
];
