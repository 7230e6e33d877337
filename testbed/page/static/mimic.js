// The line from ladle to coil: what this run has of it, in which alarm state, with a few numbers; steel moves on a canvas.
import {colour} from './canvas.js';
import {$, h, put, svg} from './dom.js';
import {t} from './i18n.js';
import {latest, shown, store, tag, want} from './store.js';

const WIDE = 1600, HIGH = 300, LEVEL = 126, TOP = 26;  // above TOP stands the legend
// Left edge and width of each part, and what it looks like; x counts from its middle.
const LOOKS = {
  mould: [6, 190, [['M-34 6H34L26 40H-26Z'], ['M-52 48H52V66H-52Z'], ['M-5 66V78'], ['M-30 78H-14V134H-30ZM14 78H30V134H14Z']]],
  strand: [202, 200, [[rolls([-88, -52, -16, 20, 56, 92], LEVEL + 27, 9)]]],
  descaler: [408, 120, [['M-26 74H26V90H-26Z'], ['M-18 90L-26 114M0 90V114M18 90L26 114']]],
  mill: [534, 310, [[rolls([-132, -88, -44, 0, 44, 88, 132], LEVEL - 17, 12) + rolls([-132, -88, -44, 0, 44, 88, 132], LEVEL + 17, 12)],
    [rolls([-132, -88, -44, 0, 44, 88, 132], LEVEL - 48, 18) + rolls([-132, -88, -44, 0, 44, 88, 132], LEVEL + 48, 18)]]],
  camera: [850, 140, [['M-24 34H24V64H-24Z'], ['M-8 64H8V76H-8Z'], ['M-6 78L-30 120M6 78L30 120']]],
  table: [996, 170, [['M-66 66H66V78H-66Z'], ['M-54 78V112M-32 78V112M-10 78V112M12 78V112M34 78V112M56 78V112'],
    [rolls([-66, -33, 0, 33, 66], LEVEL + 14, 7)]]],
  coiler: [1172, 110, [[rolls([0], LEVEL, 40)], [rolls([0], LEVEL, 26)], [rolls([0], LEVEL, 11)]]],
  coldmill: [1284, 128, [[rolls([-56, -28, 0, 28, 56], LEVEL - 13, 9) + rolls([-56, -28, 0, 28, 56], LEVEL + 13, 9)],
    [rolls([-56, -28, 0, 28, 56], LEVEL - 37, 13) + rolls([-56, -28, 0, 28, 56], LEVEL + 37, 13)]]],
  machines: [1416, 172, [[rolls([0], LEVEL - 6, 36)], ['M0 -6V-34M0 -6L26 10M0 -6L-26 10', LEVEL], ['M-44 34H44V46H-44Z', LEVEL]]],
};
export const SHAPES = {unacknowledged: '▲', 'returned-unacknowledged': '△', acknowledged: '■', shelved: '▽', 'out-of-service': '✕', normal: '●'};
export const URGENCY = ['unacknowledged', 'returned-unacknowledged', 'acknowledged'];
let drawn = [], path = null, canvas, offset = 0, before = 0;

function rolls(at, y, r) {
  return at.map(x => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`).join('');
}

export function build(root) {
  canvas = h('canvas', {'aria-hidden': 'true'});
  root.append(h('p', {class: 'legend', 'data-t': 'faint'}), canvas, svg('svg', {viewBox: `0 0 ${WIDE} ${HIGH}`, role: 'group'}));
  new ResizeObserver(fit).observe(root);
  requestAnimationFrame(move);
}

function fit() {
  const box = $('mimic').querySelector('svg');
  const scale = Math.min(box.clientWidth / WIDE, box.clientHeight / HIGH);
  canvas.width = Math.round(WIDE * scale * devicePixelRatio);
  canvas.height = Math.round(HIGH * scale * devicePixelRatio);
  canvas.style.width = `${WIDE * scale}px`;
  canvas.style.height = `${HIGH * scale}px`;
  canvas.style.left = `${box.offsetLeft ?? 0}px`;
  const outer = $('mimic').getBoundingClientRect(), inner = box.getBoundingClientRect();
  canvas.style.left = `${inner.left - outer.left + (inner.width - WIDE * scale) / 2}px`;
  canvas.style.top = `${inner.top - outer.top + (inner.height - HIGH * scale) / 2}px`;
}

export function begin(run) {
  want('mimic', run.parts.flatMap(part => part.tags));
  drawn = run.parts.map(part);
  $('mimic').querySelector('svg').replaceChildren(...drawn.map(one => one.group));
  path = steel(run.parts);
  fit();
  draw();
}

function part(told) {
  const [left, wide, shapes] = LOOKS[told.name], middle = left + wide / 2;
  const name = svg('text', {class: 'name', y: 212}), state = svg('text', {class: 'state', y: 236});
  const values = told.tags.map((_, i) => svg('text', {class: 'value', y: 264 + 25 * i}));
  const body = svg('g', {class: 'body'}, shapes.map(([d, dy]) => svg('path', {d, transform: dy ? `translate(0 ${dy})` : null})));
  const frame = svg('rect', {class: 'frame', x: -wide / 2, y: told.name === 'mould' ? 2 : TOP, width: wide, height: HIGH - 2 - (told.name === 'mould' ? 2 : TOP), rx: 10});
  const group = svg('g', {transform: `translate(${middle} 0)`}, frame, body, name, state, values);
  return {told, group, name, state, values};
}

// Where hot and cold steel runs, through the parts that are there.
function steel(parts) {
  const here = new Set(parts.filter(one => one.here).map(one => one.name)), runs = [];
  const across = (first, last, y = LEVEL) => runs.push(`M${first} ${y}H${last}`);
  if (here.has('mould')) runs.push('M101 68V128');
  if (here.has('strand')) runs.push('M101 128Q103 140 140 140H402');
  for (const name of ['descaler', 'mill', 'camera', 'table']) if (here.has(name)) across(LOOKS[name][0], LOOKS[name][0] + LOOKS[name][1]);
  if (here.has('coiler')) across(1160, 1190);
  if (here.has('coldmill')) across(1284, 1412);
  return new Path2D(runs.join(''));
}

function move(time) {
  requestAnimationFrame(move);
  if (time - before < 40 || !path || document.hidden) return;
  const step = Math.min(100, time - before), state = store.state;
  before = time;
  if (state?.phase === 'running' && !state.held && !matchMedia('(prefers-reduced-motion: reduce)').matches) offset -= step * 0.035;
  const g = canvas.getContext('2d'), scale = canvas.width / WIDE;
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.clearRect(0, 0, WIDE, HIGH);
  g.lineWidth = 8;
  g.strokeStyle = colour('steel');
  g.globalAlpha = 0.45;
  g.setLineDash([]);
  g.stroke(path);
  g.globalAlpha = 1;
  g.setLineDash([16, 22]);
  g.lineDashOffset = offset;
  g.stroke(path);
}

export const nests = (a, b) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);

// The alarms at each part: at the part whose path is the nearest above the alarm's place, or at every one below it.
function alarms() {
  const here = drawn.map(one => one.told).filter(told => told.here), found = new Map(here.map(told => [told, []]));
  for (const alarm of store.state?.alarms.list ?? []) {
    const under = here.flatMap(told => told.paths.filter(path => `${alarm.source}/`.startsWith(`${path}/`)).map(path => [path.length, told]));
    const nearest = under.sort((a, b) => b[0] - a[0])[0]?.[1];
    for (const told of nearest ? [nearest] : here.filter(one => one.paths.some(path => nests(alarm.source, path)))) found.get(told).push(alarm);
  }
  return found;
}

export function draw() {
  const at = alarms();
  for (const {told, group, name, state, values} of drawn) {
    const states = (at.get(told) ?? []).map(one => one.state), worst = URGENCY.find(one => states.includes(one)) ?? 'normal';
    const n = states.filter(one => one === worst).length;
    group.setAttribute('class', `part ${told.here ? worst : 'away'}`);
    put(name, t(`part.${told.name}`));
    put(state, !told.here ? '' : worst === 'normal' ? `${SHAPES.normal} ${t('normal')}` : `${SHAPES[worst]} ${t(`brief.${worst}`)} ${n}`);
    told.tags.forEach((one, i) => put(values[i], `${shown(one, latest(one))} ${tag(one)?.unit ?? ''}`));
    group.setAttribute('aria-label', `${t(`part.${told.name}`)}: ${told.here ? state.textContent : t('not_here')}`);
  }
}

