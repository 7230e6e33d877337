// Taking along what is shown: as CSV with times and units, or as a picture.
const FORMULA = /^[=+\-@\t\r]/;

// A cell: what is text is no formula to a spreadsheet.
const cell = value => {
  if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

// A row for each stretch of time in which any tag has a sample: its lowest and highest value, once where they are one.
export function table(curves, span, start_ms) {
  const wide = new Set(), rows = new Map();
  for (const [k, {series}] of curves.entries()) {
    for (let i = 0; i < series.n; i += 1) {
      const s = series.from + (i + 1) * series.row_s, low = series.low(i), high = series.high(i);
      if (s < span.from || s > span.to || !(low === low)) continue;
      const key = Math.round(s * 1e6);
      if (!rows.has(key)) rows.set(key, []);
      rows.get(key)[k] = [low, high];
      if (low !== high) wide.add(k);
    }
  }
  const head = ['time', 's'], digits = value => Number(value.toPrecision(7));  // float32 holds seven
  for (const [k, {name, unit}] of curves.entries()) head.push(...(wide.has(k) ? ['min', 'max'] : ['']).map(end => `${name}${end && ` ${end}`}${unit && ` [${unit}]`}`));
  const body = [...rows].sort(([a], [b]) => a - b).map(([key, values]) => [
    new Date(start_ms + key / 1000).toISOString(), key / 1e6,
    ...curves.flatMap((_, k) => (wide.has(k) ? [0, 1] : [0]).map(end => values[k] ? digits(values[k][end]) : NaN)),
  ]);
  return [head, ...body].map(row => row.map(cell).join(',')).join('\n') + '\n';
}

export function save(name, data, type) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([data], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export const saveTable = (name, text) => save(name, `\ufeff${text}`, 'text/csv;charset=utf-8');

// One picture of several parts below each other, each drawn by draw(g, w, h); at twice the screen's fineness.
export function savePicture(name, wide, parts, ground) {
  const canvas = document.createElement('canvas'), high = parts.reduce((sum, part) => sum + part.high, 0);
  canvas.width = 2 * wide;
  canvas.height = 2 * high;
  const g = canvas.getContext('2d', {alpha: false});
  g.scale(2, 2);
  g.fillStyle = ground;
  g.fillRect(0, 0, wide, high);
  for (const part of parts) {
    g.save();
    part.draw(g, wide, part.high);
    g.restore();
    g.translate(0, part.high);
  }
  canvas.toBlob(blob => save(name, blob, 'image/png'), 'image/png');
}
