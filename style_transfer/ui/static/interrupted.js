// Offers to continue a run that was interrupted. The server finds it by a token that only this browser
// has. Where the browser stores nothing, runs cannot be continued.
const NAME = "style-transfer-visitor";
const INTERVAL = 5000; // ms between two questions whether the server is there
const PATIENCE = 10000; // ms after which a question is given up
const TRIES = 20; // a run of the page before may still be ending, and its end be noticed late
const tabs = new BroadcastChannel(NAME); // of this browser; one run is offered in all of them
let token = "", answers = 0, since, misses = 0;
let newest = { page: "", runs: 0 }; // what the newest view told of this page
let taken = false; // the offer, whatever answers still come to what was asked before
let busy = false; // with a run of this page
let question = null; // that is under way
let wasClosed = false; // by the server, when it was asked last
try {
  token = localStorage.getItem(NAME) ?? "";
  if (!token) {
    const random = crypto.getRandomValues(new Uint8Array(32));
    token = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(NAME, token);
  }
} catch {}

// A run may start before ask() is called; Gradio sets the value that the page was made with after this
// script has run.
const tell = () => {
  const label = taken ? "" : props.value.label;
  if (props.value.token !== token || props.value.label !== label) props.value = { ...props.value, token, label };
};
tell();
watch("value", tell);

const ask = () => {
  taken = false;
  props.value = { ...props.value, asked: false };
  trigger("input");
};

async function health() {
  const address = newest.page ? `health?page=${newest.page}` : "health";
  const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

// Several times, counted by the answers: at first the page may not listen yet, for long on a slow machine.
// Not while it paints, and only of a server that is there: when a call of its own finds no network, Gradio
// loads the page anew, which ends its runs.
const beginning = setInterval(() => {
  if (props.value.asked) {
    answers += 1;
    props.value = { ...props.value, asked: false };
  }
  if (props.value.label || answers >= TRIES || !element.isConnected) clearInterval(beginning);
  else if (!busy) question ??= health().then(ask, () => {}).finally(() => (question = null));
}, 2000);
document.addEventListener("view", ({ detail }) => {
  const { transport } = detail;
  newest = { page: detail.interrupted.page, runs: detail.runs.list.length };
  busy = transport.enabled.pause || !transport.enabled.start; // one that woke can be replaced by a start
});

// After a restart of the server runs are offered on a page that was idle; one that awaited an answer is
// loaded anew by Gradio. So they are where the server has closed the page, whose connection broke or
// which a browser has brought back by its button for the page before: what it shows can no longer be
// steered. As long as there is no server, the page says so: two questions, since a network may lose one.
setInterval(async () => {
  if (document.hidden) return;
  const shown = newest;
  let isClosed = false;
  try {
    const found = await health();
    isClosed = shown === newest && shown.runs > 0 && found.page_runs === 0;
    const isMissing = !taken && !props.value.label; // its end may be noticed late
    if ((since && since !== found.since) || (isClosed && (!wasClosed || isMissing))) ask();
    [since, misses, wasClosed] = [found.since, 0, isClosed];
  } catch {
    misses += 1;
  }
  document.dispatchEvent(new CustomEvent("server", { detail: { isThere: misses < 2, isClosed } }));
}, INTERVAL);

const hide = () => {
  taken = true;
  tell();
};
tabs.addEventListener("message", hide);
element.addEventListener("click", (event) => {
  if (!event.target.closest("button")) return;
  clearInterval(beginning);
  trigger("select");
  hide();
  tabs.postMessage("taken");
});
