// What an accelerometer gives, to be heard: the very waveform that is streamed, at its own pitch. Off until it is asked
// for; what is loud is pressed down to a limit, so that a strip that tears hurts nobody's ears.
const LOUDEST = 0.25, AT = 12;     // share of full scale that nothing exceeds, and m/s2 that come near it
const AHEAD_S = 0.15, MOST_S = 0.6;  // s by which playing lags behind, and that may wait: what is more is left out
let context = null, limit = null, next = 0;

export const curve = () => Float32Array.from({length: 257}, (_, i) => LOUDEST * Math.tanh((i - 128) / 64));
export const isOn = () => context !== null && context.state === 'running';

export async function turn(on) {
  if (!on) return context?.suspend();
  if (!context) {
    context = new AudioContext();
    limit = new WaveShaperNode(context, {curve: curve()});
    limit.connect(context.destination);
  }
  next = 0;
  await context.resume();
}

// Play `values` (Float32Array, m/s2) of so many samples a second after what is still playing.
export function play(values, rate) {
  if (!isOn() || values.length < 2) return;
  const now = context.currentTime;
  if (next < now) next = now + AHEAD_S;
  if (next > now + MOST_S) return;
  const buffer = context.createBuffer(1, values.length, rate);
  const to = buffer.getChannelData(0);
  for (let i = 0; i < values.length; i += 1) to[i] = values[i] / AT;
  const source = new AudioBufferSourceNode(context, {buffer});
  source.connect(limit);
  source.start(next);
  next += values.length / rate;
}
