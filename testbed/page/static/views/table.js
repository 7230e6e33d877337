// Descaler and run-out table: the bar's temperature across its width beside what it was at first, and the water along the table.
import {colour, font, rem, surface} from '../canvas.js';
import {h, put} from '../dom.js';
import {evidence} from '../evidence.js';
import {t} from '../i18n.js';
import {column, high, latest, low, shown, store, tag, want} from '../store.js';

const MILL = 'POH/HOT/HSM2', ZONE = new RegExp(`^${MILL}/DESC/T_RDT_\\d+$`), BANK = new RegExp(`^${MILL}/ROT/BANK_\\d+$`);
const HEADERS = [1, 2, 3, 4].map(i => `${MILL}/DESC/DESC_HDR_${i}`);
const NUMBERS = ['DESC/DESC_P', 'ROT/T_FDT', 'ROT/MIDT', 'ROT/CT', 'ROT/CT_SP'].map(one => `${MILL}/${one}`);
const HOT = 700;              // Cel, below which there is no bar under the pyrometer
const MEAN_S = 3, FIRST_S = 8;  // s over which a profile is taken now, and at first
const CALM = 2, FULL = 10;      // K: up to where it stays grey, and what fills the height; judgement
const SHORT = 0.95;             // share of the middle of all headers, below which one takes too little; judgement
let zones = [], banks = [], atFirst = null, canvases, paintZones, paintBanks, why;

const middle = values => [...values].sort((a, b) => a - b)[values.length >> 1];

// Each zone's temperature over some rows less the middle of all zones, K; null where there is no bar.
function profile(from, until) {
  const means = zones.map(name => {
    const c = column(name);
    let sum = 0, n = 0;
    for (let i = Math.max(0, from); c >= 0 && i < until; i += 1) {
      const value = (low(i, c) + high(i, c)) / 2;
      if (value > HOT) { sum += value; n += 1; }
    }
    return n < (until - from) / 2 ? NaN : sum / n;
  });
  return means.some(value => !(value === value)) ? null : means.map(value => value - middle(means));
}

function reference() {
  const step = Math.round(FIRST_S / store.run.row_s);
  for (let i = 0; !atFirst && i + step <= store.rows; i += step) atFirst = profile(i, i + step);
  return atFirst;
}

function across(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  if (!store.run || !store.rows) return;
  g.textBaseline = 'alphabetic';
  bar(g, w * 0.72, hgt);
  g.save();
  g.translate(w * 0.74, 0);
  headers(g, w * 0.26, hgt);
  g.restore();
}

function heading(g, text) {
  g.font = font(0.8);
  g.textAlign = 'left';
  g.fillStyle = colour('dim');
  g.fillText(text, 2, 1.2 * rem());
}

function bar(g, w, hgt) {
  const r = rem(), usual = reference(), now = profile(store.rows - Math.round(MEAN_S / store.run.row_s), store.rows);
  heading(g, now && usual ? t('view.zones') : t('no_bar'));
  if (!now || !usual) return;
  const wide = w / zones.length, zero = hgt / 2, per = (hgt / 2 - 3.2 * r) / FULL;
  g.strokeStyle = colour('line');
  g.beginPath();
  g.moveTo(0, zero);
  g.lineTo(w, zero);
  g.stroke();
  now.forEach((value, i) => {
    const kelvin = value - usual[i], loud = Math.abs(kelvin) >= CALM, tall = Math.max(-FULL, Math.min(FULL, kelvin)) * per, x = (i + 0.5) * wide;
    g.fillStyle = !loud ? colour('raised') : kelvin > 0 ? colour('high') : colour('seen');
    g.fillRect(i * wide + 3, zero - Math.max(tall, 0), wide - 6, Math.max(2, Math.abs(tall)));
    g.textAlign = 'center';
    g.font = font(0.9, loud ? 700 : 400);
    g.fillStyle = loud ? colour('ink') : colour('dim');
    if (loud) g.fillText(`${kelvin > 0 ? '▲ +' : '▼ '}${kelvin.toFixed(0)} K`, x, kelvin > 0 ? zero - tall - 0.4 * r : zero - tall + 1.2 * r);
    g.fillStyle = colour('dim');
    g.font = font(0.75);
    g.fillText(`${i + 1}`, x, hgt - 0.5 * r);
  });
}

// What each header takes; the one that takes less than the others has nozzles that are blocked, or a meter that drifts.
function headers(g, w, hgt) {
  const r = rem(), flows = HEADERS.map(one => latest(one)), usual = middle(flows), step = (hgt - 2 * r) / HEADERS.length;
  heading(g, t('view.headers'));
  HEADERS.forEach((one, i) => {
    const short = flows[i] < SHORT * usual, y = 1.8 * r + i * step, [, most] = tag(one).range;
    g.fillStyle = colour('panel');
    g.fillRect(0, y, w, step * 0.8);
    g.fillStyle = short ? colour('high') : colour('raised');
    g.fillRect(0, y, w * Math.max(0, Math.min(1, flows[i] / most)), step * 0.8);
    g.fillStyle = short ? colour('back') : colour('ink');
    g.font = font(0.85, short ? 700 : 400);
    g.fillText(`${i + 1}  ${shown(one, flows[i])} ${tag(one).unit}${short ? `  ▼ ${((1 - flows[i] / usual) * 100).toFixed(0)} %` : ''}`, 6, y + step * 0.4 + 0.3 * r);
  });
}

function along(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  if (!banks.length || !store.rows) return;
  const r = rem(), top = 1.8 * r, tall = hgt - top - 1.8 * r, wide = w / banks.length;
  banks.forEach((name, i) => {
    const open = Math.max(0, Math.min(1, latest(name) / 100));
    g.fillStyle = colour('panel');
    g.fillRect(i * wide + 1, top, wide - 2, tall);
    g.fillStyle = colour('seen');
    g.fillRect(i * wide + 1, top, wide - 2, tall * open);
  });
  g.fillStyle = colour('steel');
  g.fillRect(0, top + tall, w, Math.max(3, r / 4));
  g.fillStyle = colour('ink');
  g.font = font(0.9, 600);
  for (const [one, share, align] of [['T_FDT', 0, 'left'], ['MIDT', 0.5, 'center'], ['CT', 1, 'right']]) {
    const name = `${MILL}/ROT/${one}`, goal = one === 'CT' ? ` (${t('wanted')} ${shown(`${MILL}/ROT/CT_SP`, latest(`${MILL}/ROT/CT_SP`))})` : '';
    g.textAlign = align;
    g.fillText(`${one} ${shown(name, latest(name))} ${tag(name).unit}${goal}`, share * w, hgt - 0.4 * r);
  }
  g.textAlign = 'left';
  g.font = font(0.8);
  g.fillStyle = colour('dim');
  g.fillText(t('view.banks'), 2, 1.2 * r);
}

export const table_view = {
  id: 'table',
  name: 'part.table',
  fits: run => run.index.has(`${MILL}/DESC/T_RDT_1`) && run.index.has(`${MILL}/ROT/CT`),
  build(root) {
    canvases = ['view.zones', 'view.banks'].map(key => h('canvas', {role: 'img', 'aria-label': t(key)}));
    why = evidence('table');
    root.append(h('div', {class: 'bar'}, h('h2')), h('div', {class: 'stack'}, canvases[0], h('div', {class: 'beside'}, canvases[1], why.canvas)));
    table_view.title = root.querySelector('h2');
    paintZones = surface(canvases[0], across);
    paintBanks = surface(canvases[1], along);
  },
  begin(run) {
    [zones, banks] = [ZONE, BANK].map(pattern => run.tags.map(one => one.name).filter(one => pattern.test(one)));
    atFirst = null;
    why.begin();
    want('table', [...zones, ...banks, ...HEADERS, ...NUMBERS]);
  },
  draw() {
    const [pressure] = NUMBERS;
    put(table_view.title, `${t('part.descaler')} ${shown(pressure, latest(pressure))} ${tag(pressure).unit} · ${t('part.table')}`);
    canvases.forEach((one, i) => one.setAttribute('aria-label', t(['view.zones', 'view.banks'][i])));
    paintZones();
    paintBanks();
    why.draw();
  },
};
