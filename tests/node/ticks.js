// A foreign OPC UA server whose data say what it wrote: `node ticks.js PORT HOME TAGS [history] [secure]` serves TAGS
// variables s=T0, s=T1 … whose value is the number of the tick, ten a second by the clock, as of a controller that goes
// on when its server does not. What came due while the server stood still for over two seconds was never written.
// A line of JSON on stdin changes it: {"shift": s} sets its clock, {"bad": true} makes every value Bad, {"odd": true}
// writes every second tick before the one that precedes it, and that one twice.
// With `secure` it offers Basic256Sha256 with a certificate of its own under HOME, else none. It prints {port,
// certificate} once it listens.
"use strict";
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { MessageSecurityMode, SecurityPolicy } = require("node-opcua-client");
const { nodesets } = require("node-opcua-nodesets");
const { OPCUAServer } = require("node-opcua-server");
const { StatusCodes } = require("node-opcua-status-code");
const { DataType, Variant } = require("node-opcua-variant");

const [port, home, count, ...wishes] = process.argv.slice(2);
const PERIOD_MS = 100;
const BUFFERED = 25; // ticks: a busy machine may hold us up for less than a reader calls still (2.2 s), and loses nothing
const told = { shift: 0, bad: false, odd: false };

async function served() {
    const manager = new OPCUACertificateManager({ rootFolder: path.join(home, "pki"), name: "pki" });
    await manager.initialize();
    const certificate = path.join(home, "certificate.pem");
    if (!fs.existsSync(certificate)) {
        await manager.createSelfSignedCertificate({
            applicationUri: "urn:localhost:ticks", dns: ["localhost"], ip: ["127.0.0.1"], outputFile: certificate,
            subject: "/CN=ticks", startDate: new Date(Date.now() - 3600000), validity: 30,
        });
    }
    const isSecure = wishes.includes("secure");
    const server = new OPCUAServer({
        port: Number(port), host: "127.0.0.1", hostname: "127.0.0.1", serverCertificateManager: manager,
        certificateFile: certificate, privateKeyFile: manager.privateKey, nodeset_filename: [nodesets.standard],
        serverInfo: { applicationUri: "urn:localhost:ticks" },
        securityPolicies: [isSecure ? SecurityPolicy.Basic256Sha256 : SecurityPolicy.None],
        securityModes: [isSecure ? MessageSecurityMode.SignAndEncrypt : MessageSecurityMode.None],
    });
    await server.initialize();
    return { server, certificate };
}

function variables(server) {
    const addressSpace = server.engine.addressSpace;
    const space = addressSpace.getOwnNamespace();
    const folder = space.addFolder(addressSpace.rootFolder.objects, { browseName: "Ticks" });
    const nodes = [];
    for (let i = 0; i < Number(count); i += 1) {
        const node = space.addVariable({
            componentOf: folder, browseName: `T${i}`, nodeId: `s=T${i}`, dataType: "Double", minimumSamplingInterval: 0,
        });
        if (wishes.includes("history")) addressSpace.installHistoricalDataNode(node, { maxOnlineValues: 5000 });
        nodes.push(node);
    }
    return nodes;
}

async function main() {
    const { server, certificate } = await served();
    const nodes = variables(server);
    await server.start();
    const write = (tick) => {
        const moment = new Date(tick * PERIOD_MS + 1000 * told.shift);
        const status = told.bad ? StatusCodes.BadSensorFailure : StatusCodes.Good;
        for (const node of nodes) {
            node.setValueFromSource(new Variant({ dataType: DataType.Double, value: tick }), status, moment);
        }
    };
    let last = Math.floor(Date.now() / PERIOD_MS);
    const timer = setInterval(() => {
        const due = Math.floor(Date.now() / PERIOD_MS);
        if (due - last > BUFFERED) last = due - 1;
        for (const step = told.odd ? 2 : 1; last + step <= due; last += step) {
            if (told.odd) [last + 2, last + 1, last + 1].forEach(write);
            else write(last + 1);
        }
    }, PERIOD_MS / 4);
    readline.createInterface({ input: process.stdin }).on("line", (line) => Object.assign(told, JSON.parse(line)));
    process.stdout.write(JSON.stringify({ port: server.endpoints[0].port, certificate }) + "\n");
    process.on("SIGTERM", async () => { clearInterval(timer); await server.shutdown(0); process.exit(0); });
}

main().catch((error) => { console.error(error); process.exit(1); });
