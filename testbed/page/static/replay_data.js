// What the replay knows of its record: one object of everything that happened, and curves fetched as finely as they are shown.
import {hole} from './chart.js';

const WHOLE = 3000, CLOSE = 1500, WAIT_MS = 120;
let about = null, id = '', whole = null, close = null, wait = 0, number = 0, changed = () => {};

export class Refused extends Error {}

export async function asked(path) {
  const answer = await fetch(path);
  if (answer.status === 403) location.href = './';
  if (!answer.ok) throw new Refused(await answer.text());
  return answer;
}

export function use(told, record, redraw) {
  [about, id, whole, close, changed] = [told, record, null, null, redraw];
  about.index = new Map(about.tags.map((tag, i) => [tag.name, i]));
}

export const tag = name => about.tags[about.index.get(name)];

async function fetched(names, from, to, n) {
  const columns = names.map(name => about.index.get(name)).join(',');
  const query = new URLSearchParams({columns, from, to, n});
  const data = new Float32Array(await (await asked(`record/${encodeURIComponent(id)}/rows?${query}`)).arrayBuffer());
  return {from, to, n, row_s: (to - from) / n, data, place: new Map(names.map((name, k) => [name, k]))};
}

export async function load(names) {
  number += 1;
  const mine = number;
  close = null;
  whole = names.length ? await fetched(names, 0, Math.max(about.duration_s, 0.1), WHOLE) : null;
  if (mine === number) changed();
}

// Fetch a stretch anew where it is shown much closer than what is there.
export function look(names, span, wide) {
  if (!whole || !names.length || (span.to - span.from) / whole.row_s > 2 * wide || covers(close, span, names)) return;
  clearTimeout(wait);
  wait = setTimeout(async () => {
    const mine = number, spare = (span.to - span.from) / 4;
    const found = await fetched(names, span.from - spare, span.to + spare, CLOSE);
    if (mine !== number) return;
    close = found;
    changed();
  }, WAIT_MS);
}

const covers = (one, span, names) => one && one.from <= span.from + 1e-9 && one.to >= span.to - 1e-9
  && one.to - one.from <= 4 * (span.to - span.from) && names.every(name => one.place.has(name));

export function series(name, span) {
  const one = covers(close, span, [name]) ? close : whole, k = one?.place.get(name);
  if (k === undefined) return {from: 0, row_s: 1, n: 0, low: () => NaN, high: () => NaN, hole_s: Infinity};
  const size = 2 * one.place.size;
  return {from: one.from, row_s: one.row_s, n: one.n, low: i => one.data[i * size + 2 * k], high: i => one.data[i * size + 2 * k + 1],
    hole_s: hole(about.tags[about.index.get(name)], one.row_s)};
}

// Which metre of which coil or slab passes at a moment, and when a metre passes; null where none does.
export function metreAt(axis, s) {
  const part = axis?.parts.findLast(one => s >= one.from - 1e-6 && s <= one.to + 1e-6);
  if (!part) return null;
  const after = Math.max(1, axis.s.findIndex(one => one >= s)), i = after < 1 ? axis.s.length - 1 : after;
  const [a, b, m, n] = [axis.s[i - 1], axis.s[i], axis.m[i - 1], axis.m[i]];
  return {part: part.part, m: n < m ? n : m + (n - m) * Math.min(1, Math.max(0, b > a ? (s - a) / (b - a) : 0))};
}

export function timeOfMetre(axis, name, m) {
  const part = axis.parts.find(one => one.part === name);
  let before = -1;
  for (let i = 0; i < axis.s.length; i += 1) {
    if (axis.s[i] < part.from - 1e-6 || axis.s[i] > part.to + 1e-6) continue;
    if (axis.m[i] >= m) {
      if (before < 0 || axis.m[i] === axis.m[before]) return axis.s[i];
      return axis.s[before] + (m - axis.m[before]) / (axis.m[i] - axis.m[before]) * (axis.s[i] - axis.s[before]);
    }
    before = i;
  }
  return part.to;
}
