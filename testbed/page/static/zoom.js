// Looking closer at a stretch of time: wheel, drag, two fingers and keys, alike on every canvas that shows one.
//
// `of` is {span(), limits(), set(from, to), reset(), cursor(s or null), at() the cursor or null, inset() px before time begins};
// spans are {from, to} in s. A drag marks the stretch to look at; with Shift, or one finger, it moves along.
const LEAST_S = 0.02, NEAR_PX = 6;

export const inside = (span, limits) => {
  const wide = Math.min(Math.max(span.to - span.from, LEAST_S), limits.to - limits.from);
  const from = Math.min(Math.max(span.from, limits.from), limits.to - wide);
  return {from, to: from + wide};
};

export function zoomed(span, factor, about, limits) {
  return inside({from: about - (about - span.from) * factor, to: about + (span.to - about) * factor}, limits);
}

export function zoomable(canvas, of) {
  const fingers = new Map();
  let drag = null, mark = null;
  const wide = () => canvas.clientWidth - of.inset();
  const timeAt = (px, span = of.span()) => span.from + (px - of.inset()) / wide() * (span.to - span.from);
  const set = span => of.set(span.from, span.to);
  const pan = (span, s) => set(inside({from: span.from + s, to: span.to + s}, of.limits()));

  canvas.addEventListener('wheel', e => {
    e.preventDefault();
    const span = of.span();
    if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) pan(span, (e.deltaX || e.deltaY) / wide() * (span.to - span.from));
    else set(zoomed(span, 1.0015 ** e.deltaY, timeAt(e.offsetX), of.limits()));
  }, {passive: false});

  canvas.addEventListener('pointerdown', e => {
    if (e.button || of.taken?.(e)) return;
    fingers.set(e.pointerId, e.offsetX);
    canvas.setPointerCapture(e.pointerId);
    drag = {from: e.offsetX, span: of.span(), moves: e.shiftKey || e.pointerType === 'touch', pinch: null};
    if (fingers.size === 2) drag.pinch = [...fingers.values()].map(px => timeAt(px));
  });
  canvas.addEventListener('pointermove', e => {
    of.cursor(timeAt(Math.max(of.inset(), e.offsetX)));
    if (!fingers.has(e.pointerId) || !drag) return;
    fingers.set(e.pointerId, e.offsetX);
    if (drag.pinch && fingers.size === 2) pinch([...fingers.values()]);
    else if (!drag.pinch && drag.moves) pan(drag.span, (drag.from - e.offsetX) / wide() * (drag.span.to - drag.span.from));
    else if (!drag.pinch) { mark = Math.abs(e.offsetX - drag.from) > NEAR_PX ? [drag.from, e.offsetX].sort((a, b) => a - b) : null; of.draw(); }
  });

  // Both fingers stay on the moments they were put on.
  function pinch([a, b]) {
    const [s, z] = drag.pinch;
    if (Math.abs(b - a) < NEAR_PX || s === z) return;
    const per = (z - s) / (b - a), from = s - (a - of.inset()) * per;
    if (per > 0) set(inside({from, to: from + per * wide()}, of.limits()));
  }

  function up(e) {
    if (!fingers.delete(e.pointerId)) return;
    const marked = mark;
    mark = null;
    if (marked && e.type === 'pointerup') set(inside({from: timeAt(Math.max(of.inset(), marked[0])), to: timeAt(marked[1])}, of.limits()));
    else if (drag && !drag.pinch && Math.abs(e.offsetX - drag.from) <= NEAR_PX && e.type === 'pointerup') of.picked?.(timeAt(e.offsetX), e);
    if (!fingers.size) drag = null;
    of.draw();
  }
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  canvas.addEventListener('pointerleave', () => of.cursor(null));
  canvas.addEventListener('blur', () => of.cursor(null));
  canvas.addEventListener('dblclick', () => of.reset());

  canvas.addEventListener('keydown', e => {
    if (of.keys === false || e.ctrlKey || e.metaKey || e.altKey) return;
    const span = of.span(), long = span.to - span.from, about = of.at() ?? (span.from + span.to) / 2;
    const did = {
      '+': () => set(zoomed(span, 0.7, about, of.limits())), '=': () => set(zoomed(span, 0.7, about, of.limits())),
      '-': () => set(zoomed(span, 1 / 0.7, about, of.limits())), 0: () => of.reset(),
      ArrowLeft: () => e.shiftKey ? pan(span, -0.2 * long) : of.cursor(Math.max(span.from, (of.at() ?? span.to) - 0.01 * long)),
      ArrowRight: () => e.shiftKey ? pan(span, 0.2 * long) : of.cursor(Math.min(span.to, (of.at() ?? span.from) + 0.01 * long)),
    }[e.key];
    if (!did) return;
    e.preventDefault();
    e.stopPropagation();
    did();
  });

  // What is marked by a drag, in px, for the one who draws; null while nothing is.
  return {marked: () => mark};
}

export function shade(g, marked, hgt) {
  if (!marked) return;
  g.save();
  g.globalAlpha = 0.25;
  g.fillStyle = '#9ecbff';
  g.fillRect(marked[0], 0, marked[1] - marked[0], hgt);
  g.restore();
}
