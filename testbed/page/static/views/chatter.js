// The cold mill's chatter: third octaves of what each stand's accelerometer gives, the band in which stands swing by
// themselves, how fast that grows, and its sound.
import {colour, font, rem, surface} from '../canvas.js';
import {h, put} from '../dom.js';
import {t} from '../i18n.js';
import {isOn, play, turn} from '../sound.js';
import {band, edges, growth, spectrum, THIRDS} from '../spectrum.js';
import {heard, store} from '../store.js';

const BAND = [120, 250];             // Hz, third-octave chatter; domain: 3e
const SHOWN = 2048, HOP = 250, LOOK = 512;  // samples of a spectrum, from one look at the band to the next, and of a look
const SPAN_S = 8, FIT = 8;           // s of growth shown; looks that a rate is fitted to, 0.4 s
const GROWS = 1.5, LOUD = 3;         // 1/s from which it counts as growing, and over its usual strength; judgement
const AXIS = [0.01, 100];            // m/s2
let about = null, rings = [], levels = [], usual = [], end = 0, chosen = null, note, sing, hear, canvases, paintBars, paintGrowth, number = -1;

const stand = name => name.split('/').at(-2);

function begin(run) {
  about = run.waves;
  number = run.number;
  rings = about.tags.map(() => new Float32Array(4096));
  levels = about.tags.map(() => []);
  usual = about.tags.map(() => NaN);
  [end, chosen] = [0, null];
}

heard.add(({first, n, data}) => {
  if (!about || !chatter.root || chatter.root.hidden) return;
  const k = about.tags.length, size = rings[0].length;
  const goesOn = first === end;  // else something was left out
  for (let i = 0; i < n; i += 1) {
    const at = first + i;
    for (let c = 0; c < k; c += 1) rings[c][at % size] = data[i * k + c] * about.step;
    if ((at + 1) % HOP === 0 && (goesOn || i >= LOOK)) look(at + 1);
  }
  end = first + n;
  const sounded = new Float32Array(n), c = singing();
  for (let i = 0; i < n; i += 1) sounded[i] = data[i * k + c] * about.step;
  play(sounded, about.rate_hz);
});

// The strength of the band at each stand, and what is usual: the middle of its first looks.
function look(at) {
  const hz = about.rate_hz / LOOK;
  rings.forEach((ring, c) => {
    levels[c].push({t: at / about.rate_hz, value: Math.max(1e-3, band(spectrum(ring, at, LOOK), hz, ...BAND))});
    while (levels[c].length > SPAN_S * about.rate_hz / HOP) levels[c].shift();
    if (!(usual[c] === usual[c]) && levels[c].length >= 20) usual[c] = levels[c].map(one => one.value).sort((a, b) => a - b)[10];
  });
}

// The stand that is heard and named: the one that was chosen, else the loudest in the band.
function singing() {
  if (chosen !== null) return chosen;
  const now = levels.map(one => one.at(-1)?.value ?? 0);
  return Math.max(0, now.indexOf(Math.max(...now)));
}

function rate(c) {
  const last = levels[c].slice(-FIT).map(one => one.value);
  return last.length < FIT ? NaN : growth(last, HOP / about.rate_hz);
}

const isLoud = c => levels[c].at(-1)?.value > LOUD * usual[c];
const height = (value, top, tall) => top + tall * (1 - Math.max(0, Math.min(1, Math.log(value / AXIS[0]) / Math.log(AXIS[1] / AXIS[0]))));

function grid(g, left, top, w, tall) {
  g.font = font(0.72);
  g.textAlign = 'right';
  g.textBaseline = 'middle';
  g.lineWidth = 1;
  for (const value of [0.01, 0.1, 1, 10, 100]) {
    const y = height(value, top, tall);
    g.strokeStyle = colour('line');
    g.beginPath();
    g.moveTo(left, y);
    g.lineTo(w, y);
    g.stroke();
    g.fillStyle = colour('dim');
    g.fillText(`${value}`, left - 5, y);
  }
  g.textAlign = 'left';
  g.fillText('m/s²', 4, top - 0.6 * rem());
}

function bars(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  if (!about) return;
  const r = rem(), left = 2.8 * r, top = 1.8 * r, tall = hgt - top - 1.8 * r, wide = (w - left) / THIRDS.length;
  const at = hz => left + (Math.log10(hz) - 1.55) / (0.1 * THIRDS.length) * (w - left);  // 1.55: lower edge of the first band
  g.fillStyle = '#3d3a30';
  g.fillRect(at(BAND[0]), top, at(BAND[1]) - at(BAND[0]), tall);
  grid(g, left, top, w, tall);
  const c = singing(), bins = spectrum(rings[c], end, SHOWN), hz = about.rate_hz / SHOWN;
  THIRDS.forEach((third, i) => {
    const value = band(bins, hz, ...edges(third)), y = height(Math.max(value, AXIS[0]), top, tall), inside = third.middle > BAND[0] && third.middle < BAND[1];
    g.fillStyle = inside && isLoud(c) ? colour('urgent') : colour('curve');
    g.fillRect(left + i * wide + 2, y, wide - 4, top + tall - y);
    g.fillStyle = colour('dim');
    g.font = font(0.72);
    g.textAlign = 'center';
    g.fillText(third.name < 1000 ? third.name : `${third.name / 1000}k`, left + (i + 0.5) * wide, hgt - 0.8 * r);
  });
  g.textAlign = 'left';
  g.fillText('Hz', 4, hgt - 0.8 * r);
  const own = about.natural_hz[about.tags[c].replace(/\/[^/]*$/, '')];
  g.fillStyle = g.strokeStyle = colour('high');
  g.font = font(0.8, 600);
  g.textAlign = 'center';
  g.fillText(`${t('natural_band')}${own ? ` · ${stand(about.tags[c])} ${own.toFixed(0)} Hz` : ''}`, (at(BAND[0]) + at(BAND[1])) / 2, 0.9 * r);
  if (!own) return;
  g.lineWidth = 2;
  g.setLineDash([6, 5]);
  g.beginPath();
  g.moveTo(at(own), top);
  g.lineTo(at(own), top + tall);
  g.stroke();
  g.setLineDash([]);
}

function curves(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  if (!about) return;
  const r = rem(), left = 2.8 * r, top = 1.8 * r, tall = hgt - top - 1.8 * r, now = end / about.rate_hz, c = singing();
  const x = s => left + (s - now + SPAN_S) / SPAN_S * (w - left - 3 * r);
  grid(g, left, top, w, tall);
  const order = levels.map((_, i) => i).sort((a, b) => (a === c) - (b === c));
  for (const i of order) {
    g.strokeStyle = i === c ? colour(isLoud(i) ? 'urgent' : 'ink') : colour('dim');
    g.lineWidth = i === c ? 3 : 1.2;
    g.beginPath();
    levels[i].forEach(({t: s, value}, j) => (j && s - levels[i][j - 1].t < 0.2 ? g.lineTo(x(s), height(value, top, tall)) : g.moveTo(x(s), height(value, top, tall))));
    g.stroke();
    if (!levels[i].length) continue;
    g.fillStyle = g.strokeStyle;
    g.font = font(0.8, i === c ? 700 : 400);
    g.textAlign = 'left';
    if (i === c || !isLoud(c)) g.fillText(stand(about.tags[i]), w - 2.6 * r + (i % 2) * r, height(levels[i].at(-1).value, top, tall));
  }
  g.fillStyle = colour('dim');
  g.font = font(0.72);
  g.textAlign = 'center';
  for (let s = 0; s <= SPAN_S; s += 2) g.fillText(s ? `−${s} ${t('seconds')}` : '0', x(now - s), hgt - 0.8 * r);
}

// What the growth means, in a sentence: by how much, and how soon it is ten times as strong.
function told() {
  const c = singing(), now = levels[c].at(-1);
  if (!now) return t('no_wave');
  const each = rate(c), grows = each > GROWS && isLoud(c);
  const name = stand(about.tags[c]), strength = `${now.value.toFixed(now.value < 1 ? 2 : 1)} m/s²`;
  return grows ? `▲ ${name} ${t('sings')}: ${strength} · ${t('tenfold')} ${(Math.log(10) / each).toFixed(1)} ${t('seconds')}` : `${name}: ${strength}${isLoud(c) ? ` · ${t('loud')}` : ''}`;
}

function buttons() {
  hear.replaceChildren(h('option', {value: ''}, t('loudest')), ...(about?.tags ?? []).map((one, i) => h('option', {value: i, selected: i === chosen}, stand(one))));
  put(sing, `${isOn() ? '♪' : '○'} ${t(isOn() ? 'sound_on' : 'sound_off')}`);
  sing.setAttribute('aria-pressed', String(isOn()));
}

export const chatter = {
  id: 'chatter',
  name: 'view.chatter',
  waves: true,
  fits: run => run.waves !== null,
  build(root) {
    canvases = ['spectrum', 'growth'].map(key => h('canvas', {role: 'img', 'aria-label': t(key)}));
    note = h('strong', {id: 'singing'});
    sing = h('button', {type: 'button', id: 'sound', onclick: async () => { await turn(!isOn()); buttons(); }});
    hear = h('select', {id: 'hear', 'aria-label': t('heard'), onchange: e => { chosen = e.target.value === '' ? null : +e.target.value; chatter.draw(); }});
    root.append(h('div', {class: 'bar'}, h('h2', {'data-t': 'view.chatter'}), note, hear, sing),
      h('div', {class: 'pairs'}, ['spectrum', 'growth'].map((key, i) => h('figure', null, h('figcaption', {'data-t': key}), canvases[i]))));
    for (const element of root.querySelectorAll('[data-t]')) put(element, t(element.dataset.t));
    paintBars = surface(canvases[0], bars);
    paintGrowth = surface(canvases[1], curves);
  },
  begin(run) {
    if (run.waves && run.number !== number) begin(run);
    buttons();
  },
  draw() {
    if (!about) return;
    if (sing.lang !== document.documentElement.lang) {
      sing.lang = document.documentElement.lang;
      buttons();
    }
    put(note, told());
    note.className = note.textContent.startsWith('▲') ? 'exit' : '';
    canvases.forEach((one, i) => one.setAttribute('aria-label', `${t(['spectrum', 'growth'][i])}. ${note.textContent}`));
    paintBars();
    paintGrowth();
  },
};
