// Fans, pumps and gears under watch: what each measures beside what it measured at first, and what an alarm rests on.
import {colour, font, rem, surface} from '../canvas.js';
import {h, put} from '../dom.js';
import {evidence} from '../evidence.js';
import {pick, t} from '../i18n.js';
import {nests, SHAPES, URGENCY} from '../mimic.js';
import {column, high, latest, low, shown, store, tag, want} from '../store.js';

const FOUND = /^(.*\/(\w+))\/VEL_RMS_DE$/, ENDS = ['DE', 'NDE'], SHORTS = ['VEL_RMS', 'ENV_RMS', 'KURT', 'TEMP_BRG'];
const FIRST_S = 60, ENOUGH = 8;  // s of the run and values that say what is usual
const MORE = 1.5;                // times as much as at first: said; judgement
const INKS = {unacknowledged: 'urgent', 'returned-unacknowledged': 'high', acknowledged: 'seen'};
let machines = [], usual = new Map(), canvas, paint, why;

const found = run => run.tags.map(one => one.name.match(FOUND)).filter(Boolean).map(([, path, name]) => ({path, name,
  tags: SHORTS.flatMap(short => ENDS.map(end => `${path}/${short}_${end}`).filter(one => run.index.has(one)))}));

// The middle of a tag's first values, NaN as long as there are few.
function first(name) {
  if (usual.has(name)) return usual.get(name);
  const c = column(name), values = [], until = Math.min(store.rows, FIRST_S / store.run.row_s);
  for (let i = 0; c >= 0 && i < until; i += 1) {
    const value = (low(i, c) + high(i, c)) / 2;
    if (value === value) values.push(value);
  }
  const middle = values.length < ENOUGH ? NaN : values.sort((a, b) => a - b)[values.length >> 1];
  if (middle === middle && store.rows >= until) usual.set(name, middle);
  return middle;
}

function rotor(g, x, y, r, ink) {
  g.strokeStyle = ink;
  g.fillStyle = colour('raised');
  g.lineWidth = 2;
  g.beginPath();
  g.arc(x, y, r, 0, 7);
  g.fill();
  for (const turn of [0, 2.094, 4.189]) {
    g.moveTo(x, y);
    g.lineTo(x + r * Math.sin(turn), y - r * Math.cos(turn));
  }
  g.stroke();
}

function row(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  if (!machines.length || !store.rows) return;
  const r = rem(), wide = w / machines.length;
  g.textBaseline = 'alphabetic';
  machines.forEach(({path, name, tags}, i) => {
    const alarm = store.state.alarms.list.find(one => URGENCY.includes(one.state) && nests(one.source, path));
    const ink = alarm ? colour(INKS[alarm.state]) : colour('dim'), x = (i + 0.5) * wide;
    if (alarm) {
      g.strokeStyle = ink;
      g.lineWidth = 3;
      g.strokeRect(i * wide + 3, 2, wide - 6, hgt - 4);
    }
    rotor(g, x, 2.4 * r, 1.7 * r, ink);
    g.textAlign = 'center';
    g.fillStyle = alarm ? ink : colour('ink');
    g.font = font(1, 700);
    g.fillText(`${alarm ? `${SHAPES[alarm.state]} ` : ''}${t(`machine.${name}`)}`, x, 5.6 * r);
    const step = Math.min(1.6 * r, (hgt - 7 * r) / tags.length);
    tags.forEach((one, k) => {
      const value = latest(one), times = value / first(one), is_more = times >= MORE, y = 7.3 * r + k * step;
      const told = `${is_more ? `▲ ${times.toFixed(1)}×  ` : ''}${shown(one, value)} ${tag(one).unit}`;
      g.font = font(0.8, is_more ? 700 : 400);
      g.fillStyle = is_more ? colour('high') : colour('ink');
      g.textAlign = 'right';
      g.fillText(told, (i + 1) * wide - 0.8 * r, y);
      g.fillStyle = is_more ? colour('high') : colour('dim');
      g.textAlign = 'left';
      g.fillText(`${pick(tag(one).what)} ${one.split('_').at(-1)}`, i * wide + 0.8 * r, y, wide - g.measureText(told).width - 2 * r);
    });
  });
}

export const machines_view = {
  id: 'machines',
  name: 'part.machines',
  fits: run => found(run).length > 0,
  build(root) {
    canvas = h('canvas', {role: 'img'});
    why = evidence('machines');
    root.append(h('div', {class: 'bar'}, h('h2', {'data-t': 'view.machines'})), h('div', {class: 'stack'}, h('div', {class: 'beside most'}, canvas), h('div', {class: 'beside'}, why.canvas)));
    paint = surface(canvas, row);
  },
  begin(run) {
    machines = found(run);
    usual = new Map();
    why.begin();
    want('machines', machines.flatMap(one => one.tags));
  },
  draw() {
    put(canvas.closest('.stack').parentElement.querySelector('h2'), t('view.machines'));
    canvas.setAttribute('aria-label', t('view.machines'));
    why.draw();
    why.canvas.parentElement.hidden = why.canvas.hidden;
    paint();
  },
};
