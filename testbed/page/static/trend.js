// Trends: a curve a tag; one stretch of time, hold and cursor for all of them. Held, the run goes on behind them.
import {colour, font, rem, surface} from './canvas.js';
import {curve, extent, flag, grid, hole, holes, lively, moment, scale, valueAt} from './chart.js';
import {$, h, put} from './dom.js';
import {pick, t} from './i18n.js';
import {column, high, level, low, short, shown, store, tag, want} from './store.js';
import {savePicture, saveTable, table} from './take.js';
import {shade, zoomable} from './zoom.js';

const SPANS = [30, 120, 0];  // s; 0 is the whole run
const USUAL_S = 120, SHORT_S = 60;  // shown at first; a run that is shorter than this is shown whole
// held: the stretch that stands still; rows: as many as there were then; cursor: share of the stretch
const view = {span: USUAL_S, held: null, rows: 0, cursor: null};
const NAMED = 2;  // of what an alarm rests on, so many tags come first by themselves,
const MOST = 3;   // and of so many alarms
const LEAST = 0.005;  // a share that is shown as 0.00 tells nothing
let plots = [], names = [], seen = new Set();  // seen: alarms whose evidence has been brought in

const now = () => store.rows * store.run.row_s;

function span() {
  if (view.held) return view.held;
  if (!view.span) return {from: 0, to: store.run.duration_s};
  return {from: Math.max(0, now() - view.span), to: Math.max(view.span, now())};
}

function series(name) {
  const c = column(name), row_s = store.run.row_s;
  return {from: 0, row_s, n: c < 0 ? 0 : view.held ? view.rows : store.rows, low: i => low(i, c), high: i => high(i, c), hole_s: hole(tag(name), row_s)};
}

const cursorAt = () => view.cursor === null || !store.run ? null : span().from + view.cursor * (span().to - span().from);

// The value under the cursor with time and unit; where a stretch holds several samples, the lowest and the highest.
function told(name, at) {
  const found = valueAt(series(name), at), unit = tag(name).unit, fine = (span().to - span().from) < 60 ? 0.1 : 1;
  if (!found) return `${moment(at, fine)}  –`;
  const value = found.low === found.high ? shown(name, found.value) : `${shown(name, found.low)} … ${shown(name, found.high)}`;
  return `${moment(found.at, fine)}  ${value} ${unit}`;
}

function paint(g, w, hgt, name, marked) {
  g.fillStyle = colour('panel');
  g.fillRect(0, 0, w, hgt);
  if (!store.run || !store.rows) return;
  const box = {x: 0, y: 0, w, h: hgt - 1.3 * rem()}, stretch = span();
  grid(g, box, stretch, true);
  const drawn = curve(g, box, series(name), stretch, tag(name)?.range, colour('curve'), view.held ? extent : lively);
  if (!drawn) return;
  marks(g, drawn.x, box, stretch);
  scale(g, box, shown(name, drawn.most), shown(name, drawn.least));
  const at = cursorAt();
  if (at !== null) flag(g, box, drawn.x(at));  // the value stands in the head, where it is read out, too
  shade(g, marked, box.h);
}

// Where alarms came: a line with a triangle, so that it is seen without colour too.
function marks(g, x, box, stretch) {
  g.strokeStyle = g.fillStyle = colour('high');
  g.lineWidth = 1;
  for (const alarm of store.state?.alarms.list ?? []) {
    if (alarm.at < stretch.from || alarm.at > stretch.to) continue;
    g.beginPath();
    g.moveTo(x(alarm.at), 0);
    g.lineTo(x(alarm.at), box.h);
    g.stroke();
    g.beginPath();
    g.moveTo(x(alarm.at) - 4, 0);
    g.lineTo(x(alarm.at) + 4, 0);
    g.lineTo(x(alarm.at), 7);
    g.fill();
  }
}

function hold(stretch) {
  if (stretch && !view.held) view.rows = store.rows;
  view.held = stretch;
  relabel();
  draw();
}

const handles = {
  span,
  limits: () => ({from: 0, to: Math.max(store.run.duration_s, now())}),
  set: (from, to) => hold({from, to}),
  reset: () => hold(null),
  cursor: at => { view.cursor = at === null ? null : Math.min(1, Math.max(0, (at - span().from) / (span().to - span().from))); draw(); },
  at: cursorAt,
  inset: () => 0,
  draw: () => draw(),
};

// The last level of a tag's path, with the stand or machine where several have such a tag.
const place = name => name.split('/').slice(store.run.tags.some(one => one.name !== name && short(one.name) === short(name)) ? -2 : -1).join(' / ');

function plot(name) {
  const value = h('b'), canvas = h('canvas', {tabindex: 0, role: 'img'});
  const what = h('span', {class: 'what'}), path = h('span', {class: 'path'}, place(name));
  const gone = h('button', {type: 'button', class: 'small', onclick: () => show(names.filter(one => one !== name))}, '×');
  const box = h('div', {class: 'trend'}, h('div', {class: 'head'}, what, path, value, gone), canvas);
  const marking = zoomable(canvas, handles);
  const repaint = surface(canvas, (g, w, hgt) => paint(g, w, hgt, name, marking.marked()));
  const title = () => pick(tag(name)?.what) || short(name);
  return {box, name, title, label: () => {
    put(what, title());
    path.hidden = title() === short(name);
    path.title = name;
    canvas.setAttribute('aria-label', `${t('trend')}: ${title()} ${short(name)}`);
    canvas.title = t('trend_keys');
    gone.setAttribute('aria-label', `${t('remove')}: ${short(name)}`);
  }, paint: () => {
    const at = cursorAt();
    put(value, at === null ? level(name) : told(name, at));
    repaint();
  }};
}

function show(chosen) {
  names = chosen;
  want('trends', names);
  plots = names.map(plot);
  $('plots').replaceChildren(...plots.map(one => one.box));
  relabel();
}

// What an alarm rests on comes first by itself, once; a flood of alarms does not turn everything over.
function bring() {
  const list = store.state?.alarms.list ?? [], evidence = new Set(list.flatMap(alarm => alarm.why.slice(0, NAMED).filter(one => one.share >= LEAST).map(one => one.tag)));
  for (const alarm of list) {
    if (seen.has(alarm.id) || view.held || seen.size >= MOST) continue;
    seen.add(alarm.id);
    const fresh = alarm.why.slice(0, NAMED).filter(one => one.share >= LEAST).map(one => one.tag)
      .filter(one => store.run.index.has(one) && !names.includes(one)).map(plot);
    if (!fresh.length) continue;
    const spare = plots.filter(one => store.run.trends.includes(one.name) && !evidence.has(one.name)).slice(-fresh.length);
    for (const one of plots.length + fresh.length > store.run.trends.length ? spare : []) one.box.remove();
    plots = [...fresh, ...plots.filter(one => one.box.isConnected)];
    names = plots.map(one => one.name);
    want('trends', names);
    $('plots').prepend(...fresh.map(one => one.box));
    relabel();
  }
  for (const one of plots) one.box.classList.toggle('named', evidence.has(one.name));
}

export function relabel() {
  for (const one of plots) one.label();
  put($('hold'), t(view.held ? 'go_on_trends' : 'hold_trends'));
  $('hold').setAttribute('aria-pressed', String(Boolean(view.held)));
  for (const one of document.querySelectorAll('#spans button')) {
    put(one, +one.dataset.span ? `${one.dataset.span} ${t('seconds')}` : t('whole'));
    one.setAttribute('aria-pressed', String(!view.held && +one.dataset.span === view.span));
  }
}

// How far the run has gone on behind what is held, and how much of that stretch nobody measured.
function behind() {
  if (!view.held || !store.run) return '';
  const missing = plots.map(one => holes(series(one.name), view.held)).filter(one => one.n);
  const n = missing.reduce((sum, one) => sum + one.n, 0), long = missing.reduce((sum, one) => sum + one.long, 0);
  const ahead = (store.rows - view.rows) * store.run.row_s;
  return `${t('held')} · ${t('ahead')} ${moment(ahead)} · ${t('holes')} ${n}${n ? ` (${long.toFixed(1)} ${t('seconds')})` : ''}`;
}

const curves = () => plots.map(one => ({name: one.name, unit: tag(one.name).unit, series: series(one.name)}));
const file = ending => `trends-${store.state?.story ?? 'run'}-${Math.round(span().from)}-${Math.round(span().to)}s.${ending}`;

function picture() {
  const wide = 1200, high = 10 * rem(), stretch = {...span()}, words = `${t('title')} · ${t('simulated')} · ${moment(stretch.from)} – ${moment(stretch.to)}`;
  const head = {high: 2.4 * rem(), draw: g => { g.fillStyle = colour('ink'); g.font = font(1, 700); g.fillText(words, 12, 1.5 * rem()); }};
  const parts = plots.map(one => ({high, draw(g, w, all) {
    const title = 1.4 * rem();
    g.fillStyle = colour('ink');
    g.font = font(0.85, 600);
    g.fillText(`${one.title()} · ${one.name} · ${tag(one.name).unit}`, 12, rem());
    g.translate(0, title);
    paint(g, w, all - title, one.name, null);
  }}));
  savePicture(file('png'), wide, [head, ...parts], colour('back'));
}

export function build(root) {
  const held = h('button', {id: 'hold', type: 'button', onclick: () => hold(view.held ? null : {...span()})});
  const spans = h('span', {id: 'spans', role: 'group'}, SPANS.map(one => h('button', {type: 'button', 'data-span': one, onclick: () => {
    view.span = one;
    hold(null);
  }})));
  const add = h('input', {id: 'add', list: 'tag-names', 'data-label': 'add', autocomplete: 'off', onchange: e => {
    if (store.run?.index.has(e.target.value) && !names.includes(e.target.value)) show([...names, e.target.value]);
    e.target.value = '';
  }});
  const take = (id, what) => h('button', {id, type: 'button', 'data-t': id, onclick: () => { if (store.run && store.rows) what(); }});
  root.append(h('div', {class: 'bar'}, h('h2', {'data-t': 'trends'}), h('span', {id: 'behind', role: 'status'}), spans, held,
    take('take_csv', () => saveTable(file('csv'), table(curves(), span(), store.run.start_ms))), take('take_png', picture),
    h('label', {class: 'add'}, h('span', {'data-t': 'add'}), add)), h('datalist', {id: 'tag-names'}), h('div', {id: 'plots'}));
}

export function begin(run) {
  view.held = view.cursor = null;
  view.span = run.duration_s <= SHORT_S ? 0 : USUAL_S;
  seen = new Set();
  $('tag-names').replaceChildren(...run.tags.map(one => h('option', {value: one.name})));
  show(run.trends);
}

export function draw() {
  if (!store.run) return;
  bring();
  for (const one of plots) one.paint();
  put($('behind'), behind());
}
