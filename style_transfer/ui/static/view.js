// Hands the newest view to all parts of the page, which draw it in place, and enables the buttons
// that make sense.
let newest = 0;

function showTransport({ sensible, words }) {
  for (const [id, makesSense] of Object.entries(sensible)) {
    document.getElementById(id).disabled = !makesSense;
  }
  for (const [id, text] of Object.entries(words)) {
    const button = document.getElementById(id);
    if (button.textContent !== text) button.textContent = text;
  }
}

watch("value", () => {
  if (!props.value || props.value.time < newest) return;
  newest = props.value.time;
  showTransport(props.value.transport);
  document.dispatchEvent(new CustomEvent("view", { detail: props.value }));
});
