// Names buttons that Gradio leaves without an accessible name, or with one unlike their label.
function nameButtons() {
  document.querySelectorAll("[id$='-samples'] .gallery-item:not([aria-label])").forEach((button) => {
    const file = button.querySelector("img")?.src.split("/").pop().split(".")[0];
    if (file) button.setAttribute("aria-label", `Take ${file.replaceAll("_", " ")}`);
  });
  document.querySelectorAll(".upload-container[aria-label]").forEach((button) => {
    button.removeAttribute("aria-label");
  });
}
let waiting = false; // the page changes with each frame; one look in a while is enough
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    nameButtons();
  }, 300);
}).observe(document.body, { childList: true, subtree: true });
nameButtons();
// Gradio says that the page is in the language of the browser; its texts are English.
const root = document.documentElement;
function sayEnglish() {
  if (root.lang !== "en") root.lang = "en";
}
new MutationObserver(sayEnglish).observe(root, { attributeFilter: ["lang"] });
sayEnglish();
