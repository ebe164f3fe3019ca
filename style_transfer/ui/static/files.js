// Files that are pasted or dropped. A picture that is pasted goes to the input under the pointer, or that has
// the keyboard's focus; elsewhere it is the photo. One that is dropped on an input takes the place of what is
// there; elsewhere a file goes to the upload button, for the settings in it. Gradio's own inputs take what is
// pasted by a button alone, and lose what is dropped where they have a picture.
const WRITES = "input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, [contenteditable]";
const PICTURE = "input[type=file][accept^='image/']";

function chooserFor() {
  const choosers = [...document.querySelectorAll(`.block ${PICTURE}`)];
  const within = (state) => choosers.find((each) => each.closest(".block").matches(state));
  return within(":hover") ?? within(":focus-within") ?? within("#content-image");
}

function give(chooser, files) {
  chooser.files = files;
  chooser.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("paste", (event) => {
  const pasted = event.clipboardData;
  const picture = [...pasted.files].find((file) => file.type.startsWith("image/"));
  const isText = pasted.types.includes("text/plain") && event.target.closest?.(WRITES);
  const chooser = picture && !isText && chooserFor();
  if (!chooser) return;
  event.preventDefault();
  const files = new DataTransfer();
  files.items.add(picture);
  give(chooser, files.files);
});

const inputAt = ({ target }) => target.closest("#content-image, #style-image, #more-styles .block");
const withFile = (event) => [...(event.dataTransfer?.items ?? [])].some((item) => item.kind === "file");
document.addEventListener("dragover", (event) => {
  if (withFile(event)) event.preventDefault();
});
document.addEventListener(
  "drop",
  (event) => {
    const input = inputAt(event);
    const chooser = input ? input.querySelector(PICTURE) : document.querySelector("#drop input[type=file]");
    if (!withFile(event) || !chooser) return;
    event.preventDefault();
    event.stopPropagation(); // before it comes to Gradio's own
    give(chooser, event.dataTransfer.files);
  },
  true
);
