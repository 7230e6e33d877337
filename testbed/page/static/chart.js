// A curve over time: its lowest and highest value in each pixel, holes left open, a scale, a cursor with its value.
//
// A series is {from, row_s, n, low(i), high(i), hole_s}: row i holds what came in the row_s seconds up to
// from + (i + 1) * row_s; a stretch without a sample that is longer than hole_s is a hole. A span is {from, to}, in s.
import {colour, font, rem} from './canvas.js';

const HOLES = 5;  // sample intervals without a sample
const TICKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400];

export const hole = (tag, row_s) => tag?.rate_hz ? Math.max(HOLES / tag.rate_hz, 3 * row_s) : Infinity;

// A moment as a person reads it, with as many decimals as a step needs.
export function moment(s, step = 1) {
  const digits = step >= 1 ? 0 : Math.min(3, Math.ceil(-Math.log10(step))), sign = s < 0 ? '-' : '';
  const whole = Number(Math.abs(s).toFixed(digits)), hours = Math.floor(whole / 3600), rest = whole % 60;
  const seconds = rest.toFixed(digits).padStart(digits ? digits + 3 : 2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  return `${sign}${hours ? `${hours}:${String(minutes).padStart(2, '0')}` : minutes}:${seconds}`;
}

export function ticks(span, wide) {
  const least = (span.to - span.from) / Math.max(2, wide / (5.5 * rem())), step = TICKS.find(one => one >= least) ?? TICKS.at(-1);
  const found = [];
  for (let k = Math.ceil(span.from / step); k * step <= span.to; k += 1) found.push(k * step);
  return {step, at: found};
}

const rowAt = (series, s) => (s - series.from) / series.row_s - 1;
const timeOf = (series, i) => series.from + (i + 1) * series.row_s;

function reach(series, span) {
  return [Math.max(0, Math.floor(rowAt(series, span.from))), Math.min(series.n, Math.ceil(rowAt(series, span.to)) + 1)];
}

// Lowest and highest value that a span shows, null where there is none.
export function extent(series, span) {
  const [first, until] = reach(series, span);
  let least = Infinity, most = -Infinity;
  for (let i = first; i < until; i += 1) {
    const a = series.low(i), b = series.high(i);
    if (a < least) least = a;
    if (b > most) most = b;
  }
  return least <= most ? [least, most] : null;
}

// The same for who watches a run: what lasted less than a tenth of the span and is long past may leave the picture where
// it would flatten all the rest, such as the moment before a strip came in.
const LATELY_S = 15, LOOKS = 200, FLAT = 6;
export function lively(series, span) {
  const all = extent(series, span);
  if (!all) return null;
  const [first, until] = reach(series, span), step = Math.max(1, Math.floor((until - first) / LOOKS)), seen = [];
  for (let i = first; i < until; i += step) {
    const value = (series.low(i) + series.high(i)) / 2;
    if (value === value) seen.push(value);
  }
  if (seen.length < 20) return all;
  seen.sort((a, b) => a - b);
  const late = extent(series, {from: Math.min(span.to, timeOf(series, until - 1)) - LATELY_S, to: span.to}) ?? [Infinity, -Infinity];
  const part = [Math.min(late[0], seen[Math.floor(seen.length * 0.1)]), Math.max(late[1], seen[Math.ceil(seen.length * 0.9) - 1])];
  return FLAT * (part[1] - part[0]) < all[1] - all[0] && part[1] > part[0] ? part : all;
}

// How many holes a span shows, and how long they are together, in s.
export function holes(series, span) {
  const [first, until] = reach(series, span);
  let n = 0, long = 0, before = null;
  for (let i = first; i < until; i += 1) {
    if (!(series.low(i) === series.low(i))) continue;
    const at = timeOf(series, i);
    if (before !== null && at - before > series.hole_s) { n += 1; long += at - before; }
    before = at;
  }
  return {n, long};
}

// The value at a moment: the newest one at or before it that is not too old, with the time at which it was taken.
export function valueAt(series, s) {
  const first = Math.min(series.n - 1, Math.floor(rowAt(series, s) + 1e-6));
  const old = Math.max(2, Math.ceil((Number.isFinite(series.hole_s) ? series.hole_s : 40) / series.row_s));
  for (let i = first; i >= 0 && i > first - old - 1; i -= 1) {
    const value = (series.low(i) + series.high(i)) / 2;
    if (value === value) return {value, low: series.low(i), high: series.high(i), at: timeOf(series, i)};
  }
  return null;
}

// Draws a curve into a box of the canvas; answers with what turns s and values into px, null where there is nothing.
export function curve(g, box, series, span, range, ink = colour('curve'), fits = extent) {
  const found = fits(series, span);
  if (!found) return null;
  const [least, most] = found, floor = range ? (range[1] - range[0]) / 200 : Math.abs(most) / 200 || 1e-6;
  const spare = Math.max(0, floor - (most - least)) / 2 + (most - least) * 0.08;
  const x = s => box.x + (s - span.from) / (span.to - span.from) * box.w;
  const y = v => box.y + box.h - (v - least + spare) / (most - least + 2 * spare) * box.h;
  const [first, until] = reach(series, span), step = Math.max(1, (span.to - span.from) / series.row_s / Math.max(1, box.w));
  g.save();
  g.beginPath();
  g.rect(box.x, box.y, box.w, box.h);
  g.clip();
  g.strokeStyle = ink;
  g.lineWidth = Math.max(1.2, rem() / 10);
  g.lineJoin = 'round';
  g.beginPath();
  let before = null;
  for (let from = first; from < until; from += step) {
    const to = Math.min(until, Math.max(Math.floor(from) + 1, Math.floor(from + step)));
    let a = Infinity, b = -Infinity;
    for (let i = Math.floor(from); i < to; i += 1) {
      if (series.low(i) < a) a = series.low(i);
      if (series.high(i) > b) b = series.high(i);
    }
    if (!(a <= b)) continue;
    const at = timeOf(series, Math.floor(from)), px = x(at);
    if (before !== null && at - before <= series.hole_s + step * series.row_s) g.lineTo(px, y(a)); else g.moveTo(px, y(a));
    if (a !== b) g.lineTo(px, y(b)); else if (before === null) g.lineTo(px + 1, y(a));
    before = at;
  }
  g.stroke();
  g.restore();
  return {x, y, least, most};
}

// Faint lines of time; with `words`, the times below them.
export function grid(g, box, span, words) {
  const {step, at} = ticks(span, box.w), x = s => box.x + (s - span.from) / (span.to - span.from) * box.w;
  g.strokeStyle = colour('raised');
  g.lineWidth = 1;
  g.beginPath();
  for (const s of at) {
    g.moveTo(x(s), box.y);
    g.lineTo(x(s), box.y + box.h);
  }
  g.stroke();
  if (!words) return;
  g.fillStyle = colour('dim');
  g.font = font(0.75);
  g.textAlign = 'center';
  for (const s of at) {
    if (x(s) > box.x + 1.5 * rem() && x(s) < box.x + box.w - 1.5 * rem()) g.fillText(moment(s, step), x(s), box.y + box.h + 1.1 * rem());
  }
  g.textAlign = 'left';
}

// The ends of a curve's scale, over whatever is drawn there.
export function scale(g, box, top, foot) {
  g.font = font(0.72);
  g.textAlign = 'left';
  for (const [text, y] of [[top, box.y + 0.85 * rem()], [foot, box.y + box.h - 0.3 * rem()]]) {
    g.fillStyle = colour('panel');
    g.globalAlpha = 0.75;
    g.fillRect(box.x + 1, y - 0.75 * rem(), g.measureText(text).width + 5, 0.95 * rem());
    g.globalAlpha = 1;
    g.fillStyle = colour('dim');
    g.fillText(text, box.x + 3, y);
  }
}

// A line at a moment, and beside it a flag with words, if there are any, that never leaves the box.
export function flag(g, box, at, text = '', ink = colour('ink')) {
  g.strokeStyle = ink;
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(at, box.y);
  g.lineTo(at, box.y + box.h);
  g.stroke();
  if (!text) return;
  g.font = font(0.8, 600);
  const wide = g.measureText(text).width, left = at + 8 + wide > box.x + box.w ? Math.max(box.x + 4, at - wide - 8) : at + 8;
  g.fillStyle = colour('back');
  g.fillRect(left - 4, box.y + 2, wide + 8, 1.2 * rem());
  g.fillStyle = ink;
  g.fillText(text, left, box.y + rem());
}
