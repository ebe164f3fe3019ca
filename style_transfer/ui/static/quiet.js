// Ends a loop that Gradio leaves behind, or the browser would draw sixty times a second for nothing:
// the timer of its first "Loading..." asks for frame after frame, also when that is long gone. Where
// for CALM frames exactly one other callback was asked for between two of ours, it is that one.
const CALM = 30;
let calm = 0;
let ours = requestAnimationFrame(look);

function look() {
  const current = ours;
  ours = requestAnimationFrame(look);
  calm = ours - current === 2 ? calm + 1 : 0;
  if (ours - current === 1) {
    cancelAnimationFrame(ours); // nothing else asks for frames
  } else if (calm === CALM) {
    cancelAnimationFrame(current + 1);
    cancelAnimationFrame(ours);
  }
}
