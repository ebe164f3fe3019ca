// Offers to go on with a run that was cut off. It is found by a token that only this browser has;
// where nothing may be stored nothing is kept.
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
props.value = { ...props.value, token }; // at once: a run may begin before the first question

const ask = () => {
  tries += 1;
  props.value = { ...props.value, token, asked: false };
  trigger("input");
};

// The first time the page may not listen yet; a run of the page before may just be ending.
const beginning = setInterval(() => {
  if (props.value.step || tries === 6 || !element.isConnected) clearInterval(beginning);
  else ask();
}, 2000);

// A server that was started again has a run to offer without a reload.
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
