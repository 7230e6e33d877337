// The replay: a record opened, scrubbed by time or metre, played; what happened against what was said of it.
import {colour, font, rem, surface} from './canvas.js';
import {curve, flag, grid, moment, scale, valueAt} from './chart.js';
import {$, anew, h, put} from './dom.js';
import {language, load as words, onLanguage, pick, speak, t} from './i18n.js';
import * as coil from './replay_coil.js';
import * as data from './replay_data.js';
import * as lanes from './replay_lanes.js';
import {card, found} from './replay_side.js';
import {digitsOf} from './store.js';
import {savePicture, saveTable, table} from './take.js';
import {inside, shade, zoomable, zoomed} from './zoom.js';

const SPEEDS = [0.25, 0.5, 1, 2, 5, 10, 30], STEP_S = 1, MOST = 8;
const view = {now: 0, span: null, cursor: null, playing: false, speed: 1, metric: false, chosen: null};
let about = null, id = '', listing = null, names = [], plots = [], queued = false, before = null;
const stats = new URLSearchParams(location.search).has('stats') ? (window.__stats = {frames: 0, cost: []}) : null;

const axis = () => about.metres[0] ?? null;
const limits = () => ({from: 0, to: about.duration_s});
const metre = s => data.metreAt(axis(), s);

// -- which record ---------------------------------------------------------------------------------------------

async function start() {
  await words();
  listing = await (await data.asked('records.json')).json();
  desk();
  onLanguage(relabel);
  $('language').onclick = () => speak(language() === 'ko' ? 'en' : 'ko');
  speak(language());
  addEventListener('hashchange', wanted);
  await wanted();
}

async function wanted() {
  const hash = new URLSearchParams(location.hash.slice(1)), by = hash.get('folder');
  const there = listing.records.find(one => by ? one.folder === by : one.id === hash.get('record'));
  const one = there ?? listing.records.find(each => each.id === listing.first) ?? listing.records[0];
  if (one && one.id !== id) await open(one.id, hash.has('t') ? +hash.get('t') : null);
}

async function open(record, at = null) {
  try {
    const told = await (await data.asked(`record/${encodeURIComponent(record)}/about.json`)).json();
    [about, id] = [told, record];
  } catch (error) {
    say(error instanceof data.Refused ? error.message : t('unreadable'));
    return;
  }
  data.use(about, id, redraw);
  Object.assign(view, {span: limits(), cursor: null, playing: false, chosen: null, metric: false});
  view.now = at ?? (about.alarms.find(one => ['found', 'late'].includes(one.kind)) ?? about.alarms[0] ?? {at: about.truths[0]?.onset ?? 0}).at;
  $('coil').hidden = !coil.boxes(about).length;
  $('scrub').max = about.duration_s;
  $('tag-names').replaceChildren(...about.tags.map(one => h('option', {value: one.name})));
  history.replaceState(null, '', `#record=${encodeURIComponent(id)}`);
  show(about.trends);
  relabel();
}

function say(sentence) {
  put($('said'), sentence);
  if (sentence) setTimeout(() => put($('said'), ''), 6000);
}

// -- what one may do ------------------------------------------------------------------------------------------

function go(s, follow = true) {
  view.now = Math.min(about.duration_s, Math.max(0, s));
  if (follow && (view.now < view.span.from || view.now > view.span.to)) {
    const half = (view.span.to - view.span.from) / 2;
    view.span = inside({from: view.now - half, to: view.now + half}, limits());
  }
  redraw();
}

function choose(one) {
  view.chosen = one === view.chosen ? null : one;
  if (view.chosen) {
    const tags = one.tags ?? one.why.map(each => each.tag), known = tags.filter(name => about.index.has(name));
    if (known.length) show([...new Set([...known, ...names])].slice(0, Math.max(MOST, known.length)));
    go(one.at ?? one.found_at ?? one.onset);
  }
  redraw();
}

function step(by) {
  const here = view.metric && metre(view.now);
  go(here ? data.timeOfMetre(axis(), here.part, here.m + by) : view.now + by * STEP_S);
}

// From one thing that happened or was said to the next.
function leap(way) {
  const all = [...about.truths.map(one => one.onset), ...about.alarms.map(one => one.at)].sort((a, b) => a - b);
  view.chosen = null;
  go((way > 0 ? all.find(s => s > view.now + 1e-3) : all.findLast(s => s < view.now - 1e-3)) ?? (way > 0 ? about.duration_s : 0));
}

function play(on = !view.playing) {
  view.playing = on;
  before = null;
  view.chosen = null;
  if (on && view.now >= about.duration_s) view.now = 0;
  relabel();
  if (on) requestAnimationFrame(tick);
}

function tick(time) {
  if (!view.playing) return;
  if (before !== null) go(view.now + Math.min(0.25, (time - before) / 1000) * view.speed);
  before = time;
  if (view.now >= about.duration_s) play(false); else requestAnimationFrame(tick);
}

const KEYS = {
  ' ': () => play(), ArrowLeft: e => step(e.shiftKey ? -10 : -1), ArrowRight: e => step(e.shiftKey ? 10 : 1),
  Home: () => go(0), End: () => go(about.duration_s), PageUp: () => leap(-1), PageDown: () => leap(1), '[': () => leap(-1), ']': () => leap(1),
  '+': () => zoomBy(0.7), '=': () => zoomBy(0.7), '-': () => zoomBy(1 / 0.7), 0: () => { view.span = limits(); redraw(); },
};
const zoomBy = factor => { view.span = zoomed(view.span, factor, view.now, limits()); redraw(); };

addEventListener('keydown', e => {
  const on = e.target.closest?.('input:not([type=range]), select, textarea'), pressed = e.key === ' ' && e.target.closest?.('button, summary, a');
  const did = about && !on && !pressed && !e.ctrlKey && !e.metaKey && !e.altKey && KEYS[e.key];
  if (!did) return;
  e.preventDefault();
  did(e);
});

// -- the desk -------------------------------------------------------------------------------------------------

function desk() {
  $('record').onchange = e => open(e.target.value);
  $('scrub').oninput = e => go(+e.target.value);
  $('add').onchange = e => {
    if (about?.index.has(e.target.value) && !names.includes(e.target.value)) show([...names, e.target.value]);
    e.target.value = '';
  };
  $('take_csv').onclick = () => saveTable(file('csv'), table(names.map(name => ({name, unit: data.tag(name).unit, series: data.series(name, view.span)})), view.span, about.start_ms));
  $('take_png').onclick = picture;
  const press = (name, what) => h('button', {type: 'button', id: name, onclick: () => about && what()});
  const jump = h('input', {id: 'metre', type: 'number', step: 'any', onchange: e => {
    const part = metre(view.now)?.part ?? axis()?.parts[0].part;
    if (part && e.target.value !== '') go(data.timeOfMetre(axis(), part, +e.target.value));
  }});
  $('transport').append(press('back', () => leap(-1)), press('play', () => play()), press('on', () => leap(1)), h('span', {class: 'now', id: 'now'}),
    h('label', {id: 'speeds'}, h('span'), ' ', h('select', {id: 'speed', onchange: e => { view.speed = +e.target.value; }}, SPEEDS.map(one => h('option', {value: one, selected: one === 1}, `${one}×`)))),
    press('by_time', () => { view.metric = false; relabel(); }), press('by_metre', () => { view.metric = true; relabel(); }),
    h('label', {class: 'metre', id: 'metres'}, h('span'), ' ', jump, h('span', {id: 'part'})),
    press('whole', () => { view.span = limits(); redraw(); }));
  const canvas = $('lanes').querySelector('canvas'), marking = zoomable(canvas, {...handles, keys: false, picked: s => { view.chosen = null; go(s); }});
  desk.lanes = surface(canvas, (g, w, hgt) => about && lanes.paint(g, w, hgt, {about, span: view.span, now: view.now, axis: view.metric && axis(), chosen: view.chosen, marked: marking.marked()}));
  const map = $('coil').querySelector('canvas');
  desk.coil = surface(map, (g, w, hgt) => about && coil.boxes(about).length && coil.paint(g, w, hgt, about, metre(view.now)?.m ?? null, view.chosen));
  map.onclick = e => { const one = coil.nearest(about, map.clientWidth, map.clientHeight, e.offsetX, e.offsetY); if (one) choose(one); };
}

const handles = {
  span: () => view.span, limits, set: (from, to) => { view.span = {from, to}; redraw(); }, reset: () => { view.span = limits(); redraw(); },
  cursor: s => { view.cursor = s; redraw(); }, at: () => view.cursor, inset: () => lanes.gutter(), draw: () => redraw(), picked: s => go(s),
};

function relabel() {
  $('language').lang = language() === 'ko' ? 'en' : 'ko';
  put($('language'), language() === 'ko' ? 'English' : '한국어');
  document.title = `${t('replay')} · ${t('title')}`;
  $('record').replaceChildren(...listing.records.map(one => h('option', {value: one.id, selected: one.id === id}, `${pick(one.title)} · ${one.folder}${one.met === false ? ' ✗' : ''}`)));
  for (const [name, text] of [['back', `◀ ${t('previous')}`], ['play', view.playing ? `❚❚ ${t('pause')}` : `▶ ${t('play')}`], ['on', `${t('next')} ▶`], ['by_time', t('by_time')], ['by_metre', t('by_metre')], ['whole', t('whole')]]) put($(name), text);
  put($('speeds').firstChild, t('speed'));
  put($('metres').firstChild, t('metre'));
  forms();
  if (!about) { put($('outcome'), t('no_records')); return; }
  put($('kind'), t(about.is_simulated ? 'simulated' : 'measured'));
  $('by_metre').hidden = $('by_time').hidden = $('metres').hidden = !axis();
  $('by_time').setAttribute('aria-pressed', String(!view.metric));
  $('by_metre').setAttribute('aria-pressed', String(view.metric));
  outcome();
  anew($('story'), [language(), id], () => [h('b', null, pick(about.title)), ` ${pick(about.story)}`]);
  legend();
  for (const one of plots) one.label();
  redraw();
}

function outcome() {
  const told = about.outcome, lead = about.truths.filter(one => one.is_fault && !one.box && one.lead_s !== null);
  const parts = [told.faults ? `${told.found} / ${told.faults} ${t('found')}` : t('nothing_to_find'), `${t('false_alarms')} ${told.false_alarms}`];
  if (told.late) parts.push(`${t('end.late')} ${told.late}`);
  if (told.missed) parts.push(`${t('end.missed')} ${told.missed}`);
  if (lead.length === 1) parts.push(`${t('lead')} ${pick(lead[0].lead_s_text)}`);
  if (about.state !== 'done') parts.push(t('unfinished'));
  $('outcome').className = told.met ? 'good' : 'bad';
  put($('outcome'), about.is_judged ? `${told.met ? '✓' : '✗'} ${parts.join(' · ')}` : `${t('alarms')} ${about.alarms.length}`);
  $('reports').replaceChildren(...['ko', 'en'].flatMap(one => [h('a', {href: `record/${encodeURIComponent(id)}/report/${one}`, target: '_blank', rel: 'noopener', lang: one}, t(`report_${one}`)), ' ']));
}

function legend() {
  const kinds = [...new Set(about.alarms.map(one => one.kind))], some = about.truths.some(one => one.is_fault && !one.box);
  const item = (sign, ink, text) => { const one = h('span', null, sign); one.style.color = colour(ink); return h('li', null, one, text); };
  $('legend').replaceChildren(...kinds.map(kind => item(...lanes.SIGNS[kind], pick(about.alarms.find(one => one.kind === kind).verdict))),
    ...(some ? [item('━', 'steel', t('fault')), item('◇', 'ink', t('detectable')), item('┆', 'high', t('deadline')), item('✖', 'urgent', t('consequence'))] : []),
    ...(about.truths.some(one => !one.is_fault) ? [item('▨', 'dim', t('lookalike'))] : []), ...(Object.values(about.blind).flat().length ? [item('▨', 'dim', t('blind'))] : []));
}

// What may be taken along, and of what this machine lacks the command that installs it.
function forms() {
  const of = form => h('a', {href: `record/${encodeURIComponent(id)}/export/${form}?lang=${language()}`, download: ''}, t(`form.${form}`));
  anew($('forms'), [language(), id, listing.formats], () => [h('p', null, t('take_all')), ...Object.entries(listing.formats).map(([form, command]) => h('div', null,
    command ? [h('b', null, t(`form.${form}`)), h('p', null, `${t('install')} `, h('code', null, command))] : of(form))),
    h('p', null, t('take_part')), ...Object.keys(listing.formats).filter(form => !listing.formats[form]).map(form => h('button', {type: 'button', 'data-key': form, onclick: () => {
      location.href = `record/${encodeURIComponent(id)}/export/${form}?lang=${language()}&from=${view.span.from}&to=${view.span.to}`;
    }}, form.toUpperCase()))]);
}

// -- curves ---------------------------------------------------------------------------------------------------

const digits = (name, value) => digitsOf(data.tag(name).range, value);

function told(name, s) {
  const one = valueAt(data.series(name, view.span), s), unit = data.tag(name).unit;
  if (!one) return '–';
  return `${one.low === one.high ? digits(name, one.value) : `${digits(name, one.low)} … ${digits(name, one.high)}`} ${unit}`;
}

function paint(g, w, hgt, name, marked) {
  g.fillStyle = colour('panel');
  g.fillRect(0, 0, w, hgt);
  const left = lanes.gutter(), box = {x: left, y: 0, w: w - left, h: hgt}, r = rem(), short = name.split('/').slice(-2).join(' / ');
  g.fillStyle = colour('ink');
  g.font = font(0.85, 600);
  g.fillText(pick(data.tag(name).what) || name.split('/').at(-1), 0.5 * r, 1.1 * r, left - r);
  g.fillStyle = colour('dim');
  g.font = font(0.72);
  g.fillText(short, 0.5 * r, 2.1 * r, left - r);
  g.fillStyle = colour('ink');
  g.font = font(0.95, 700);
  g.fillText(told(name, view.now), 0.5 * r, 3.4 * r, left - r);
  grid(g, box, view.span);
  const drawn = curve(g, box, data.series(name, view.span), view.span, data.tag(name).range), x = s => left + (s - view.span.from) / (view.span.to - view.span.from) * box.w;
  if (drawn) scale(g, box, digits(name, drawn.most), digits(name, drawn.least));
  for (const one of about.truths.filter(each => each.is_fault && !each.box)) {
    g.globalAlpha = 0.14;
    g.fillStyle = colour('steel');
    const from = Math.max(left, x(one.onset)), to = Math.min(w, x(one.cleared ?? about.duration_s));
    if (to > from) g.fillRect(from, 0, to - from, hgt);
    g.globalAlpha = 1;
  }
  lanes.veil(g, box, x(view.now));
  lanes.playhead(g, box, x(view.now));
  if (view.cursor !== null && view.cursor >= view.span.from) flag(g, box, x(view.cursor), `${moment(view.cursor, 0.1)}  ${told(name, view.cursor)}`);
  shade(g, marked, hgt);
}

function plot(name) {
  const canvas = h('canvas', {tabindex: 0, role: 'img'}), marking = zoomable(canvas, handles);
  const gone = h('button', {type: 'button', onclick: () => show(names.filter(one => one !== name))}, '×');
  return {box: h('div', {class: 'one'}, canvas, gone), paint: surface(canvas, (g, w, hgt) => about && paint(g, w, hgt, name, marking.marked())), canvas, label() {
    canvas.setAttribute('aria-label', `${t('trend')}: ${pick(data.tag(name).what)} ${name}`);
    canvas.title = t('trend_keys');
    gone.setAttribute('aria-label', `${t('remove')}: ${name}`);
  }};
}

function show(chosen) {
  names = chosen;
  plots = names.map(plot);
  $('curves').replaceChildren(...plots.map(one => one.box));
  for (const one of plots) one.label();
  $('curves').setAttribute('aria-busy', 'true');
  data.load(names).then(() => $('curves').setAttribute('aria-busy', 'false'), error => say(error.message));
}

const file = ending => `${about.folder}-${view.span.from.toFixed(1)}-${view.span.to.toFixed(1)}s.${ending}`;

function picture() {
  const head = `${pick(about.title)} · ${about.folder} · ${t(about.is_simulated ? 'simulated' : 'measured')}`, high = lanes.laid(about).high;
  savePicture(file('png'), Math.max(900, $('lanes').clientWidth), [
    {high: 2.2 * rem(), draw(g) { g.fillStyle = colour('ink'); g.font = font(1, 700); g.fillText(head, 12, 1.5 * rem()); }},
    {high, draw: (g, w, all) => lanes.paint(g, w, all, {about, span: view.span, now: view.now, axis: view.metric && axis(), chosen: view.chosen})},
    ...names.map(name => ({high: 5.5 * rem(), draw: (g, w, all) => paint(g, w, all - 4, name, null)})),
  ], colour('back'));
}

// -- drawing --------------------------------------------------------------------------------------------------

function redraw() {
  if (queued) return;
  queued = true;
  requestAnimationFrame(draw);
}

function draw() {
  queued = false;
  if (!about) return;
  const began = stats && performance.now();
  const canvas = $('lanes').querySelector('canvas'), high = `${Math.round(lanes.laid(about).high)}px`;
  if (canvas.style.height !== high) canvas.style.height = high;
  data.look(names, view.span, canvas.clientWidth - lanes.gutter());
  desk.lanes();
  if (!$('coil').hidden) desk.coil();
  for (const one of plots) one.paint();
  const here = metre(view.now), at = `${moment(view.now, 0.1)} / ${moment(about.duration_s)}`;
  put($('now'), at);
  put($('part'), here ? ` m · ${here.part}` : ' m');
  if (document.activeElement !== $('metre')) $('metre').value = here ? here.m.toFixed(2) : '';
  $('scrub').value = view.now;
  $('scrub').setAttribute('aria-valuetext', here && view.metric ? `${here.m.toFixed(2)} m, ${here.part}` : at);
  canvas.setAttribute('aria-label', `${t('time_axis')}. ${$('outcome').textContent}. ${at}`);
  $('coil').querySelector('canvas').setAttribute('aria-label', t('map'));
  card(about, id, view.chosen, view.now);
  found(about, view.chosen, choose);
  if (stats) { stats.frames += 1; stats.cost.push(performance.now() - began); }
}

await start();
