// Copies the link, and passes a file that is dropped anywhere on the page to the upload button.
const [link, button, said] = element.querySelectorAll("a, button, span");
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
