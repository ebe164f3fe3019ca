// Shows the status line. Only text that differs is written, so that screen readers read it once.
const [bar, state, words, notices, spoken] = element.querySelectorAll(
  "[role=progressbar], .state > strong, .state > span, .notices, .unseen"
);
const say = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

document.addEventListener("view", ({ detail: { status } }) => {
  bar.setAttribute("aria-valuemax", status.steps);
  bar.setAttribute("aria-valuenow", status.step);
  bar.firstElementChild.style.width = `${(100 * status.step) / status.steps}%`;
  say(state, status.state);
  say(words, status.words);
  say(notices, status.notices || "\u00a0");
  say(spoken, status.spoken);
});
