// The mill's stands with force, gap and thickness, and beside what the gauge says of the strip what is true of it.
import {colour, font, rem, surface} from '../canvas.js';
import {scale} from '../chart.js';
import {h, put} from '../dom.js';
import {evidence} from '../evidence.js';
import {t} from '../i18n.js';
import {nests, SHAPES, URGENCY} from '../mimic.js';
import {latest, shown, store, tag, want} from '../store.js';

const FORCE = /^(.*\/([FS]\d+))\/ROLL_FORCE$/;
const INKS = {unacknowledged: 'urgent', 'returned-unacknowledged': 'high', acknowledged: 'seen'};
let stands = [], paintStands, paintPair, canvases, title, pair, why;

const found = run => run.tags.map(one => one.name.match(FORCE)).filter(Boolean).map(([, path, name]) => ({path, name}));
const first = (path, names) => names.map(one => `${path}/${one}`).find(one => store.run.index.has(one));

// The alarm at a stand: at its own place, or at the mill with the stand's tag as the first of what it rests on.
const alarmAt = path => (store.state?.alarms.list ?? []).find(one => URGENCY.includes(one.state) && (one.source.startsWith(path) || nests(one.source, path) && one.why[0]?.tag.startsWith(`${path}/`)));

// Each stand in the order of the strip: rolls, a bar of its force against its range, and its numbers.
function row(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  if (!stands.length || !store.rows) return;
  const r = rem(), wide = w / stands.length, base = Math.min(hgt * 0.76, hgt - 4.8 * r), middle = base * 0.474, small = Math.min(wide * 0.12, base * 0.082), big = small * 1.5;
  const inMill = stands.some(({force}) => latest(force) > 0.5);
  g.strokeStyle = colour('steel');
  g.lineWidth = inMill ? 5 : 1.5;
  g.setLineDash(inMill ? [] : [4, 8]);
  g.beginPath();
  g.moveTo(0, middle);
  g.lineTo(w, middle);
  g.stroke();
  g.setLineDash([]);
  stands.forEach(({name, path, force, gap, thick}, i) => {
    const alarm = alarmAt(path), ink = alarm && colour(INKS[alarm.state]);
    const x = (i + 0.5) * wide, value = latest(force), range = tag(force).range, share = Math.max(0, Math.min(1, (value - range[0]) / (range[1] - range[0])));
    for (const side of [-1, 1]) {
      for (const [radius, off] of [[small, small + 4], [big, 2 * small + big + 5]]) {
        g.beginPath();
        g.arc(x, middle + side * off, radius, 0, 7);
        g.fillStyle = colour('raised');
        g.strokeStyle = ink ?? colour('dim');
        g.lineWidth = ink ? 3 : 1.5;
        g.fill();
        g.stroke();
      }
    }
    const bar = base * 0.68, top = middle - bar / 2, left = x + Math.min(wide * 0.36, 3 * big);
    g.fillStyle = colour('panel');
    g.fillRect(left, top, r * 0.8, bar);
    g.fillStyle = colour('curve');
    g.fillRect(left, top + bar * (1 - share), r * 0.8, bar * share);
    g.textAlign = 'center';
    if (ink) {
      g.strokeStyle = ink;
      g.lineWidth = 3;
      const half = Math.min(wide / 2 - 4, 11 * r);
      g.strokeRect(x - half, 2, 2 * half, hgt - 4);
    }
    g.fillStyle = ink ?? colour('ink');
    g.font = font(1.1, 700);
    g.fillText(ink ? `${SHAPES[alarm.state]} ${name} · ${t(`brief.${alarm.state}`)}` : name, x, base + 0.4 * r);
    g.fillStyle = colour('ink');
    g.font = font(0.9);
    [[t('force'), force], [t('gap'), gap], [t('thickness'), thick]].forEach(([label, one], k) => {
      if (one) g.fillText(`${label} ${shown(one, latest(one))} ${tag(one).unit}`, x, base + 0.4 * r + (k + 1) * 1.25 * r);
    });
  });
}

const rms = values => {
  const known = values.filter(value => value !== null), mean = known.reduce((a, b) => a + b, 0) / known.length;
  return known.length < 8 ? NaN : Math.sqrt(known.reduce((a, b) => a + (b - mean) ** 2, 0) / known.length);
};

function compared(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  const told = store.state?.beliefs[0];
  if (!told) return;
  const known = [...told.true, ...told.said].filter(value => value !== null), r = rem();
  if (known.length < 4) {
    g.fillStyle = colour('dim');
    g.font = font(1);
    g.textAlign = 'left';
    g.fillText(t('no_strip'), r, 2 * r);
    return;
  }
  known.sort((a, b) => a - b);
  const least = known[Math.floor(known.length * 0.01)], most = known[Math.ceil(known.length * 0.99) - 1], spare = Math.max(0.02, most - least) * 0.2;
  const box = {x: 0, y: 0, w, h: hgt - 1.4 * r}, y = v => box.h - (v - least + spare) / (most - least + 2 * spare) * box.h;
  for (const [name, dash, ink] of [['said', [], colour('curve')], ['true', [8, 4], colour('high')]]) {
    g.strokeStyle = ink;
    g.lineWidth = Math.max(2, r / 7);
    g.setLineDash(dash);
    g.beginPath();
    let on = false;
    told[name].forEach((value, i) => {
      if (value === null) { on = false; return; }
      const x = i / (told[name].length - 1) * w;
      if (on) g.lineTo(x, y(value)); else g.moveTo(x, y(value));
      on = true;
    });
    g.stroke();
  }
  g.setLineDash([]);
  const unit = tag(told.tag)?.unit ?? '';
  scale(g, box, `${(most + spare).toFixed(3)} ${unit}`, `${(least - spare).toFixed(3)} ${unit}`);
  g.font = font(0.75);
  for (const [share, align] of [[0, 'left'], [0.5, 'center'], [1, 'right']]) {
    g.textAlign = align;
    g.fillText(share === 1 ? `0 ${t('seconds')}` : `−${(1 - share) * told.span_s} ${t('seconds')}`, share * w, hgt - 0.3 * r);
  }
}

const swing = values => `${t('swing')} ${rms(values) === rms(values) ? (rms(values) * 1000).toFixed(1) : '–'} µm`;

export const mill = {
  id: 'mill',
  name: 'view.mill',
  fits: run => found(run).length > 0,
  build(root) {
    canvases = ['view.mill', 'true'].map(key => h('canvas', {role: 'img', 'aria-label': t(key)}));
    title = h('h2');
    pair = [h('strong', {class: 'said'}), h('strong', {class: 'true'})];
    why = evidence('mill');
    root.append(h('div', {class: 'bar'}, title, pair), h('div', {class: 'stack'}, canvases[0], h('div', {class: 'beside'}, canvases[1], why.canvas)));
    paintStands = surface(canvases[0], row);
    paintPair = surface(canvases[1], compared);
  },
  begin(run) {
    stands = found(run).map(({path, name}) => ({name, path, force: `${path}/ROLL_FORCE`, gap: first(path, ['ROLL_GAP']), thick: first(path, ['H_GM', 'H_EXIT', 'H_X'])}));
    why.begin();
    want('mill', stands.flatMap(one => [one.force, one.gap, one.thick].filter(Boolean)));
  },
  draw() {
    const told = store.state.beliefs[0];
    put(title, t('view.mill'));
    put(pair[0], told ? `━ ${t('said')}: ${swing(told.said)}` : '');
    put(pair[1], told ? `╍ ${t('true')}: ${swing(told.true)}` : '');
    canvases[1].hidden = !told;
    canvases[0].setAttribute('aria-label', t('view.mill'));
    canvases[1].setAttribute('aria-label', pair.map(one => one.textContent).join(', ') || t('view.mill'));
    paintStands();
    paintPair();
    why.draw();
    canvases[1].parentElement.hidden = !told && why.canvas.hidden;
  },
};
