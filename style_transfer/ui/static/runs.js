// Lists the runs of the page, and reports which one was clicked.
const [said, list] = element.querySelectorAll("p, div");

function add() {
  list.insertAdjacentHTML(
    "beforeend",
    '<button type="button"><img alt=""><span></span> <small></small></button>'
  );
}

function show({ list: runs, words }) {
  if (said.textContent !== words) said.textContent = words; // or screen readers repeat it
  while (list.children.length < runs.length) add();
  while (list.children.length > runs.length) list.lastElementChild.remove();
  runs.forEach(({ name, src, mask, words: step, pressed }, number) => {
    const button = list.children[number];
    const [image, title, small] = button.children;
    if (src && image.getAttribute("src") !== src) image.src = src;
    image.style.maskImage = mask ? `url("${mask}")` : "";
    title.textContent = name;
    small.textContent = step;
    button.setAttribute("aria-pressed", pressed);
  });
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  props.value = { chosen: [...list.children].indexOf(button) };
  trigger("select");
});
document.addEventListener("view", ({ detail: { runs } }) => show(runs));
