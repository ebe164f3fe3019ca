// Makes the link, of settings and strokes, and copies it; passes a file that is dropped on the page,
// outside of the fields for photo and styles, to the upload button.
const [link, button, said] = element.querySelectorAll("a, button, span");
const words = element.querySelector("small");
let strokes = "";
function show() {
  const query = [props.value, strokes].filter(Boolean).join("&");
  if (link.getAttribute("href") !== `?${query}`) link.setAttribute("href", `?${query}`);
}
watch("value", show);
document.addEventListener("view", ({ detail }) => {
  const taken = detail["take-home"];
  ({ strokes } = taken);
  if (words.textContent !== taken.words) words.textContent = taken.words;
  show();
});
show();
button.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(link.href);
    said.textContent = " Copied.";
  } catch {
    said.textContent = ` ${link.href}`; // without permission it is shown, to be copied by hand
  }
  setTimeout(() => (said.textContent = ""), 4000);
});

const elsewhere = (event) => !event.target.closest("#content-image, #style-image, #more-styles");
const withFile = (event) => [...(event.dataTransfer?.items ?? [])].some((item) => item.kind === "file");
document.addEventListener("dragover", (event) => {
  if (withFile(event) && elsewhere(event)) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const input = document.querySelector("#drop input[type=file]");
  if (!withFile(event) || !elsewhere(event) || !input) return;
  event.preventDefault();
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
