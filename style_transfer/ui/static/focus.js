// Keeps the keyboard's place on the page: the focus of what is disabled or hidden would fall to the page.
const canHaveFocus = (each) => !each.matches(":disabled") && getComputedStyle(each).visibility === "visible";

// Gives the focus of what was disabled or hidden to the first of `others` that can have it; returns what
// has to wait for one.
function passFocus(focused, others) {
  if (!focused || focused === document.body || canHaveFocus(focused)) return null;
  const next = others.find(canHaveFocus);
  next?.focus({ preventScroll: true });
  return next ? null : focused;
}

function keepFocus(change, others) {
  const focused = document.activeElement;
  change();
  passFocus(focused, others);
}

// Where one goes on that can touch no picture any more, or has pressed a button of the transport.
const transportFocus = () => ["pause", "start"].map((id) => document.getElementById(id));
