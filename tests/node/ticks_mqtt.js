// A foreign MQTT publisher whose data say what it wrote: `node ticks_mqtt.js PORT TAGS` publishes ticks/T0, ticks/T1 …
// as {"v": tick, "ts": ms, "q": 0}, ten ticks a second by the clock, QoS 0, never twice by itself. What it cannot send
// is gone. A line of JSON on stdin changes it: {"shift": s} sets its clock, {"bad": true} makes every value Bad,
// {"odd": true} sends every second tick before the one that precedes it, and that one twice. It prints {port} once
// it is connected.
"use strict";
const readline = require("readline");
const mqtt = require("mqtt");

const [port, count] = process.argv.slice(2).map(Number);
const PERIOD_MS = 100;
const BUFFERED = 25; // ticks: a busy machine may hold us up for less than a reader calls still (2.2 s), and loses nothing
const told = { shift: 0, bad: false, odd: false };
const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    reconnectPeriod: 300, queueQoSZero: false, connectTimeout: 2000, keepalive: 2,
});
client.on("error", () => {}); // it tries again

function write(tick) {
    const body = JSON.stringify({ v: tick, ts: tick * PERIOD_MS + 1000 * told.shift, q: told.bad ? 2 ** 31 : 0 });
    if (!client.connected) return;
    for (let i = 0; i < count; i += 1) client.publish(`ticks/T${i}`, body);
}

let last = Math.floor(Date.now() / PERIOD_MS);
setInterval(() => {
    const due = Math.floor(Date.now() / PERIOD_MS);
    if (due - last > BUFFERED) last = due - 1;
    for (const step = told.odd ? 2 : 1; last + step <= due; last += step) {
        if (told.odd) [last + 2, last + 1, last + 1].forEach(write);
        else write(last + 1);
    }
}, PERIOD_MS / 4);
readline.createInterface({ input: process.stdin }).on("line", (line) => Object.assign(told, JSON.parse(line)));
client.once("connect", () => process.stdout.write(JSON.stringify({ port }) + "\n"));
process.on("SIGTERM", () => process.exit(0));
