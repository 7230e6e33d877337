// A foreign OPC UA server that never rests: `node changes.js PORT ITEMS HZ [LENGTH] [mixed]` serves ITEMS variables
// `ns=1;s=T0` … that change HZ times a second. A value is the number of its tick, so that whoever reads can tell what
// is missing; with LENGTH it is an array of so many Doubles from there on, with `mixed` the types take turns. It prints
// {port} once it listens, and what it has written whenever a line comes in on stdin.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { nodesets } = require("node-opcua-nodesets");
const { OPCUAServer } = require("node-opcua-server");
const { StatusCodes } = require("node-opcua-status-code");
const { DataType, Variant, VariantArrayType } = require("node-opcua-variant");

const [port, items, hz, length] = process.argv.slice(2, 6).map((text) => Number(text) || 0);
const isMixed = process.argv.includes("mixed");
const TYPES = isMixed ? ["Double", "Float", "Int32", "Int16", "UInt32", "Boolean"] : ["Double"];

function variant(kind, tick) {
    if (length) {
        const value = new Float64Array(length);
        for (let i = 0; i < length; i += 1) value[i] = tick * length + i;
        return new Variant({ dataType: DataType.Double, arrayType: VariantArrayType.Array, value });
    }
    const value = kind === "Boolean" ? tick % 2 === 1 : kind === "Int16" ? tick % 30000 : tick;
    return new Variant({ dataType: DataType[kind], value });
}

async function main() {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "testbed-node-"));
    const server = new OPCUAServer({
        port, host: "127.0.0.1", hostname: "127.0.0.1", nodeset_filename: [nodesets.standard],
        serverCertificateManager: new OPCUACertificateManager({ rootFolder: path.join(home, "pki") }),
        serverCapabilities: { maxMonitoredItemsPerSubscription: 100000, maxMonitoredItems: 100000, minSupportedSampleRate: 0 },
    });
    await server.initialize();
    const space = server.engine.addressSpace.getOwnNamespace();
    const folder = space.addFolder(server.engine.addressSpace.rootFolder.objects, { browseName: "Changes" });
    const nodes = [];
    for (let i = 0; i < items; i += 1) {
        const kind = TYPES[i % TYPES.length];
        const node = space.addVariable({
            componentOf: folder, browseName: `T${i}`, nodeId: `s=T${i}`, dataType: kind, minimumSamplingInterval: 0,
            ...(length ? { valueRank: 1, arrayDimensions: [length] } : {}), value: variant(kind, 0),
        });
        nodes.push([node, kind]);
    }
    await server.start();
    const began = process.hrtime.bigint();
    const start = Date.now();
    let tick = 0;
    const timer = setInterval(() => {
        const due = Math.floor((Number(process.hrtime.bigint() - began) / 1e9) * hz);
        if (tick >= due) return;
        tick += 1;  // one a turn: what was not written in time is written later, none is passed over
        const now = length ? new Date(start + Math.round((1000 * tick) / hz)) : new Date();  // arrays: no jitter
        const shared = TYPES.map((kind) => variant(kind, tick));
        for (let i = 0; i < nodes.length; i += 1) {
            nodes[i][0].setValueFromSource(shared[i % TYPES.length], StatusCodes.Good, now);
        }
    }, Math.max(1, Math.floor(500 / hz)));
    process.stdout.write(JSON.stringify({ port: server.endpoints[0].port }) + "\n");
    process.stdin.on("data", () => process.stdout.write(JSON.stringify({ tick, written: tick * items }) + "\n"));
    process.on("SIGTERM", async () => {
        clearInterval(timer);
        await server.shutdown(0);
        fs.rmSync(home, { recursive: true, force: true });
        process.exit(0);
    });
}

main().catch((error) => { console.error(error); process.exit(1); });
