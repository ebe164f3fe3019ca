// Gives names to what Gradio leaves without one, or with one that differs from what is seen.
function mend() {
  document.querySelectorAll("[id$='-samples'] .gallery-item:not([aria-label])").forEach((button) => {
    const file = button.querySelector("img")?.src.split("/").pop().split(".")[0];
    if (file) button.setAttribute("aria-label", `Take ${file.replaceAll("_", " ")}`);
  });
  document.querySelectorAll(".upload-container[aria-label]").forEach((button) => {
    button.removeAttribute("aria-label");
  });
}
let waiting = false; // frames come in all the time; one look in a while is enough
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    mend();
  }, 300);
}).observe(document.body, { childList: true, subtree: true });
mend();
