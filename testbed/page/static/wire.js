// One websocket. A frame is u32 length | JSON | float32 rows | int16 waveforms | JPEG, and holds everything newer than the last one.
// A credit goes back once the browser has had a chance to draw, so a page that stalls has nothing to catch up with.
export function connect({hello, frame, state}) {
  let socket, wait = 250, number = 0;
  const waiting = new Map();

  function open() {
    socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`);
    socket.binaryType = 'arraybuffer';
    socket.onclose = () => {
      state(false);
      for (const answer of waiting.values()) answer('');
      waiting.clear();
      setTimeout(open, wait);
      wait = Math.min(wait * 1.6, 4000);
    };
    socket.onmessage = ({data}) => take(data);
  }

  function take(data) {
    const length = new DataView(data).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    if (head.hello) {
      wait = 250;
      state(true);
      hello(head.hello);
      return;
    }
    const at = 4 + length, picture = head.picture?.bytes ?? 0, wave = head.wave?.bytes ?? 0;
    const rows = new Float32Array(data, at, (data.byteLength - at - picture - wave) >> 2);
    if (wave) head.wave.data = new Int16Array(data, data.byteLength - picture - wave, wave >> 1);
    for (const {n, no} of head.answers ?? []) {
      waiting.get(n)?.(no);
      waiting.delete(n);
    }
    frame(head, rows, picture ? new Uint8Array(data, data.byteLength - picture) : null);
    requestAnimationFrame(() => send({do: 'drawn'}));
  }

  function send(message) {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  // An order; the promise holds the sentence that says why not, '' where it was done.
  function order(name, given = {}) {
    number += 1;
    const n = number;
    send({do: name, n, lang: document.documentElement.lang, ...given});
    return new Promise(answer => waiting.set(n, answer));
  }

  open();
  return {send, order};
}
