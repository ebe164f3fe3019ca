// Shows what a run would take, tells the size's slider where to end, and the link its settings.
const words = element.querySelector("p");
let newest = 0; // number of the call whose answer is shown

function show() {
  const { call, largest, link } = props.value;
  if (call < newest) return;
  newest = call;
  words.textContent = props.value.words;
  const tell = (name, detail) => detail && document.dispatchEvent(new CustomEvent(name, { detail }));
  tell("largest", largest);
  tell("settings-query", link);
}

watch("value", show);
show();
