// Two pictures, one upon the other; the slider uncovers the left one.
const [right, left] = element.querySelectorAll(".pair img");
const slider = element.querySelector("input");
const selects = [...element.querySelectorAll("select")];
let pictures = props.value;

function choose() {
  [left, right].forEach((image, side) => {
    const picture = pictures.find((each) => each.name === selects[side].value) ?? pictures[side];
    if (image.getAttribute("src") !== picture.src) image.src = picture.src;
    image.alt = picture.name;
    image.style.maskImage = picture.mask ? `url("${picture.mask}")` : "";
  });
}

function show() {
  const names = pictures.map((each) => each.name);
  selects.forEach((select, side) => {
    const known = [...select.options].map((option) => option.value);
    if (JSON.stringify(known) === JSON.stringify(names)) return;
    const chosen = names.includes(select.value) ? select.value : names[side];
    select.replaceChildren(...names.map((each) => new Option(each)));
    select.value = chosen;
  });
  choose();
}

function uncover() {
  element.querySelector(".pair").style.setProperty("--at", `${slider.value}%`);
  slider.style.setProperty("--filled", `${slider.value}%`);
}

slider.addEventListener("input", uncover);
selects.forEach((select) => select.addEventListener("change", choose));
document.addEventListener("view", ({ detail }) => {
  pictures = detail.compare;
  show();
});
show();
uncover();
