// Offers to continue a run that was interrupted. The server finds it by a token that only this browser
// has. Where the browser stores nothing, runs cannot be continued.
const NAME = "style-transfer-visitor";
let token = "", tries = 0, since;
try {
  token = localStorage.getItem(NAME) ?? "";
  if (!token) {
    const random = crypto.getRandomValues(new Uint8Array(32));
    token = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(NAME, token);
  }
} catch {}
props.value = { ...props.value, token }; // a run may start before ask() is called

const ask = () => {
  tries += 1;
  props.value = { ...props.value, token, asked: false };
  trigger("input");
};

// Several times: at first the page may not listen yet, or a run of the page before may still be ending.
const beginning = setInterval(() => {
  if (props.value.step || tries === 6 || !element.isConnected) clearInterval(beginning);
  else ask();
}, 2000);

// After a restart of the server the run is offered without a reload of the page.
setInterval(async () => {
  if (document.hidden) return;
  try {
    const health = await (await fetch("health")).json();
    if (since && since !== health.since) ask();
    since = health.since;
  } catch {}
}, 5000);

element.addEventListener("click", (event) => {
  if (!event.target.closest("button")) return;
  trigger("select");
  props.value = { ...props.value, token, step: 0 };
});
