// The strip: it scrolls past the camera with what the models mark on it, above the map of all that was found on its coil.
import {colour, font, rem, surface} from '../canvas.js';
import {h, put} from '../dom.js';
import {pick, t} from '../i18n.js';
import {store} from '../store.js';

const SHOWN_M = 6;     // metres of strip across the canvas
const FEW = 6;         // trends, below which the strip is what there is to see
const KEPT = 8;        // pictures that are kept, four metres each
const VERDICT = {right: 'good', late: 'high', wrong: 'urgent', after: 'high', open: 'ink'};
const CALM = matchMedia('(prefers-reduced-motion: reduce)').matches;
let paintStrip, paintMap, note, canvases, taken = null, run = 0, pictures = [], head = 0;

// The newest picture becomes a part of the strip; what was skipped stays empty.
function take() {
  const picture = store.picture;
  if (!store.run || store.run.number !== run) {
    pictures = [];
    run = store.run?.number ?? 0;
    if (picture === taken) return;
  }
  if (!picture || picture === taken || picture.at === null) return;
  taken = picture;
  const of = run;
  createImageBitmap(new Blob([picture.bytes], {type: 'image/jpeg'})).then(bitmap => {
    if (of !== run) return;
    pictures.push({...picture, bitmap, bytes: null});
    while (pictures.length > KEPT) pictures.shift().bitmap.close();
    scroll();
  }, () => {});
}

const end = one => one.at + one.lines * one.mm / 1000;

// Pictures come by the second or so; the strip glides to the newest one's end.
function scroll() {
  const last = pictures.at(-1);
  if (!last) return;
  const left = end(last) - head;
  head = CALM || left < 0.02 || left > SHOWN_M ? end(last) : head + left * 0.06;
  paintStrip();
  if (head < end(last) && strip_view.root && !strip_view.root.hidden) requestAnimationFrame(scroll);
}

const marks = coil => store.state.alarms.list.filter(one => one.box && one.box[0] === coil);

// Along the strip from left to right, its left edge on top; `x` and `y` in px of metres and millimetres.
function box(g, alarm, x, y) {
  const [, from, left, to, right] = alarm.box, least = 0.5 * rem();
  const x1 = x(from), y1 = y(left), w = Math.max(least, x(to) - x1), hgt = Math.max(least, y(right) - y1);
  g.strokeStyle = colour(VERDICT[alarm.verdict]);
  g.lineWidth = Math.max(2, rem() / 8);
  g.strokeRect(x1 - 3, y1 - 3, w + 6, hgt + 6);
  if (alarm.verdict !== 'wrong') return;
  g.beginPath();
  g.moveTo(x1 - 3, y1 - 3);
  g.lineTo(x1 + w + 3, y1 + hgt + 3);
  g.stroke();
}

function strip(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  const last = pictures.at(-1);
  if (!last) return;
  const foot = 1.6 * rem(), tall = hgt - foot;
  const x = m => w - (head - m) / SHOWN_M * w, y = mm => mm / (last.pixels * last.mm) * tall;
  g.fillStyle = colour('panel');
  g.fillRect(Math.max(0, x(0)), 0, w, tall);
  for (const one of pictures) {
    if (one.coil !== last.coil) continue;
    const long = x(end(one)) - x(one.at);
    g.save();
    g.transform(0, tall / one.bitmap.width, long / one.bitmap.height, 0, x(one.at), 0);
    g.drawImage(one.bitmap, 0, 0);
    g.restore();
  }
  g.font = font(0.8, 700);
  g.textAlign = 'left';
  for (const alarm of marks(last.coil)) {
    const at = x(alarm.box[1]);
    if (at < -4 * rem()) continue;
    box(g, alarm, x, y);
    const name = alarm.label ? pick(alarm.label) : '', under = y(alarm.box[4]) + 1.2 * rem();
    const wide = g.measureText(name).width;
    g.fillStyle = colour('back');
    g.fillRect(Math.min(at, w - wide - 8) - 3, under - 0.9 * rem(), wide + 6, 1.2 * rem());
    g.fillStyle = colour(VERDICT[alarm.verdict]);
    g.fillText(name, Math.min(at, w - wide - 8), under);
  }
  g.fillStyle = colour('dim');
  g.font = font(0.75);
  g.textAlign = 'center';
  for (let m = Math.ceil(head - SHOWN_M); m < head; m += 1) g.fillText(`${m} m`, x(m), hgt - 0.4 * rem());
}

function map(g, w, hgt) {
  g.fillStyle = colour('back');
  g.fillRect(0, 0, w, hgt);
  const last = pictures.at(-1);
  if (!last) return;
  const foot = 1.4 * rem(), tall = hgt - foot, long = end(last);
  const x = m => m / long * w, y = mm => mm / (last.pixels * last.mm) * tall;
  g.fillStyle = colour('panel');
  g.fillRect(0, 0, w, tall);
  for (const alarm of marks(last.coil)) box(g, alarm, x, y);
  g.fillStyle = colour('dim');
  g.font = font(0.75);
  g.textAlign = 'left';
  g.fillText('0 m', 2, hgt - 0.3 * rem());
  g.textAlign = 'right';
  g.fillText(`${long.toFixed(0)} m`, w - 2, hgt - 0.3 * rem());
}

// What was found on the coil, in words: so many of each class, and so many that were wrong.
function told(coil) {
  const count = new Map();
  let wrong = 0;
  for (const one of marks(coil)) {
    const name = one.label ? pick(one.label) : t('unnamed');
    count.set(name, (count.get(name) ?? 0) + 1);
    if (one.verdict === 'wrong') wrong += 1;
  }
  const named = [...count].map(([name, n]) => `${name} ${n}`).join(' · ');
  return `${coil}: ${named || t('nothing_found')}${wrong ? ` · ${t('wrong')} ${wrong}` : ''}`;
}

export const strip_view = {
  id: 'strip',
  name: 'part.camera',
  picture: true,
  fits: run => run.cameras > 0,
  first: run => run.cameras > 0 && run.trends.length < FEW,
  build(root) {
    canvases = ['view.strip', 'view.map'].map(key => h('canvas', {role: 'img', 'aria-label': t(key)}));
    note = h('span');
    root.classList.add('strip');
    root.append(h('div', {class: 'bar'}, h('h2', {'data-t': 'view.strip'}), note), canvases[0], h('h3', {'data-t': 'view.map'}), canvases[1]);
    for (const element of root.querySelectorAll('[data-t]')) put(element, t(element.dataset.t));
    paintStrip = surface(canvases[0], strip);
    paintMap = surface(canvases[1], map);
  },
  begin() {},
  draw() {
    take();
    paintStrip();
    paintMap();
    const last = pictures.at(-1);
    put(note, last ? told(last.coil) : t('no_picture'));
    canvases[0].setAttribute('aria-label', `${t('view.strip')}. ${note.textContent}`);
    canvases[1].setAttribute('aria-label', `${t('view.map')}. ${note.textContent}`);
  },
};
