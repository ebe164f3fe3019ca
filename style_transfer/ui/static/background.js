// Whether a picture that is taken home keeps what is transparent, or the colour it is laid on. It is
// asked where the photo has anything transparent alone.
const [box, colour] = element.querySelectorAll("input");

function show() {
  box.checked = props.value.keep;
  colour.value = props.value.color;
}

for (const input of [box, colour])
  input.addEventListener("input", () => (props.value = { keep: box.checked, color: colour.value }));
colour.addEventListener("click", () => (props.value = { ...props.value, keep: false }));
document.addEventListener("view", ({ detail }) => {
  element.querySelector("div").hidden = !detail["take-home"].transparent;
});
watch("value", show);
show();
