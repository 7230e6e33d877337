// Fourier transforms of waveforms, and what a vibration engineer reads from them: third octaves, the strength of a band.

// Root mean square in each bin of the last `n` samples (a power of two) of a ring, Hann window; Hz a bin is rate / n.
export function spectrum(ring, end, n) {
  const re = new Float64Array(n), im = new Float64Array(n), size = ring.length;
  let mean = 0;
  for (let i = 0; i < n; i += 1) mean += ring[(end - n + i + size) % size] / n;
  for (let i = 0; i < n; i += 1) re[i] = (ring[(end - n + i + size) % size] - mean) * (0.5 - 0.5 * Math.cos(2 * Math.PI * i / n));
  transform(re, im);
  const bins = new Float64Array(n >> 1), scale = Math.sqrt(2 / 0.375) / n;  // 0.375: mean square of the window
  for (let i = 1; i < bins.length; i += 1) bins[i] = Math.hypot(re[i], im[i]) * scale;
  return bins;
}

// In place, radix two.
function transform(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i += 1) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
    if (i < j) { [re[i], re[j]] = [re[j], re[i]]; [im[i], im[j]] = [im[j], im[i]]; }
  }
  for (let wide = 2; wide <= n; wide <<= 1) {
    const half = wide >> 1, turn = -2 * Math.PI / wide;
    for (let k = 0; k < half; k += 1) {
      const c = Math.cos(turn * k), s = Math.sin(turn * k);
      for (let i = k; i < n; i += wide) {
        const a = re[i + half] * c - im[i + half] * s, b = re[i + half] * s + im[i + half] * c;
        re[i + half] = re[i] - a;
        im[i + half] = im[i] - b;
        re[i] += a;
        im[i] += b;
      }
    }
  }
}

// Root mean square between two frequencies.
export function band(bins, hz, low, high) {
  let sum = 0;
  const first = Math.max(1, Math.ceil(low / hz)), last = Math.min(bins.length - 1, Math.floor(high / hz));
  for (let i = first; i <= last; i += 1) sum += bins[i] ** 2;
  return Math.sqrt(sum);
}

// Third octaves by base ten, IEC 61260: exact middle and the name it goes by, from 40 Hz to 2 kHz.
const NAMES = [40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000];
export const THIRDS = NAMES.map((name, i) => ({name, middle: 10 ** ((16 + i) / 10)}));
const EDGE = 10 ** 0.05;
export const edges = ({middle}) => [middle / EDGE, middle * EDGE];

// Natural logarithm a second by which values at equal steps grow, by least squares.
export function growth(values, step) {
  const n = values.length, middle = (n - 1) / 2;
  let up = 0, down = 0;
  values.forEach((value, i) => { up += (i - middle) * Math.log(Math.max(value, 1e-9)); down += (i - middle) ** 2; });
  return up / down / step;
}
