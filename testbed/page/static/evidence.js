// The tag on which the alarm that stands rests most, over the last seconds: what is wrong, beside the machine it is wrong at.
import {colour, font, rem, surface} from './canvas.js';
import {curve, grid, hole, lively, scale} from './chart.js';
import {h} from './dom.js';
import {pick, t} from './i18n.js';
import {URGENCY} from './mimic.js';
import {column, high, level, low, shown, store, tag, want} from './store.js';

const SPAN_S = 20;

// That tag and when the alarm it came, null where none stands.
function named() {
  const alarm = (store.state?.alarms.list ?? []).find(one => URGENCY.includes(one.state) && one.why.length);
  return alarm && store.run.index.has(alarm.why[0].tag) ? {name: alarm.why[0].tag, at: alarm.at} : null;
}

function paint(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  const found = store.run && named(), c = found ? column(found.name) : -1;
  if (c < 0 || !store.rows) return;
  const {name, at} = found, r = rem(), {row_s} = store.run, now = store.rows * row_s;
  const box = {x: 0, y: 1.7 * r, w, h: hgt - 3.1 * r}, span = {from: Math.max(0, now - SPAN_S), to: Math.max(now, SPAN_S)};
  const series = {from: 0, row_s, n: store.rows, low: i => low(i, c), high: i => high(i, c), hole_s: hole(tag(name), row_s)};
  g.textBaseline = 'alphabetic';
  grid(g, box, span, true);
  const drawn = curve(g, box, series, span, tag(name).range, colour('curve'), lively);
  if (!drawn) return;
  g.strokeStyle = g.fillStyle = colour('high');
  g.lineWidth = 1.5;
  if (at >= span.from) {
    g.beginPath();
    g.moveTo(drawn.x(at), box.y);
    g.lineTo(drawn.x(at), box.y + box.h);
    g.stroke();
  }
  scale(g, box, shown(name, drawn.most), shown(name, drawn.least));
  g.fillStyle = colour('high');
  g.font = font(0.9, 700);
  g.textAlign = 'left';
  g.fillText(`▲ ${pick(tag(name).what)} · ${name.split('/').slice(-2).join(' / ')}  ${level(name)}`, 4, 1.2 * r);
}

// A canvas for a view, and what draws it: hidden as long as no alarm stands, or where the view shows that tag anyway.
export function evidence(view, isShown = () => false) {
  const canvas = h('canvas', {role: 'img', hidden: true}), repaint = surface(canvas, paint);
  let before = null;
  return {canvas, draw() {
    const found = store.run && named(), name = found && !isShown(found.name) ? found.name : null;
    if (name !== before) want(`${view} evidence`, name ? [name] : []);
    before = name;
    canvas.hidden = !name;
    if (!name) return;
    canvas.setAttribute('aria-label', `${t('why')}: ${pick(tag(name).what)} ${level(name)}`);
    repaint();
  }, begin() { before = null; }};
}
