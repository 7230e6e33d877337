// Trends: a curve a tag, of its lowest and highest value in each pixel; one span, hold and cursor for all of them.
import {colour, font, rem, surface} from './canvas.js';
import {$, clock, h, put} from './dom.js';
import {pick, t} from './i18n.js';
import {column, high, latest, low, short, shown, store, tag, want} from './store.js';

const SPANS = [30, 120, 0];  // s; 0 is the whole run
const view = {span: 120, held: null, cursor: null};
let plots = [], names = [];

function bounds() {
  const last = view.held ?? store.rows, n = store.run.rows;
  const rows = view.span ? Math.max(2, Math.round(view.span / store.run.row_s)) : n;
  return [view.span ? Math.max(0, last - rows) : 0, view.span ? Math.max(rows, last) : n, last];
}

function curve(g, w, hgt, name) {
  g.fillStyle = colour('panel');
  g.fillRect(0, 0, w, hgt);
  const c = column(name);
  if (c < 0 || !store.rows) return;
  const [first, end, last] = bounds(), until = Math.min(end, last);
  let least = Infinity, most = -Infinity;
  for (let i = first; i < until; i += 1) {
    const a = low(i, c), b = high(i, c);
    if (a < least) least = a;
    if (b > most) most = b;
  }
  if (!(least <= most)) return;
  const range = tag(name).range, floor = range ? (range[1] - range[0]) / 200 : Math.abs(most) / 200 || 1e-6;
  const spare = Math.max(0, floor - (most - least)) / 2 + (most - least) * 0.08;
  const x = i => (i - first) / (end - first) * w, y = v => hgt - (v - least + spare) / (most - least + 2 * spare) * hgt;
  marks(g, x, hgt, first, end);
  g.strokeStyle = colour('curve');
  g.lineWidth = Math.max(1.2, rem() / 10);
  g.lineJoin = 'round';
  g.beginPath();
  const step = Math.max(1, (end - first) / w);
  let drawn = false;
  for (let from = first; from < until; from += step) {
    const to = Math.min(until, Math.max(from + 1, Math.floor(from + step)));
    let a = Infinity, b = -Infinity;
    for (let i = Math.floor(from); i < to; i += 1) {
      if (low(i, c) < a) a = low(i, c);
      if (high(i, c) > b) b = high(i, c);
    }
    if (!(a <= b)) continue;
    if (drawn) g.lineTo(x(from), y(a)); else g.moveTo(x(from), y(a));
    if (a !== b) g.lineTo(x(from), y(b));
    drawn = true;
  }
  g.stroke();
  g.fillStyle = colour('dim');
  g.font = font(0.72);
  g.fillText(shown(name, most), 3, 0.8 * rem());
  g.fillText(shown(name, least), 3, hgt - 4);
  if (view.cursor !== null) cursor(g, w, hgt, name, x, first, end);
}

// Where alarms came: a line with a triangle, so that it is seen without colour too.
function marks(g, x, hgt, first, end) {
  g.strokeStyle = g.fillStyle = colour('high');
  g.lineWidth = 1;
  for (const alarm of store.state?.alarms.list ?? []) {
    const at = alarm.at / store.run.row_s;
    if (at < first || at > end) continue;
    g.beginPath();
    g.moveTo(x(at), 0);
    g.lineTo(x(at), hgt);
    g.stroke();
    g.beginPath();
    g.moveTo(x(at) - 4, 0);
    g.lineTo(x(at) + 4, 0);
    g.lineTo(x(at), 7);
    g.fill();
  }
}

function cursor(g, w, hgt, name, x, first, end) {
  const row = Math.round(first + view.cursor * (end - first)), at = x(row);
  g.strokeStyle = colour('ink');
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(at, 0);
  g.lineTo(at, hgt);
  g.stroke();
  const text = `${clock(row * store.run.row_s)}  ${shown(name, latest(name, Math.min(row, store.rows - 1)))} ${tag(name).unit}`;
  g.font = font(0.8, 600);
  const wide = g.measureText(text).width;
  const left = Math.min(Math.max(at + 6, 2), w - wide - 8);
  g.fillStyle = colour('back');
  g.fillRect(left - 4, 2, wide + 8, 1.2 * rem());
  g.fillStyle = colour('ink');
  g.fillText(text, left, 1 * rem());
}

function plot(name) {
  const value = h('b'), canvas = h('canvas', {tabindex: 0, role: 'img'});
  const what = h('span', {class: 'what'}), path = h('span', {class: 'path'}, short(name));
  const gone = h('button', {type: 'button', class: 'small', onclick: () => show(names.filter(one => one !== name))}, '×');
  const box = h('div', {class: 'trend'}, h('div', {class: 'head'}, what, path, value, gone), canvas);
  const paint = surface(canvas, (g, w, hgt) => curve(g, w, hgt, name));
  const move = share => { view.cursor = share === null ? null : Math.min(1, Math.max(0, share)); draw(); };
  canvas.addEventListener('pointermove', e => move(e.offsetX / canvas.clientWidth));
  canvas.addEventListener('pointerleave', () => move(null));
  canvas.addEventListener('blur', () => move(null));
  canvas.addEventListener('keydown', e => {
    const step = {ArrowLeft: -0.01, ArrowRight: 0.01}[e.key];
    if (step) { e.preventDefault(); move((view.cursor ?? 1) + step); }
  });
  const label = () => {
    const measured = pick(tag(name)?.what) || short(name);
    put(what, measured);
    path.hidden = measured === short(name);
    path.title = name;
    canvas.setAttribute('aria-label', `${t('trend')}: ${measured} ${short(name)}`);
    gone.setAttribute('aria-label', `${t('remove')}: ${short(name)}`);
  };
  return {box, label, paint: () => {
    const now = latest(name);
    put(value, `${shown(name, now)} ${tag(name)?.unit ?? ''}`);
    paint();
  }};
}

function show(chosen) {
  names = chosen;
  want('trends', names);
  plots = names.map(plot);
  $('plots').replaceChildren(...plots.map(one => one.box));
  relabel();
}

export function relabel() {
  for (const one of plots) one.label();
  put($('hold'), t(view.held === null ? 'hold_trends' : 'go_on_trends'));
  for (const one of document.querySelectorAll('#spans button')) {
    put(one, +one.dataset.span ? `${one.dataset.span} ${t('seconds')}` : t('whole'));
    one.setAttribute('aria-pressed', String(+one.dataset.span === view.span));
  }
}

export function build(root) {
  const hold = h('button', {id: 'hold', type: 'button', onclick: () => {
    view.held = view.held === null ? store.rows : null;
    relabel();
    draw();
  }});
  const spans = h('span', {id: 'spans', role: 'group'}, SPANS.map(span => h('button', {type: 'button', 'data-span': span, onclick: () => {
    view.span = span;
    relabel();
    draw();
  }})));
  const add = h('input', {id: 'add', list: 'tag-names', 'data-label': 'add', autocomplete: 'off', onchange: e => {
    if (store.run?.index.has(e.target.value) && !names.includes(e.target.value)) show([...names, e.target.value]);
    e.target.value = '';
  }});
  root.append(h('div', {class: 'bar'}, h('h2', {'data-t': 'trends'}), spans, hold, h('label', {class: 'add'}, h('span', {'data-t': 'add'}), add)),
    h('datalist', {id: 'tag-names'}), h('div', {id: 'plots'}));
}

export function begin(run) {
  view.held = view.cursor = null;
  $('tag-names').replaceChildren(...run.tags.map(one => h('option', {value: one.name})));
  show(run.trends);
}

export function draw() {
  if (store.run) for (const one of plots) one.paint();
}
