// The mould: a wall of thermocouples on its copper faces, in which a torn shell is seen to roll down to the mould's exit.
import {colour, font, rem, surface} from '../canvas.js';
import {h, put} from '../dom.js';
import {evidence} from '../evidence.js';
import {t} from '../i18n.js';
import {latest, shown, store, want} from '../store.js';

const PATH = 'POH/STEEL/CC1/S1.MOLD/';
const FACES = [['NL', 2], ['BF', 12], ['NR', 2], ['FF', 12]];  // around the strand
const DEPTHS = [0.11, 0.26, 0.41], EXIT = 0.8;                 // m below the meniscus: rows, and the mould's exit
const BEFORE_S = [60, 15];                                     // s: what a thermocouple is held against
const CALM = 3, FULL = 18;                                     // K: up to where it stays grey, and where the colour is full
const TRACES_S = 60;
let paintWall, paintTraces, exit, note, why, most = null, named = null, deviation = new Map();

const PLACE = /TC_([A-Z]+)_(\d+)_(\d+)$/;
const name = (face, row, column) => `${PATH}TC_${face}_${row}_${column}`;
const all = FACES.flatMap(([face, n]) => [1, 2, 3].flatMap(row => Array.from({length: n}, (_, i) => name(face, row, i + 1))));

function before(tag) {
  const step = store.run.row_s, first = store.rows - 1 - BEFORE_S[0] / step, last = store.rows - 1 - BEFORE_S[1] / step;
  let sum = 0, n = 0;
  for (let i = 0; i < 8; i += 1) {
    const value = latest(tag, Math.round(first + (last - first) * i / 7), 40);
    if (value === value) { sum += value; n += 1; }
  }
  return n ? sum / n : latest(tag);
}

// Blue where colder, amber to red where hotter than a while ago, grey as before; the sign is written, too.
function shade(kelvin) {
  if (!(kelvin === kelvin)) return colour('raised');
  const k = Math.sign(kelvin) * Math.min(1, Math.max(0, Math.abs(kelvin) - CALM) / (FULL - CALM)), a = Math.abs(k) ** 0.8;
  const to = k > 0 ? (k > 0.6 ? [255, 110, 90] : [255, 180, 84]) : [110, 165, 230];
  return `rgb(${[52, 58, 64].map((from, i) => Math.round(from + (to[i] - from) * a)).join(' ')})`;
}

function wall(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  if (!store.run || !store.rows) return;
  const r = rem(), top = 2.2 * r, foot = 1.6 * r, side = 5.2 * r, gap = r, n = FACES.reduce((sum, [, k]) => sum + k, 0);
  const cell = (w - side - gap * (FACES.length - 1)) / n, y = depth => top + depth / EXIT * (hgt - top - foot);
  g.textBaseline = 'middle';
  let x = side;
  most = null;
  deviation = deviations();
  for (const [face, k] of FACES) {
    g.fillStyle = colour('panel');
    g.fillRect(x, y(0), k * cell, y(EXIT) - y(0));
    g.fillStyle = colour('ink');
    g.font = font(0.9, 700);
    g.textAlign = 'center';
    g.fillText(t(`face.${face}`), x + k * cell / 2, r);
    for (let c = 0; c < k; c += 1) column(g, face, c, x + c * cell, cell, y);
    x += k * cell + gap;
  }
  g.textAlign = 'right';
  g.font = font(0.8);
  for (const [depth, text] of [[0, t('meniscus')], ...DEPTHS.map(d => [d, `${d * 1000} mm`]), [EXIT, t('exit')]]) {
    g.fillStyle = depth === EXIT ? colour('high') : colour('dim');
    g.fillText(text, side - 0.5 * r, y(depth));
  }
  g.strokeStyle = colour('high');
  g.lineWidth = 2;
  g.setLineDash([10, 6]);
  g.beginPath();
  g.moveTo(side, y(EXIT));
  g.lineTo(w, y(EXIT));
  g.stroke();
  g.setLineDash([]);
}

// How far each thermocouple has moved beside the others of its row: what the whole mould does is no tear.
function deviations() {
  const moved = new Map(all.map(one => [one, latest(one) - before(one)])), found = new Map();
  for (const row of [1, 2, 3]) {
    const names = FACES.flatMap(([face, n]) => Array.from({length: n}, (_, i) => name(face, row, i + 1)));
    const known = names.map(one => moved.get(one)).filter(value => value === value).sort((a, b) => a - b);
    for (const one of names) found.set(one, moved.get(one) - known[known.length >> 1]);
  }
  return found;
}

function column(g, face, c, x, wide, y) {
  const moved = [1, 2, 3].map(row => deviation.get(name(face, row, c + 1)));
  const ends = [0, (DEPTHS[0] + DEPTHS[1]) / 2, (DEPTHS[1] + DEPTHS[2]) / 2, 2 * DEPTHS[2] - (DEPTHS[1] + DEPTHS[2]) / 2];
  const shades = g.createLinearGradient(0, y(0), 0, y(ends[3]));
  DEPTHS.forEach((depth, i) => shades.addColorStop(depth / ends[3], shade(moved[i])));
  g.fillStyle = shades;
  g.fillRect(x + 1, y(0), wide - 2, y(ends[3]) - y(0));
  g.textAlign = 'center';
  g.font = font(wide > 3 * rem() ? 0.85 : 0.7, 600);
  moved.forEach((kelvin, i) => {
    if (kelvin === kelvin && (most === null || Math.abs(kelvin) > Math.abs(most.kelvin))) most = {kelvin, face, column: c + 1};
    g.fillStyle = kelvin > 0.5 * FULL ? '#16191c' : colour('ink');
    g.fillText(shown(name(face, i + 1, c + 1), latest(name(face, i + 1, c + 1))).split('.')[0], x + wide / 2, y(DEPTHS[i]) - 0.5 * rem());
    if (Math.abs(kelvin) >= CALM) g.fillText(`${kelvin > 0 ? '▲' : '▼'}${Math.abs(kelvin).toFixed(0)}`, x + wide / 2, y(DEPTHS[i]) + 0.55 * rem());
  });
}

// The three rows of the column that stands out, one above the other: the wave comes later the deeper it is.
function traces(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  if (named) most = {...named, kelvin: deviation.get(name(named.face, named.row, named.column)) ?? NaN};
  if (!most || !store.rows) return;
  const r = rem(), rows = Math.round(TRACES_S / store.run.row_s), first = store.rows - rows, tall = (hgt - 1.4 * r) / 3;
  g.textAlign = 'left';
  g.textBaseline = 'middle';
  g.font = font(0.85, 600);
  [1, 2, 3].forEach((row, i) => {
    const tag = name(most.face, row, most.column), zero = before(tag), middle = 1.4 * r + tall * (i + 0.6);
    g.strokeStyle = colour('line');
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(0, middle);
    g.lineTo(w, middle);
    g.stroke();
    g.strokeStyle = colour('curve');
    g.lineWidth = Math.max(1.5, r / 9);
    g.beginPath();
    for (let x = 0, on = false; x <= w; x += 3) {
      const at = Math.round(first + x / w * (rows - 1)), value = at < 0 ? NaN : latest(tag, at, 30);
      if (!(value === value)) continue;
      const y = middle - Math.max(-0.4, Math.min(0.6, (value - zero) / (1.6 * FULL))) * tall;
      if (on) g.lineTo(x, y); else g.moveTo(x, y);
      on = true;
    }
    g.stroke();
    g.fillStyle = colour('dim');
    g.fillText(`${t('row')} ${row} · ${DEPTHS[i] * 1000} mm`, 4, middle + 0.3 * tall);
  });
}

export const mould = {
  id: 'mould',
  name: 'part.mould',
  fits: run => run.index.has(name('BF', 1, 1)),
  build(root) {
    const [one, two] = [0, 1].map(() => h('canvas', {role: 'img', 'aria-label': t('view.mould')}));
    exit = h('strong', {class: 'exit'});
    note = h('span');
    root.classList.add('mould');
    why = evidence('mould', tag => PLACE.test(tag));
    root.append(h('div', {class: 'bar'}, h('h2', {'data-t': 'view.mould'}), exit), h('div', {class: 'walls'}, one, h('div', {class: 'traces'}, why.canvas, note, two)));
    paintWall = surface(one, wall);
    paintTraces = surface(two, traces);
    put(root.querySelector('h2'), t('view.mould'));
    mould.canvases = [one, two];
  },
  begin() {
    why.begin();
    want('mould', [...all, `${PATH}V_CAST`]);
  },
  draw() {
    const alarm = store.state.alarms.list.find(one => one.code === 'breakout' && one.exit !== null && one.verdict === 'open');
    const left = alarm ? alarm.exit - store.t : null, first = alarm?.why[0]?.tag.match(PLACE);
    named = first ? {face: first[1], row: +first[2], column: +first[3]} : null;  // what the alarm names comes before what is largest
    put(exit, left === null || left < 0 ? '' : `▼ ${t('to_exit')} ${left.toFixed(1)} ${t('seconds')}`);
    paintWall();
    paintTraces();
    why.draw();
    put(note, most ? `${t('stands_out')}: ${t(`face.${most.face}`)} ${most.column} · ${most.kelvin > 0 ? '+' : ''}${most.kelvin.toFixed(0)} K` : '');
    mould.canvases[0].setAttribute('aria-label', t('view.mould'));
    mould.canvases[1].setAttribute('aria-label', note.textContent || t('stands_out'));
  },
};
