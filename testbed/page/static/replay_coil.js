// The coil from above: every mark that was there as a box, filled where it was found, and what was found and was not there.
import {colour, font, rem} from './canvas.js';
import {ticks} from './chart.js';
import {pick} from './i18n.js';
import {gutter} from './replay_lanes.js';

const INKS = {found: 'good', late: 'high', missed: 'urgent', unseen: 'dim', left: 'dim', known: 'dim', forbidden: 'urgent'};
const LEAST_PX = 5;

export const boxes = about => [...about.truths, ...about.alarms].filter(one => one.box);

function scales(about, w, hgt) {
  const all = boxes(about), long = Math.max(...all.map(one => one.box[3])) * 1.01, across = Math.max(1280, ...all.map(one => one.box[4]));
  const left = gutter(), foot = 1.4 * rem();
  return {left, foot, long, across, x: m => left + m / long * (w - left), y: mm => mm / across * (hgt - foot)};
}

const extent = (one, {x, y}) => {
  const [, from, near, to, far] = one.box, a = x(from), b = y(near);
  return [a, b, Math.max(LEAST_PX, x(to) - a), Math.max(LEAST_PX, y(far) - b)];
};

export function paint(g, w, hgt, about, metre, chosen) {
  const scale = scales(about, w, hgt), {left, foot, long, across, x, y} = scale;
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  g.fillStyle = colour('panel');
  g.fillRect(left, 0, w - left, hgt - foot);
  g.fillStyle = colour('dim');
  g.font = font(0.75);
  g.fillText('0 mm', 0.5 * rem(), 0.9 * rem());
  g.fillText(`${Math.round(across)} mm`, 0.5 * rem(), hgt - foot - 0.3 * rem());
  g.textAlign = 'center';
  for (const m of ticks({from: 0, to: long}, w - left).at) g.fillText(`${Number(m.toFixed(2))} m`, x(m), hgt - 0.3 * rem());
  g.textAlign = 'left';
  for (const one of about.truths.filter(each => each.box)) {
    const [a, b, c, d] = extent(one, scale);
    g.strokeStyle = g.fillStyle = colour(INKS[one.verdict]);
    g.lineWidth = one.is_fault ? 1.5 : 0.75;
    g.globalAlpha = 0.35;
    if (one.is_fault && one.found_at !== null) g.fillRect(a, b, c, d);
    g.globalAlpha = 1;
    g.strokeRect(a, b, c, d);
  }
  for (const one of about.alarms.filter(each => each.box && ['false', 'forbidden', 'alarm'].includes(each.kind))) {
    const [a, b, c, d] = extent(one, scale);
    g.strokeStyle = colour('urgent');
    g.lineWidth = 2;
    g.beginPath();
    g.moveTo(a, b);
    g.lineTo(a + c, b + d);
    g.moveTo(a + c, b);
    g.lineTo(a, b + d);
    g.stroke();
  }
  if (metre !== null) { g.fillStyle = colour('ink'); g.fillRect(x(Math.min(metre, long)) - 1, 0, 2, hgt - foot); }
  if (!chosen?.box) return;
  const [a, b, c, d] = extent(chosen, scale), text = pick(chosen.what ?? chosen.label ?? chosen.condition);
  g.strokeStyle = colour('ink');
  g.lineWidth = 2;
  g.strokeRect(a - 4, b - 4, c + 8, d + 8);
  g.font = font(0.8, 700);
  const wide = g.measureText(text).width, at = Math.min(a, w - wide - 6), under = b + d + 1.2 * rem() < hgt - foot ? b + d + 1.2 * rem() : b - 0.6 * rem();
  g.fillStyle = colour('back');
  g.fillRect(at - 3, under - 0.9 * rem(), wide + 6, 1.2 * rem());
  g.fillStyle = colour('ink');
  g.fillText(text, at, under);
}

// The box nearest to a point of the canvas.
export function nearest(about, w, hgt, px, py) {
  const scale = scales(about, w, hgt), far = one => {
    const [a, b, c, d] = extent(one, scale);
    return Math.hypot(Math.max(a - px, 0, px - a - c), Math.max(b - py, 0, py - b - d));
  };
  return boxes(about).map(one => [far(one), one]).sort(([a], [b]) => a - b)[0]?.[1] ?? null;
}
