// Shows the status line. Only text that differs is written, so that screen readers read it once.
const [bar, state, words, notices, spoken] = element.querySelectorAll(
  "[role=progressbar], .state > strong, .state > span, .notices, .unseen"
);
const GONE =
  "The server has ended or cannot be reached; what was begun can be continued when it is back.";
const CLOSED =
  "The server no longer has the runs of this page: it was started anew, or the connection to it broke. " +
  "Bring back what is offered, or choose your pictures again and press Start.";
let newest = { words: words.textContent, notices: "" }; // of the newest view
let heard = { isThere: true, isClosed: false };
const say = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

// While the server cannot be reached, speed, time left and what to press are not true.
function sayWords() {
  const known = heard.isClosed ? CLOSED : newest.notices;
  say(words, heard.isThere ? newest.words : "");
  say(notices, heard.isThere ? known : GONE);
}

document.addEventListener("server", ({ detail }) => {
  heard = detail;
  sayWords();
});

document.addEventListener("view", ({ detail: { status } }) => {
  bar.setAttribute("aria-valuemax", status.steps);
  bar.setAttribute("aria-valuenow", status.step);
  bar.firstElementChild.style.width = `${(100 * status.step) / status.steps}%`;
  say(state, status.state);
  newest = status;
  heard.isClosed = false;
  sayWords();
  say(spoken, status.spoken);
});
