// The lanes of the replay: what happened on top, what each model said of it below, what was done, all over one time.
import {colour, font, rem} from './canvas.js';
import {flag, grid, ticks} from './chart.js';
import {pick, t} from './i18n.js';
import {metreAt, timeOfMetre} from './replay_data.js';

export const SIGNS = {
  found: ['▼', 'good'], late: ['▼', 'high'], repeat: ['▽', 'dim'], known: ['●', 'good'], aftermath: ['○', 'dim'],
  false: ['✗', 'urgent'], forbidden: ['✗', 'urgent'], alarm: ['△', 'ink'],
};
export const ENDS = {found: '✓', late: '✗', missed: '✗', unseen: '–', known: '✓', left: '✓', forbidden: '✗'};
const INKS = {found: 'good', known: 'good', left: 'good', late: 'high', missed: 'urgent', forbidden: 'urgent', unseen: 'dim'};
const NAMED = 8;  // truths up to which each has a row of its own, with its delay and lead
const MOST_ROWS = 8, NAME_SHARE = 0.15;
const lastOf = path => path.split('/').slice(-2).join(' / ');
export const gutter = () => (matchMedia('(max-width: 1199px)').matches ? 7.5 : 9) * rem();

// Lanes with their height, and where they begin; truths of one row do not touch.
export function laid(about) {
  const r = rem(), truths = about.truths.filter(one => !one.box), marks = about.truths.filter(one => one.box);
  const lanes = [], add = (kind, label, high, more = {}) => lanes.push({kind, label, high: high * r, ...more});
  const isNamed = truths.length <= NAMED, rows = isNamed ? truths.map((_, i) => i) : packed(truths, about.duration_s);
  if (truths.length) add('truths', t('happened'), (isNamed ? 3.1 : 1.9) * (Math.max(...rows) + 1) + 0.4, {truths, rows, isNamed});
  if (marks.length) add('marks', `${t('marks')} ${marks.filter(one => one.is_fault).length}`, 2, {truths: marks});
  for (const model of about.models) add('model', model, 2, {alarms: about.alarms.filter(one => one.model === model), blind: about.blind[model] ?? []});
  if (about.steps.length) add('steps', t('was_done'), 2, {steps: about.steps});
  let top = 0.4 * r;
  for (const lane of lanes) { lane.top = top; top += lane.high; }
  return {lanes, high: top + 2.2 * r};
}

// Rows for many truths: one goes where the last one and its name have ended; what finds no row lies on the last.
function packed(truths, duration) {
  const free = [];
  return truths.map(one => {
    const at = free.findIndex(end => end <= one.onset), row = at >= 0 ? at : Math.min(free.length, MOST_ROWS - 1);
    free[row] = Math.max(one.cleared ?? duration, one.onset + NAME_SHARE * duration);
    return row;
  });
}

export function paint(g, w, hgt, {about, span, now, axis, chosen, marked}) {
  const {lanes, high} = laid(about), left = gutter(), box = {x: left, y: 0, w: w - left, h: high - 2.2 * rem()};
  const x = s => left + (s - span.from) / (span.to - span.from) * box.w;
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  lanes.forEach((lane, i) => {
    if (i % 2) return;
    g.fillStyle = colour('panel');
    g.fillRect(0, lane.top, w, lane.high);
  });
  if (axis) metreGrid(g, box, span, x, axis); else grid(g, box, span, true);
  for (const lane of lanes) {
    g.fillStyle = colour('dim');
    g.font = font(0.85, 600);
    g.fillText(lane.label, 0.5 * rem(), lane.top + 1.3 * rem(), left - rem());
    g.save();
    g.beginPath();
    g.rect(left, lane.top, box.w, lane.high);
    g.clip();
    PAINT[lane.kind](g, lane, x, box, about, chosen);
    g.restore();
  }
  veil(g, box, x(now));
  if (marked) { g.globalAlpha = 0.25; g.fillStyle = '#9ecbff'; g.fillRect(marked[0], 0, marked[1] - marked[0], box.h); g.globalAlpha = 1; }
  playhead(g, box, x(now));
}

// What has not come yet is dim.
export function veil(g, box, at) {
  const from = Math.max(box.x, at);
  if (from >= box.x + box.w) return;
  g.save();
  g.globalAlpha = 0.45;
  g.fillStyle = colour('back');
  g.fillRect(from, box.y, box.x + box.w - from, box.h);
  g.restore();
}

export function playhead(g, box, at, text = '') {
  if (at < box.x - 1 || at > box.x + box.w + 1) return;
  g.fillStyle = colour('ink');
  g.fillRect(at - 1, box.y, 2, box.h);
  g.beginPath();
  g.moveTo(at - 6, box.y);
  g.lineTo(at + 6, box.y);
  g.lineTo(at, box.y + 9);
  g.fill();
  if (text) flag(g, box, at, text);
}

function metreGrid(g, box, span, x, axis) {
  const from = metreAt(axis, Math.max(span.from, axis.parts[0].from)), long = axis.parts.filter(one => one.to > span.from && one.from < span.to);
  if (!from) return;
  g.textAlign = 'center';
  g.font = font(0.75);
  for (const part of long) {
    const a = metreAt(axis, Math.max(span.from, part.from))?.m ?? 0, b = metreAt(axis, Math.min(span.to, part.to) - 1e-3)?.m ?? a;
    const wide = Math.max(1, x(Math.min(span.to, part.to)) - x(Math.max(span.from, part.from))), {step, at} = ticks({from: a, to: Math.max(b, a + 0.01)}, wide);
    for (const m of at) {
      const px = x(timeOfMetre(axis, part.part, m));
      g.fillStyle = colour('raised');
      g.fillRect(px, box.y, 1, box.h);
      g.fillStyle = colour('dim');
      if (px > box.x + rem() && px < box.x + box.w - rem()) g.fillText(`${Number(m.toFixed(step < 1 ? 2 : 0))} m`, px, box.y + box.h + 1.1 * rem());
    }
    g.fillText(part.part, Math.max(box.x + 3 * rem(), x((Math.max(span.from, part.from) + Math.min(span.to, part.to)) / 2)), box.y + box.h + 2 * rem());
  }
  g.textAlign = 'left';
}

const PAINT = {
  truths(g, lane, x, box, about, chosen) {
    lane.truths.forEach((truth, i) => (lane.isNamed ? named : plain)(g, truth, lane.top + 0.2 * rem() + (lane.isNamed ? 3.1 : 1.9) * rem() * lane.rows[i], x, box, about, truth === chosen));
  },
  marks(g, lane, x) {
    for (const truth of lane.truths) {
      const at = x(truth.onset);
      g.fillStyle = colour(INKS[truth.verdict]);
      g.fillRect(at - 1, lane.top + 0.3 * rem(), 2, truth.is_fault ? 1.4 * rem() : 0.6 * rem());
    }
  },
  model(g, lane, x, box) {
    const middle = lane.top + lane.high / 2, r = rem();
    g.fillStyle = colour('line');
    g.fillRect(box.x, middle, box.w, 1);
    for (const [from, to] of lane.blind) hatch(g, x(from), middle - 0.4 * r, x(to) - x(from), 0.8 * r);
    for (const alarm of lane.alarms) {
      const [, ink] = SIGNS[alarm.kind];
      g.fillStyle = colour(ink);
      g.globalAlpha = 0.6;
      g.fillRect(x(alarm.at), middle - 0.2 * r, Math.max(0, x(alarm.until ?? 1e9) - x(alarm.at)), 0.4 * r);
      g.globalAlpha = 1;
    }
    g.font = font(1.15, 700);
    g.textAlign = 'center';
    for (const alarm of lane.alarms) {
      const [sign, ink] = SIGNS[alarm.kind];
      g.fillStyle = colour(ink);
      g.fillText(sign, x(alarm.at), middle + 0.4 * r);
    }
    g.textAlign = 'left';
  },
  steps(g, lane, x, box) {
    let free = -Infinity;
    g.font = font(0.8);
    for (const step of lane.steps) {
      const at = x(step.at), text = pick(step.what), wide = g.measureText(text).width;
      g.fillStyle = colour('seen');
      g.fillText('◆', at - 0.35 * rem(), lane.top + 1.3 * rem());
      if (at < free || at > box.x + box.w) continue;
      g.fillStyle = colour('ink');
      g.fillText(text, at + 0.8 * rem(), lane.top + 1.3 * rem());
      free = at + wide + 2 * rem();
    }
  },
};

function hatch(g, x, y, w, h) {
  g.fillStyle = colour('raised');
  g.fillRect(x, y, w, h);
  g.strokeStyle = colour('dim');
  g.lineWidth = Math.max(1, rem() / 14);
  g.save();
  g.beginPath();
  g.rect(x, y, w, h);
  g.clip();
  g.beginPath();
  for (let at = Math.max(x, -h) - h; at < Math.min(x + w, 8000); at += 0.45 * rem()) { g.moveTo(at, y + h); g.lineTo(at + h, y); }
  g.stroke();
  g.restore();
}

// Its name and a bar, where there are too many for more.
function plain(g, truth, y, x, box, about, isChosen) {
  const r = rem(), from = x(truth.onset), long = Math.max(3, x(truth.cleared ?? about.duration_s) - from);
  g.font = font(0.8, isChosen ? 800 : 600);
  const text = `${ENDS[truth.verdict]} ${pick(truth.what)}`, wide = g.measureText(text).width;
  g.fillStyle = colour(INKS[truth.verdict]);
  g.fillText(text, Math.max(box.x + 4, Math.min(from, box.x + box.w - wide - 4)), y + 0.9 * r);
  if (truth.is_fault) { g.fillStyle = colour('steel'); g.fillRect(from, y + 1.15 * r, long, 0.45 * r); } else hatch(g, from, y + 1.15 * r, long, 0.45 * r);
  if (truth.found_at !== null) sign(g, x(truth.found_at), y + 0.9 * r, '▼', INKS[truth.verdict]);
}

// A truth: its name, a bar from onset to end, deadline and consequence, and below it how long until the alarm, how long left.
function named(g, truth, y, x, box, about, isChosen) {
  const r = rem(), from = x(truth.onset), to = Math.max(from + 3, x(truth.cleared ?? about.duration_s)), bar = y + 1.3 * r;
  g.font = font(0.9, isChosen ? 800 : 600);
  const text = `${ENDS[truth.verdict]} ${pick(truth.what)}`, place = truth.where ? lastOf(truth.where) : '', wide = g.measureText(text).width;
  const all = wide + g.measureText(place).width + r, at = Math.max(box.x + 4, Math.min(from, box.x + box.w - all));
  g.fillStyle = colour(INKS[truth.verdict]);
  g.fillText(text, at, y + r);
  g.fillStyle = colour('dim');
  g.font = font(0.75);
  g.fillText(place, at + wide + 0.6 * r, y + r);
  if (truth.is_fault) {
    g.fillStyle = colour('steel');
    g.fillRect(from, bar, to - from, 0.6 * r);
  } else hatch(g, from, bar, to - from, 0.6 * r);
  if (isChosen) { g.strokeStyle = colour('ink'); g.lineWidth = 2; g.strokeRect(from - 2, bar - 2, to - from + 4, 0.6 * r + 4); }
  if (!truth.is_fault) {
    if (truth.found_at !== null) sign(g, x(truth.found_at), bar, '▼', 'good');
    return;
  }
  if (truth.detectable !== null) sign(g, x(truth.detectable), bar, '◇', 'ink');
  if (truth.deadline !== null) post(g, x(truth.deadline), y + 0.9 * r, bar + 1.7 * r, 'high');
  if (truth.consequence !== null) sign(g, x(truth.consequence), bar, '✖', 'urgent');
  if (truth.found_at === null) return;
  sign(g, x(truth.found_at), bar, '▼', truth.verdict === 'found' ? 'good' : 'high');
  const below = bar + 1.25 * r;
  measure(g, from, x(truth.found_at), below, `${t('delay')} ${pick(truth.delay_s_text)}`, 'dim');
  if (truth.deadline !== null) measure(g, x(truth.found_at), x(truth.deadline), below, truth.lead_s >= 0 ? `${t('lead')} ${pick(truth.lead_s_text)}` : t('too_late'), truth.lead_s >= 0 ? 'good' : 'urgent');
}

function sign(g, at, bar, text, ink) {
  g.font = font(0.95, 700);
  g.textAlign = 'center';
  g.lineWidth = 4;
  g.strokeStyle = colour('back');
  g.strokeText(text, at, bar + 0.6 * rem());
  g.fillStyle = colour(ink);
  g.fillText(text, at, bar + 0.6 * rem());
  g.textAlign = 'left';
}

function post(g, at, y1, y2, ink) {
  g.strokeStyle = colour(ink);
  g.lineWidth = 2;
  g.setLineDash([6, 4]);
  g.beginPath();
  g.moveTo(at, y1);
  g.lineTo(at, y2);
  g.stroke();
  g.setLineDash([]);
}

// A line with an end at each side, and how long it is where that has room.
function measure(g, a, b, y, text, ink) {
  const r = rem(), [from, to] = a < b ? [a, b] : [b, a];
  g.strokeStyle = g.fillStyle = colour(ink);
  g.lineWidth = 1.5;
  g.beginPath();
  g.moveTo(from, y - 0.25 * r);
  g.lineTo(from, y + 0.25 * r);
  g.moveTo(to, y - 0.25 * r);
  g.lineTo(to, y + 0.25 * r);
  g.moveTo(from, y);
  g.lineTo(to, y);
  g.stroke();
  g.font = font(0.78, 600);
  const wide = g.measureText(text).width;
  if (wide + 8 > to - from) return;
  g.fillStyle = colour('back');
  g.fillRect((from + to - wide) / 2 - 3, y - 0.6 * r, wide + 6, 1.2 * r);
  g.fillStyle = colour(ink);
  g.fillText(text, (from + to - wide) / 2, y + 0.28 * r);
}
