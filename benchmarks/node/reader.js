// A client of another make: `node reader.js URL ITEMS WARM_S SECONDS` monitors `ns=1;s=T0` … and prints one line of
// JSON: changes received in SECONDS, processor seconds used for them, and their latencies in ms.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const {
    AttributeIds, ClientMonitoredItemGroup, ClientSubscription, OPCUAClient,
    TimestampsToReturn,
} = require("node-opcua-client");

const [url, items, warm, seconds] = [process.argv[2], ...process.argv.slice(3, 6).map(Number)];
const sleep = (s) => new Promise((done) => setTimeout(done, 1000 * s));

async function main() {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "testbed-node-"));
    const client = OPCUAClient.create({
        endpointMustExist: false,
        clientCertificateManager: new OPCUACertificateManager({ rootFolder: path.join(home, "pki") }),
    });
    await client.connect(url);
    const session = await client.createSession();
    const subscription = ClientSubscription.create(session, {
        requestedPublishingInterval: 100, requestedLifetimeCount: 6000, requestedMaxKeepAliveCount: 10,
        maxNotificationsPerPublish: 0, publishingEnabled: true, priority: 1,
    });
    const wanted = [];
    for (let i = 0; i < items; i += 1) wanted.push({ nodeId: `ns=1;s=T${i}`, attributeId: AttributeIds.Value });
    const group = ClientMonitoredItemGroup.create(subscription, wanted, {
        samplingInterval: 0, discardOldest: true, queueSize: 1000,
    }, TimestampsToReturn.Both);
    let count = 0;
    let lost = 0;
    const ticks = new Map();  // the last one of each variable: whoever uses a value knows whose it is
    let latencies = [];
    group.on("changed", (item, value) => {
        count += 1;
        const tick = value.value.value;
        const before = ticks.get(item.itemToMonitor.nodeId);
        if (before !== undefined) lost += tick - before - 1;
        ticks.set(item.itemToMonitor.nodeId, tick);
        latencies.push(Date.now() - value.sourceTimestamp.getTime());
    });
    await new Promise((done, fail) => { group.on("initialized", done); group.on("err", fail); });
    await sleep(warm);
    const [before, used, began] = [count, process.cpuUsage(), process.hrtime.bigint()];
    latencies = [];
    await sleep(seconds);
    const { user, system } = process.cpuUsage(used);
    const wall = Number(process.hrtime.bigint() - began) / 1e9;
    const told = latencies.sort((a, b) => a - b);
    process.stdout.write(JSON.stringify({
        n: count - before, cpu: (user + system) / 1e6, wall, lost,
        p50: told[Math.floor(told.length / 2)], p99: told[Math.floor(told.length * 0.99)],
    }) + "\n");
    fs.rmSync(home, { recursive: true, force: true });
    process.exit(0);  // what it would say for goodbye is not measured
}

main().catch((error) => { console.error(error); process.exit(1); });
