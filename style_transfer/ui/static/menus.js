// Lets Tab and Shift+Tab leave a menu of Gradio's: it takes these keys for typed text, and opens its list
// for that after its focus has gone, over what is above or below.
document.addEventListener(
  "keydown",
  (event) => {
    const leaves = ["Tab", "Shift"].includes(event.key);
    if (leaves && event.target.matches("[role=combobox]")) event.stopPropagation();
  },
  true
);
