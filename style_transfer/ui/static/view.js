// Passes the newest view on to the scripts of all panels, as an event, and labels and enables the
// buttons of the transport.
let newest = 0;

function showTransport({ enabled, labels }) {
  for (const [id, isEnabled] of Object.entries(enabled)) {
    document.getElementById(id).disabled = !isEnabled;
  }
  for (const [id, text] of Object.entries(labels)) {
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
