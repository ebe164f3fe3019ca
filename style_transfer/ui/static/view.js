// Passes the newest view on to the scripts of all panels, as an event, and labels and enables the
// buttons of the transport. Where something was changed at rest, it presses the button by which the
// picture wakes: what answers a moved knob cannot stream pictures.
let newest = 0;
let waiting = null; // the button that had the focus, until another one can have it

function showTransport({ enabled, labels, wake }) {
  const focused = document.activeElement === document.body ? waiting : document.activeElement;
  for (const [id, isEnabled] of Object.entries(enabled)) {
    document.getElementById(id).disabled = !isEnabled;
  }
  waiting = passFocus(focused, transportFocus());
  for (const [id, text] of Object.entries(labels)) {
    const button = document.getElementById(id);
    if (button.textContent !== text) button.textContent = text;
  }
  if (wake) document.getElementById("wake").click();
}

watch("value", () => {
  if (!props.value || props.value.time < newest) return;
  newest = props.value.time;
  showTransport(props.value.transport);
  document.dispatchEvent(new CustomEvent("view", { detail: props.value }));
});
