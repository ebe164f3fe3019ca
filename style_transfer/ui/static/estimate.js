// Shows what a run would take, and tells the size's slider where to end.
const words = element.querySelector("p");

function show() {
  words.textContent = props.value.words;
  if (props.value.largest)
    document.dispatchEvent(new CustomEvent("largest", { detail: props.value.largest }));
}

watch("value", show);
show();
