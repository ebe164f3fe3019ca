// Ends a loop of Gradio's, or the browser would draw sixty times a second for nothing: the timer of
// its first "Loading..." requests animation frames for ever. Where in CALM successive frames exactly
// one other callback is requested between two of ours, it is that one.
const CALM = 30;
let calm = 0;
let ours = requestAnimationFrame(look);

function look() {
  const current = ours;
  ours = requestAnimationFrame(look);
  calm = ours - current === 2 ? calm + 1 : 0;
  if (ours - current === 1) {
    cancelAnimationFrame(ours); // nothing else requests frames
  } else if (calm === CALM) {
    cancelAnimationFrame(current + 1);
    cancelAnimationFrame(ours);
  }
}
