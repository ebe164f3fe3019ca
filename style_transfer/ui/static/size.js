// Moves size and switch to the component's value and back. It is released when a hand has done with
// it: each size on the way would be painted, and be slow.
const knob = element.querySelector(".knob");
const box = element.querySelector("[data-switch] input");

function show() {
  showNumber(knob, props.value.size);
  box.checked = props.value.enlarge;
}

function choose(values) {
  props.value = { ...props.value, ...values };
  show();
}

followNumber(knob, (size) => choose({ size }), show);
box.addEventListener("change", () => choose({ enlarge: box.checked }));
element.addEventListener("change", () => trigger("release"));
knob.querySelector(".reset").addEventListener("click", () => trigger("release"));
// The slider ends at what this machine can do with this photo.
document.addEventListener("largest", ({ detail }) => {
  knob.dataset.high = Math.max(detail, Number(knob.dataset.low) + 1);
  show();
});
watch("value", show);
show();
