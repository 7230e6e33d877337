// A foreign OPC UA client: `node browse.js URL NAMESPACE FOLDER` prints one JSON object.
// It browses every variable below FOLDER, reads units and ranges, and subscribes until each has moved or 20 s went by.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const {
    AttributeIds, BrowseDirection, ClientMonitoredItemGroup, ClientSubscription, DataChangeFilter, DataChangeTrigger,
    MessageSecurityMode, NodeClass, OPCUAClient, SecurityPolicy, TimestampsToReturn,
} = require("node-opcua-client");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");

const [url, namespace, folder] = process.argv.slice(2);
const PATIENCE_MS = 20000;

async function children(session, nodeId, reference) {
    const result = await session.browse({
        nodeId, referenceTypeId: reference, browseDirection: BrowseDirection.Forward, includeSubtypes: true,
        nodeClassMask: 0, resultMask: 63,
    });
    return result.references || [];
}

async function variables(session, nodeId) {
    const found = [];
    for (const child of await children(session, nodeId, "HierarchicalReferences")) {
        if (child.nodeClass === NodeClass.Variable) found.push(child);
        else if (child.nodeClass === NodeClass.Object) found.push(...await variables(session, child.nodeId));
    }
    return found;
}

async function property(session, nodeId, name) {
    const hit = (await children(session, nodeId, "HasProperty")).find((child) => child.browseName.name === name);
    if (!hit) return null;
    return (await session.read({ nodeId: hit.nodeId, attributeId: AttributeIds.Value })).value.value;
}

const TYPES = { 63: "BaseDataVariableType", 2368: "AnalogItemType", 17497: "AnalogUnitType" };
const typeName = (nodeId) => TYPES[nodeId.value] || nodeId.toString();

async function describe(session, node) {
    const units = await property(session, node.nodeId, "EngineeringUnits");
    const range = await property(session, node.nodeId, "EURange");
    return {
        type: node.typeDefinition ? typeName(node.typeDefinition) : "",
        unit: units && { symbol: units.displayName.text, id: units.unitId, uri: units.namespaceUri },
        range: range && [range.low, range.high],
        values: 0, distinct: 0, rising: true, last_status: "",
    };
}

async function watch(session, nodes, tags) {
    const subscription = ClientSubscription.create(session, {
        requestedPublishingInterval: 50, requestedLifetimeCount: 600, requestedMaxKeepAliveCount: 20,
        maxNotificationsPerPublish: 0, publishingEnabled: true, priority: 1,
    });
    const seen = nodes.map(() => new Set());
    const lastTime = nodes.map(() => 0);
    const moved = () => nodes.every((node, i) => seen[i].size > 1 || tags[node.nodeId.value].values > 5);
    const items = nodes.map((node) => ({ nodeId: node.nodeId, attributeId: AttributeIds.Value }));
    const filter = new DataChangeFilter({ trigger: DataChangeTrigger.StatusValueTimestamp });
    const group = ClientMonitoredItemGroup.create(
        subscription, items, { samplingInterval: 0, queueSize: 100, discardOldest: true, filter }, TimestampsToReturn.Both);
    await new Promise((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS);
        group.on("changed", (item, value, i) => {
            const tag = tags[nodes[i].nodeId.value];
            const time = value.sourceTimestamp ? value.sourceTimestamp.getTime() : 0;
            tag.last_status = value.statusCode.name;
            if (!time) return;
            tag.values += 1;
            tag.rising = tag.rising && time >= lastTime[i];
            lastTime[i] = time;
            seen[i].add(JSON.stringify(value.value.value));
            tag.distinct = seen[i].size;
            if (moved()) { clearTimeout(timer); resolve(); }
        });
    });
    await subscription.terminate();
}

async function main() {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "testbed-node-"));
    const clientCertificateManager = new OPCUACertificateManager({ rootFolder: path.join(home, "pki") });
    const client = OPCUAClient.create({
        clientCertificateManager, endpointMustExist: false, securityMode: MessageSecurityMode.None,
        securityPolicy: SecurityPolicy.None, connectionStrategy: { maxRetry: 0 },
    });
    try {
        await client.connect(url);
        const session = await client.createSession();
        const index = (await session.readNamespaceArray()).indexOf(namespace);
        const nodes = await variables(session, `ns=${index};s=${folder}`);
        const tags = {};
        for (const node of nodes) tags[node.nodeId.value] = await describe(session, node);
        await watch(session, nodes, tags);
        await session.close();
        await client.disconnect();
        process.stdout.write(JSON.stringify({ index, tags }) + "\n");
    } finally {
        await clientCertificateManager.dispose();
        fs.rmSync(home, { recursive: true, force: true });
    }
}

main().then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); });
