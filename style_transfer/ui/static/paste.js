// A picture that is pasted goes to the input under the pointer, or that has the keyboard's focus; elsewhere
// it is the photo. Gradio's own inputs take one by a button alone.
const WRITES = "input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, [contenteditable]";

function chooserFor() {
  const choosers = [...document.querySelectorAll(".block input[type=file][accept^='image/']")];
  const within = (state) => choosers.find((each) => each.closest(".block").matches(state));
  return within(":hover") ?? within(":focus-within") ?? within("#content-image");
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
  chooser.files = files.files;
  chooser.dispatchEvent(new Event("change", { bubbles: true }));
});
