// Which pointer draws: the main button of a mouse, a pen, or one finger where no pen is used.
let pointer = null; // that draws
let penSeen = false; // from then on fingers and palms do not draw

// Returns whether a pointer that goes down is to draw. A second finger, or a pen beside the palm that
// came first, takes back by `cancel` what was begun.
function begins(event, cancel) {
  const isPen = event.pointerType === "pen", isTouch = event.pointerType === "touch";
  penSeen ||= isPen;
  if (isTouch && penSeen) return false;
  if (pointer !== null && (isTouch || isPen)) cancel();
  else if (pointer !== null) return false;
  return event.button === 0 && (!isTouch || event.isPrimary);
}
