// Shows the status line. Only text that differs is written, so that screen readers read it once.
const [bar, state, words, notices, spoken] = element.querySelectorAll(
  "[role=progressbar], .state > strong, .state > span, .notices, .unseen"
);
const GONE =
  "The server has ended or cannot be reached; a picture that was begun can be continued when it is back.";
const CLOSED =
  "The server no longer has the runs of this page: it was started anew, or the connection to it broke. " +
  "Bring back what is offered, or choose your pictures again and press Start.";
let newest = ""; // notices of the newest view
let heard = { isThere: true, isClosed: false };
const say = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

function sayNotices() {
  const known = heard.isClosed ? CLOSED : newest;
  say(notices, (heard.isThere ? known : GONE) || "\u00a0");
}

document.addEventListener("server", ({ detail }) => {
  heard = detail;
  sayNotices();
});

document.addEventListener("view", ({ detail: { status } }) => {
  bar.setAttribute("aria-valuemax", status.steps);
  bar.setAttribute("aria-valuenow", status.step);
  bar.firstElementChild.style.width = `${(100 * status.step) / status.steps}%`;
  say(state, status.state);
  say(words, status.words);
  newest = status.notices;
  heard.isClosed = false;
  sayNotices();
  say(spoken, status.spoken);
});
