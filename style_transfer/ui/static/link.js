// Makes the link, of settings and strokes, and copies it.
const [link, button, said] = element.querySelectorAll("a, button, span");
const words = element.querySelector("small");
let settings = props.value, strokes = ""; // queries
function show() {
  const query = [settings, strokes].filter(Boolean).join("&");
  if (link.getAttribute("href") !== `?${query}`) link.setAttribute("href", `?${query}`);
}
document.addEventListener("settings-query", ({ detail }) => {
  settings = detail;
  show();
});
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
