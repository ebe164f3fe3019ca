// Shows the status line. Only text that differs is written, so that screen readers read it once.
const [bar, state, words, notices, spoken] = element.querySelectorAll(
  "[role=progressbar], .state > strong, .state > span, .notices, .unseen"
);
const GONE =
  "The server has ended or cannot be reached; a picture that was begun can be continued when it is back.";
let newest = "", isThere = true; // notices of the newest view
const say = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

const sayNotices = () => say(notices, (isThere ? newest : GONE) || "\u00a0");

document.addEventListener("server", ({ detail }) => {
  isThere = detail.isThere;
  sayNotices();
});

document.addEventListener("view", ({ detail: { status } }) => {
  bar.setAttribute("aria-valuemax", status.steps);
  bar.setAttribute("aria-valuenow", status.step);
  bar.firstElementChild.style.width = `${(100 * status.step) / status.steps}%`;
  say(state, status.state);
  say(words, status.words);
  newest = status.notices;
  sayNotices();
  say(spoken, status.spoken);
});
