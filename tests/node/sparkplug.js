// A foreign Sparkplug B client, npm sparkplug-client: `node sparkplug.js edge|listen URL GROUP NODE DEVICE`.
// It prints one JSON object a line and obeys lines on stdin.
// edge:   an edge node; 'data' publishes by alias alone, 'stop' leaves with a death, 'skip' leaves a number out.
// listen: prints every message of the group; 'rebirth' and 'set NAME TYPE VALUE' send commands to NODE and DEVICE.
"use strict";
const readline = require("readline");
const { newClient } = require("sparkplug-client");
const payloads = require("sparkplug-payload").get("spBv1.0");
const root = require("sparkplug-payload/lib/sparkplugPayloadProto");

const [role, serverUrl, group, node, device] = process.argv.slice(2);
const Payload = root.org.eclipse.tahu.protobuf.Payload;
const tell = (object) => process.stdout.write(JSON.stringify(object, (key, value) =>
    (value && value.type === "Buffer") ? Buffer.from(value.data).toString("base64")
        : (value && value.low !== undefined) ? Number(value.toString()) : value) + "\n");
const client = newClient({
    serverUrl, username: "", password: "", groupId: role === "edge" ? group : "LISTENERS",
    edgeNode: role === "edge" ? node : `listener-${process.pid}`, clientId: `node-${role}-${process.pid}`,
    publishDeath: true, keepalive: 30,
});
let tick = 0;

const nodeMetrics = () => [
    { name: "Node Control/Rebirth", type: "Boolean", value: false, timestamp: Date.now() },
    { name: "Uptime", alias: 1, type: "UInt32", value: 4000000000, timestamp: Date.now() },
];
const deviceMetrics = () => [
    { name: "LEVEL", alias: 10, type: "Double", value: tick + 0.5, timestamp: Date.now(),
        properties: { engUnit: { type: "String", value: "mm" }, engLow: { type: "Double", value: 0 },
            engHigh: { type: "Double", value: 200 }, readOnly: { type: "Boolean", value: false } } },
    { name: "SMALL", alias: 11, type: "Int16", value: -300, timestamp: Date.now() },
    { name: "TINY", alias: 12, type: "Int8", value: -3, timestamp: Date.now() },
    { name: "LARGE", alias: 13, type: "Int64", value: -5, timestamp: Date.now() },
    { name: "RUNS", alias: 14, type: "Boolean", value: true, timestamp: Date.now() },
    { name: "GRADE", alias: 15, type: "String", value: "강종 A", timestamp: Date.now() },
    { name: "RAW", alias: 16, type: "Bytes", value: Buffer.from([0, 255]), timestamp: Date.now() },
    { name: "TABLE", alias: 17, type: "DataSet", timestamp: Date.now(), value: {
        numOfColumns: 2, columns: ["part", "width"], types: ["String", "Double"], rows: [["C1", 1.5], ["C2", 2.5]] } },
    { name: "NOTHING", alias: 18, type: "Float", value: null, timestamp: Date.now() },
];

if (role === "edge") {
    const birth = () => {
        client.publishNodeBirth({ timestamp: Date.now(), metrics: nodeMetrics() });
        client.publishDeviceBirth(device, { timestamp: Date.now(), metrics: deviceMetrics() });
        tell({ event: "born" });
    };
    client.on("birth", birth);
    client.on("ncmd", (payload) => {
        tell({ event: "ncmd", payload });
        if (payload.metrics.some((metric) => metric.name === "Node Control/Rebirth" && metric.value)) birth();
    });
    client.on("dcmd", (name, payload) => tell({ event: "dcmd", device: name, payload }));
} else {
    // the library reads no value without its type: those of alias-only data come from their birth
    const types = {};
    client.on("connect", () => client.subscribeTopic(`spBv1.0/${group}/#`, { qos: 1 }, () => tell({ event: "ready" })));
    client.on("message", (topic, payload) => {
        for (const metric of payload.metrics || []) if (metric.name && metric.alias) types[metric.alias] = metric;
        tell({ event: "message", topic, payload });
    });
    client.client.on("message", (topic, message) => {
        if (!topic.includes("DATA")) return;
        const values = {};
        for (const metric of Payload.decode(message).metrics) {
            const born = types[metric.alias] || {};
            const given = ["doubleValue", "intValue", "longValue", "stringValue"].find((f) => metric.hasOwnProperty(f));
            values[born.name] = given === "intValue" ? metric[given] | 0 : given ? metric[given] : null;
        }
        tell({ event: "data", topic, values });
    });
}

const send = (kind, metric) => client.client.publish(
    kind === "NCMD" ? `spBv1.0/${group}/NCMD/${node}` : `spBv1.0/${group}/DCMD/${node}/${device}`,
    Buffer.from(payloads.encodePayload({ timestamp: Date.now(), metrics: [metric] })));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const [word, name, type, value] = line.split(" ");
    if (word === "data") {
        tick += 1;
        client.publishDeviceData(device, { timestamp: Date.now(), metrics: [
            { alias: 10, type: "Double", value: tick + 0.5, timestamp: Date.now() },
            { alias: 11, type: "Int16", value: -300 - tick, timestamp: Date.now() }] });
    } else if (word === "skip") client.incrementSeqNum();
    else if (word === "device-death") client.publishDeviceDeath(device, { timestamp: Date.now() });
    else if (word === "rebirth") send("NCMD", { name: "Node Control/Rebirth", type: "Boolean", value: true });
    else if (word === "set") send("DCMD", { name, type, value: type === "Boolean" ? value === "true" : Number(value) });
    else if (word === "stop") { client.stop(); client.client.on("close", () => process.exit(0)); }
});
client.on("error", (error) => { console.error(error.message); process.exit(1); });
