// What the page knows: the run, its state, and the rows of the tags that somebody draws.
//
// A view says with `want('its name', [tag, …])` which tags it needs and reads them with `column`, `low`, `high`,
// `latest`. Rows lie on one time axis for all tags: row i ends (i + 1) * run.row_s seconds after the run's start.
export const store = {run: null, state: null, t: 0, rows: 0, picture: null};
export const heard = new Set();  // is told of every piece of waveform, as it comes: {first, n, data}

const wanted = new Map();
let send = () => {}, watch = 0, asked = '', columns = [], place = new Map(), data = new Float32Array(0), pictures = 0, waves = 0;

export function use(sender) { send = sender; }

export function want(who, names) {
  wanted.set(who, names);
  queueMicrotask(ask);
}

export function wantPicture(on) {
  pictures = on;
  queueMicrotask(ask);
}

export function wantWaves(on) {
  waves = on;
  queueMicrotask(ask);
}

function ask() {
  const run = store.run;
  if (!run) return;
  const names = [...new Set([...wanted.values()].flat())].filter(name => run.index.has(name)).sort();
  const told = JSON.stringify([run.number, names, pictures, waves]);
  if (told === asked) return;
  asked = told;
  watch += 1;
  columns = names;
  send({do: 'watch', run: run.number, watch, columns: names.map(name => run.index.get(name)), picture: pictures, waves});
}

export function begin(number, run) {
  store.run = run && {...run, index: new Map(run.tags.map((tag, i) => [tag.name, i]))};
  Object.assign(store, {t: 0, rows: 0, picture: null});
  [asked, place, data] = ['', new Map(), new Float32Array(0)];
  ask();
}

export function take(head, rows) {
  if (head.state) store.state = head.state;
  if (head.t !== undefined) store.t = head.t;
  if (head.wave?.n) for (const listener of heard) listener(head.wave);
  if (head.watch !== watch || !columns.length || !store.run) return;
  if (head.since === 0) {
    data = new Float32Array(store.run.rows * columns.length * 2);
    place = new Map(columns.map((name, i) => [name, i]));
  }
  if (data.length) data.set(rows, head.since * columns.length * 2);
  store.rows = head.until;
}

export const tag = name => store.run?.tags[store.run.index.get(name)];
export const column = name => place.get(name) ?? -1;
export const low = (row, c) => data[(row * place.size + c) * 2];
export const high = (row, c) => data[(row * place.size + c) * 2 + 1];

// The newest value at or before a row, NaN where there is none in reach.
export function latest(name, row = store.rows - 1, reach = 400) {
  const c = column(name);
  if (c < 0) return NaN;
  for (let i = row; i >= 0 && i > row - reach; i -= 1) {
    const value = (low(i, c) + high(i, c)) / 2;
    if (value === value) return value;
  }
  return NaN;
}

// Digits that tell a thousandth of a tag's range.
export const shown = (name, value) => digitsOf(tag(name)?.range, value);

export function digitsOf(range, value) {
  if (!(value === value)) return '–';
  const span = range ? range[1] - range[0] : Math.abs(value) || 1;
  const text = value.toFixed(Math.max(0, Math.min(4, Math.ceil(2.5 - Math.log10(span)))));
  return Number(text) ? text : text.replace('-', '');
}

// What stands at a tag now: its value, or of a vibration half its swing, since its middle tells nothing.
const FAST = 2000;  // Hz: what is sampled faster is a vibration
export function level(name) {
  const c = column(name), i = store.rows - 1, {rate_hz, unit} = tag(name) ?? {};
  const swings = rate_hz >= FAST && c >= 0 && i >= 0;
  return `${swings ? `±${shown(name, (high(i, c) - low(i, c)) / 2)}` : shown(name, latest(name))} ${unit ?? ''}`;
}

export const short = name => name.split('/').at(-1);
