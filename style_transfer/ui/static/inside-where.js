// Where the picture is not yet like photo and painting, and which place of the painting a position of
// the picture is most like, joined to it by a line.
const where = drawer.querySelector("#inside-where");
const [whereWords, errorMaps, whyWords, whyMaps] = where.querySelectorAll(".words, .errors, .why, .why-maps");
const likeThis = where.querySelector(".like-this");
const linkedWhere = [], linkedPlaces = [];
let whyAt = null; // [row, column] of the picture's map that is asked about
let whyTimer = 0;

function askWhy(row, column) {
  clearTimeout(whyTimer);
  whyTimer = setTimeout(() => {
    whyAt = [row, column];
    look();
  }, 150);
}
const inPicture = { cell: channelCell, linked: linkedWhere, moved: askWhy };
const contentError = new HeatMap(errorMaps, { title: "Not yet like the photo", ...inPicture });
const styleError = new HeatMap(errorMaps, { title: "Not yet like the painting", ...inPicture });
const brightnessCell = (row, column) => `${channelCell(row, column)}, brightness`;
const askedPicture = new HeatMap(whyMaps, { title: "Picture", ...inPicture, cell: brightnessCell });
const foundPainting = new HeatMap(whyMaps, { title: "Painting", cell: brightnessCell, linked: linkedPlaces });
const likeness = new HeatMap(whyMaps, { title: "How like it each place is", cell: channelCell, linked: linkedPlaces });
const SVG = "http://www.w3.org/2000/svg";
const joined = document.createElementNS(SVG, "svg");
joined.setAttribute("class", "joined");
joined.setAttribute("aria-hidden", "true");
const joint = document.createElementNS(SVG, "path");
joined.append(joint);
whyMaps.append(joined);

function joinPlaces() {
  if (where.hidden || !foundPainting.data || !askedPicture.data) return;
  const box = whyMaps.getBoundingClientRect();
  const [from, to] = [askedPicture, foundPainting].map(({ cursor }) => {
    const { x, y, width, height } = cursor.getBoundingClientRect();
    return [x + width / 2 - box.x, y + height / 2 - box.y];
  });
  joint.setAttribute("d", `M${from}L${to}`);
}

function showWhere(answer) {
  contentError.show({ ...answer.content_map });
  styleError.show({ ...answer.style_map, signed: answer.signed });
  askedPicture.show({ ...answer.brightness, picture: answer.picture });
  const inObjective = answer.content_layer === answer.layer ? "the content loss after the step" : "of no weight: the content is compared elsewhere";
  contentError.say(`Mean ${digits(answer.content)}, ${inObjective}.`);
  const share = answer.weight > 0 ? `it weighs ${digits(answer.weight)} of the style` : "it is of no weight in the style";
  const below = answer.signed ? " Places below 0 make up for others: more of them would make it smaller." : "";
  styleError.say(`Mean ${digits(answer.style)}, the style loss of ${answer.layer} ${whichLoss()}; ${share}.${below}`);
  whereWords.textContent =
    `The error of ${answer.layer}, place by place: each map's mean is the loss itself. Regions that do not ` +
    "count stay clear.";
  const key = `${answer.layer} ${answer.content_map.shape}`;
  if (key === showWhere.key) return askWhy(...askedPicture.at);
  showWhere.key = key;
  styleError.goToLargest();
  askWhy(...askedPicture.at);
}

function showWhy(answer) {
  likeness.show({ ...answer.likeness, signed: true, rooted: false, limit: 1 });
  foundPainting.show({ ...answer.brightness, picture: answer.painting });
  foundPainting.move(...answer.place, false);
  const [row, column] = whyAt;
  whyWords.textContent =
    `Why like this, here? At ${answer.layer}, row ${row + 1}, column ${column + 1} of the picture is most like ` +
    `row ${answer.place[0] + 1}, column ${answer.place[1] + 1} of the painting: cosine ${digits(answer.cosine)}. ` +
    "Choose another place of the picture with pointer or arrow keys.";
  const { style, picked, at } = answer;
  likeThis.onclick = () => document.dispatchEvent(new CustomEvent("like", { detail: { style, place: picked, at } }));
  likeThis.disabled = false;
  joinPlaces();
}

lookers.where = [
  { show: "where", present: showWhere },
  {
    show: "why",
    parameters: () => (whyAt && askedPicture.data ? { at: whyAt, grid: [askedPicture.rows, askedPicture.columns] } : { idle: true }),
    present: showWhy,
  },
];
new ResizeObserver(joinPlaces).observe(whyMaps);
