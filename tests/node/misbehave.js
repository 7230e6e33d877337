// A foreign OPC UA server: `node misbehave.js PORT SECONDS [BACK_S]` serves eight tags of a small drive that go on and
// on. SECONDS after its start the bearing runs hot and the current no longer follows the load; 0 never. BACK_S seconds
// are taken off every source time, as on a server whose clock was set back. It prints one line once it listens.
// `node misbehave.js --csv SECONDS` prints so many seconds of the same drive in good order, as a historian would.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const isExport = process.argv[2] === "--csv";
const [port, after, back] = process.argv.slice(2).map(Number);
const PERIOD_MS = 100;
const NAMES = ["SPEED", "LOAD", "CURRENT", "VOLTAGE", "BEARING_TEMP", "OIL_TEMP", "VIBRATION", "SETPOINT"];

// A small generator of noise with a seed, so that every start gives the same walk (Park and Miller 1988).
let seed = 12345;
const uniform = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const noise = () => uniform() + uniform() + uniform() + uniform() - 2;

let t = 0;
let drift = 0;
function values(isBad) {
    t += PERIOD_MS / 1000;
    drift = 0.98 * drift + 0.1 * noise();
    const load = 60 + 8 * Math.sin((2 * Math.PI * t) / 7) + 3 * Math.sin((2 * Math.PI * t) / 3.1) + drift;
    const heat = isBad ? 12 : 0;
    return {
        SPEED: 900 - 0.5 * load + 0.4 * noise(),
        LOAD: load + 0.3 * noise(),
        CURRENT: (isBad ? 80 + 2 * noise() : 1.5 * load + 0.4 * noise()),
        VOLTAGE: 400 - 0.05 * load + 0.2 * noise(),
        BEARING_TEMP: 55 + 0.05 * load + 0.1 * noise() + heat,
        OIL_TEMP: 45 + 0.03 * load + 0.1 * noise(),
        VIBRATION: 1.2 + 0.01 * load + 0.05 * noise() + (isBad ? 1.5 : 0),
        SETPOINT: 900,
    };
}

function history(seconds) {
    const lines = [["time", ...NAMES].join(",")];
    for (let i = 0; i < (1000 * seconds) / PERIOD_MS; i += 1) {
        const now = values(false);
        const moment = new Date(Date.UTC(2026, 0, 5) + i * PERIOD_MS).toISOString();
        lines.push([moment, ...NAMES.map((name) => now[name].toFixed(6))].join(","));
    }
    process.stdout.write(lines.join("\n") + "\n");
}

async function main() {
    // loaded here: they speak on stdout
    const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
    const { nodesets } = require("node-opcua-nodesets");
    const { OPCUAServer } = require("node-opcua-server");
    const { StatusCodes } = require("node-opcua-status-code");
    const { DataType, Variant } = require("node-opcua-variant");
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "testbed-node-"));
    const serverCertificateManager = new OPCUACertificateManager({ rootFolder: path.join(home, "pki") });
    const server = new OPCUAServer({
        port, host: "127.0.0.1", hostname: "127.0.0.1", serverCertificateManager, nodeset_filename: [nodesets.standard],
    });
    await server.initialize();
    const space = server.engine.addressSpace.getOwnNamespace();
    const drive = space.addObject({ organizedBy: server.engine.addressSpace.rootFolder.objects, browseName: "Drive" });
    const nodes = {};
    for (const name of NAMES) {
        nodes[name] = space.addVariable({
            componentOf: drive, browseName: name, nodeId: `s=Drive.${name}`, dataType: "Double",
            minimumSamplingInterval: 20,
        });
    }
    nodes.SETPOINT.setValueFromSource(new Variant({ dataType: DataType.Double, value: 900 }), StatusCodes.Good,
        new Date(Date.now() - 3600000 - 1000 * (back || 0)));  // set an hour ago, and never since
    await server.start();
    const began = Date.now();
    const timer = setInterval(() => {
        const isBad = after > 0 && Date.now() - began >= 1000 * after;
        const now = values(isBad);
        const moment = new Date(Date.now() - 1000 * (back || 0));
        for (const name of NAMES) {
            if (name === "SETPOINT") continue;
            nodes[name].setValueFromSource(
                new Variant({ dataType: DataType.Double, value: now[name] }), StatusCodes.Good, moment);
        }
    }, PERIOD_MS);
    process.stdout.write(JSON.stringify({ port: server.endpoints[0].port, namespace: space.namespaceUri }) + "\n");
    const stop = async () => {
        clearInterval(timer);
        await server.shutdown(0);
        fs.rmSync(home, { recursive: true, force: true });
        process.exit(0);
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
}

if (isExport) history(after);
else main().catch((error) => { console.error(error); process.exit(1); });
