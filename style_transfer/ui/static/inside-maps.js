// Heat maps and pictures on canvases. A map can be read with the pointer, by arrow keys and by a
// screen reader: it says the cell under its cursor, and has a table of its ten largest cells.
const PALETTES = {
  // Nuñez, Anderton and Renslow 2018, cividis; Crameri 2018, vik, which diverges about its middle.
  cividis: "00204d 00336f 39486b 575c6d 707173 8a8779 a69d75 c4b56c e4cf5b ffea46",
  vik: "001260 023e7d 1d6e9c 71a7c4 c9dde7 f5ece5 eacebd d29773 bd6432 8b2706 590007",
};
const LEVELS = 256;
const LISTED = 10; // cells in the table of a map

function paletteColours(name) {
  const stops = PALETTES[name].split(" ").map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const colours = new Uint8Array(3 * LEVELS);
  for (let level = 0; level < LEVELS; level++) {
    const place = (level / (LEVELS - 1)) * (stops.length - 1);
    const below = Math.min(Math.floor(place), stops.length - 2);
    for (let part = 0; part < 3; part++) {
      const [one, other] = [stops[below][part], stops[below + 1][part]];
      colours[3 * level + part] = Math.round(one + (other - one) * (place - below));
    }
  }
  return colours;
}
const COLOURS = { cividis: paletteColours("cividis"), vik: paletteColours("vik") };

function paint(canvas, width, height, colourAt) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let at = 0; at < width * height; at++) colourAt(at, image.data, 4 * at);
  context.putImageData(image, 0, 0);
}

// Draws RGB bytes, three for a pixel.
function paintPicture(canvas, { data, shape: [height, width] }) {
  paint(canvas, width, height, (at, pixels, to) => {
    for (let part = 0; part < 3; part++) pixels[to + part] = data[3 * at + part];
    pixels[to + 3] = 255;
  });
}

let heatMaps = 0; // made so far, for ids

class HeatMap {
  // `title` names it; `cell(row, column)` says in words which cell that is. Maps in one `linked` list
  // share their cursor, and `moved(row, column)` is called when it was moved by hand.
  constructor(place, { title, cell, linked = [], moved = () => {}, words = "" }) {
    const id = `heat-map-${++heatMaps}`;
    this.cell = cell;
    this.linked = linked;
    this.moved = moved;
    this.at = [0, 0];
    linked.push(this);
    this.canvas = make("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.cursor = make("i", { className: "cursor" });
    this.plot = make("div", { className: "plot", tabIndex: 0 }, this.canvas, this.cursor);
    const named = { role: "application", "aria-roledescription": "heat map", "aria-labelledby": `${id}-title`, "aria-describedby": `${id}-words` };
    for (const [name, value] of Object.entries(named)) this.plot.setAttribute(name, value);
    this.low = make("span");
    this.high = make("span");
    this.bar = make("i");
    this.said = make("output");
    this.table = make("tbody");
    this.words = make("p", { className: "hint", id: `${id}-words`, textContent: words });
    const top = make("details", { className: "top" }, make("summary", { textContent: "The ten largest cells" }));
    top.append(make("table", {}, this.table));
    this.caption = make("figcaption", { id: `${id}-title`, textContent: title });
    this.scale = make("div", { className: "scale" }, this.low, this.bar, this.high);
    this.figure = make("figure", { className: "heat" }, this.caption, this.plot, this.scale, this.said, this.words, top);
    place.append(this.figure);
    top.addEventListener("toggle", () => this.list());
    this.top = top;
    this.plot.addEventListener("keydown", (event) => this.onKey(event));
    for (const kind of ["pointerdown", "pointermove"])
      this.plot.addEventListener(kind, (event) => {
        if (kind === "pointermove" && event.pointerType === "touch") return;
        this.point(event, kind === "pointerdown");
      });
  }

  // Shows values by rows; `signed` ones diverge about 0, others begin at 0. `limit` is the end of the
  // scale, shared with other maps; `rooted` draws square roots, so that small ones are seen. A
  // `picture` is drawn instead of the values, which it is read by.
  show({ shape: [rows, columns], data, signed = false, limit, rooted = true, picture }) {
    Object.assign(this, { rows, columns, data });
    const colours = COLOURS[signed ? "vik" : "cividis"];
    const most = limit || largest(data) || 1;
    const level = (value) => {
      const share = Math.min(Math.abs(value) / most, 1);
      const shown = rooted ? Math.sqrt(share) : share;
      return signed ? 0.5 + 0.5 * Math.sign(value) * shown : value < 0 ? 0 : shown;
    };
    this.canvas.classList.toggle("smooth", Boolean(picture));
    if (picture) paintPicture(this.canvas, picture);
    else paint(this.canvas, columns, rows, (at, pixels, to) => {
      if (Number.isNaN(data[at])) return; // does not count, stays clear
      const from = 3 * Math.round(level(data[at]) * (LEVELS - 1));
      for (let part = 0; part < 3; part++) pixels[to + part] = colours[from + part];
      pixels[to + 3] = 255;
    });
    this.scale.hidden = Boolean(picture);
    this.plot.style.aspectRatio = `${columns} / ${rows}`;
    this.low.textContent = signed ? digits(-most) : "0";
    this.high.textContent = digits(most);
    this.bar.className = `${signed ? "vik" : "cividis"}`;
    this.at = [Math.min(this.at[0], rows - 1), Math.min(this.at[1], columns - 1)];
    this.mark();
    this.list();
  }

  rename(title) {
    this.caption.textContent = title;
  }

  say(words) {
    this.words.textContent = words;
  }

  value(row, column) {
    return this.data[row * this.columns + column];
  }

  // Puts the cursor where the values are largest, those on the diagonal of a symmetric matrix apart.
  goToLargest() {
    let found = this.symmetric ? 1 : 0;
    for (let at = 0; at < this.data.length; at++) {
      if (this.symmetric && at % (this.columns + 1) === 0) continue;
      if (Math.abs(this.data[at]) > Math.abs(this.data[found])) found = at;
    }
    this.move(Math.floor(found / this.columns), found % this.columns, false);
  }

  mark() {
    const [row, column] = this.at;
    const [wide, high] = [100 / this.columns, 100 / this.rows];
    Object.assign(this.cursor.style, { left: `${column * wide}%`, top: `${row * high}%`, width: `${wide}%`, height: `${high}%` });
    this.said.value = `${this.cell(row, column)}: ${digits(this.value(row, column))}`;
  }

  move(row, column, byHand = true) {
    const place = [clamp(row, this.rows), clamp(column, this.columns)];
    for (const map of this.linked) {
      if (!map.data || map.rows !== this.rows || map.columns !== this.columns) continue;
      map.at = place;
      map.mark();
    }
    this.said.setAttribute("aria-live", "polite"); // of the linked ones this alone speaks
    for (const map of this.linked) if (map !== this) map.said.removeAttribute("aria-live");
    if (byHand) this.moved(...place);
  }

  point(event, byHand) {
    if (!this.data) return;
    const box = this.plot.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.y) / box.height) * this.rows);
    const column = Math.floor(((event.clientX - box.x) / box.width) * this.columns);
    this.move(row, column, byHand);
  }

  onKey(event) {
    const far = event.shiftKey ? 10 : 1;
    const ways = { ArrowLeft: [0, -far], ArrowRight: [0, far], ArrowUp: [-far, 0], ArrowDown: [far, 0] };
    if (!(event.key in ways) || !this.data || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation(); // or the page walks along the timeline
    const [down, right] = ways[event.key];
    this.move(this.at[0] + down, this.at[1] + right);
  }

  // Fills the table while it is seen. Of a symmetric matrix, each pair stands in it once.
  list() {
    if (!this.top.open || !this.data) return;
    const { data, columns } = this;
    const listed = [];
    for (let at = 0; at < data.length; at++) {
      if (Number.isNaN(data[at]) || (this.symmetric && at % columns < Math.floor(at / columns))) continue;
      const size = Math.abs(data[at]);
      if (listed.length === LISTED && size <= Math.abs(data[listed[LISTED - 1]])) continue;
      const place = listed.findIndex((other) => Math.abs(data[other]) < size);
      listed.splice(place < 0 ? listed.length : place, 0, at);
      listed.length = Math.min(listed.length, LISTED);
    }
    const rows = listed.map((at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      const go = make("button", { type: "button", textContent: this.cell(row, column) });
      go.addEventListener("click", () => this.move(row, column));
      const cells = [make("td", {}, go), make("td", { textContent: digits(data[at]) })];
      return make("tr", {}, ...cells);
    });
    this.table.replaceChildren(...rows);
  }
}

const clamp = (value, count) => Math.min(Math.max(value, 0), count - 1);

function largest(values) {
  let found = 0;
  for (const value of values) if (Math.abs(value) > found) found = Math.abs(value);
  return found;
}
