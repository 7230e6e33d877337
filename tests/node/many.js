// A foreign OPC UA server with much to browse: `node many.js PORT` serves 2,500 analog variables in one folder, other
// types beside them, and a machine with a nameplate (OPC 40001-1). It grants 10 nodes a browse, 100 a read and 40
// references an answer. It prints {port} once it listens.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { nodesets } = require("node-opcua-nodesets");
const { OPCUAServer } = require("node-opcua-server");
const { StatusCodes } = require("node-opcua-status-code");
const { DataType, Variant, VariantArrayType } = require("node-opcua-variant");

const UNECE = "http://www.opcfoundation.org/UA/units/un/cefact";
const unit = (unitId, text) => ({
    namespaceUri: UNECE, unitId, displayName: { text }, description: { text },
});
const UNITS = [unit(4408652, "°C"), unit(5066068, "mm"), unit(-1, "furlong")];

async function main() {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "testbed-node-"));
    const server = new OPCUAServer({
        port: Number(process.argv[2]), hostname: "127.0.0.1",
        serverCertificateManager: new OPCUACertificateManager({ rootFolder: path.join(home, "pki") }),
        nodeset_filename: [nodesets.standard, nodesets.di, nodesets.ia, nodesets.machinery],
        serverCapabilities: {
            operationLimits: { maxNodesPerBrowse: 10, maxNodesPerRead: 100 }, maxBrowseContinuationPoints: 20,
        },
    });
    await server.initialize();
    const addressSpace = server.engine.addressSpace;
    const space = addressSpace.getOwnNamespace();
    const objects = addressSpace.rootFolder.objects;
    const line = space.addFolder(objects, { browseName: "Line/4" });
    for (let i = 0; i < 2500; i++) {
        space.addAnalogDataItem({
            componentOf: line, browseName: `T${i}`, nodeId: `s=T${i}`, dataType: "Float",
            engineeringUnits: UNITS[i % 3], engineeringUnitsRange: { low: 0, high: 100 + i },
            minimumSamplingInterval: 500, accessLevel: i % 2 ? "CurrentRead" : "CurrentRead | CurrentWrite",
            value: new Variant({ dataType: DataType.Float, value: i }),
        });
    }
    const fast = space.addVariable({
        componentOf: line, browseName: "FAST", nodeId: "i=5000", dataType: "Int16", minimumSamplingInterval: 50,
    });
    space.addVariable({ componentOf: line, browseName: "WAVE", dataType: "Double", valueRank: 1, arrayDimensions: [3],
        value: new Variant({ dataType: DataType.Double, arrayType: VariantArrayType.Array, value: [1, 2, 3] }) });
    space.addVariable({ componentOf: line, browseName: "COIL", dataType: "String",
        value: new Variant({ dataType: DataType.String, value: "코일-17" }) });
    space.addVariable({ componentOf: line, browseName: "PICTURE", dataType: "ByteString",
        value: new Variant({ dataType: DataType.ByteString, value: Buffer.from([1]) }) });
    const machinery = addressSpace.getNamespace("http://opcfoundation.org/UA/Machinery/");
    const machine = space.addObject({
        organizedBy: machinery.findNode("i=1001"), browseName: "Leveller", typeDefinition: "BaseObjectType",
    });
    const plate = space.addObject({
        componentOf: machine, browseName: { name: "Identification", namespaceIndex: machinery.index },
    });
    for (const [name, value] of [["Manufacturer", "Acme"], ["SerialNumber", "A-7"]]) {
        space.addVariable({ propertyOf: plate, browseName: name, dataType: "String",
            value: new Variant({ dataType: DataType.String, value }) });
    }
    await server.start();
    let n = 0;
    const timer = setInterval(() => fast.setValueFromSource(
        new Variant({ dataType: DataType.Int16, value: n++ % 100 }), StatusCodes.Good, new Date()), 50);
    process.stdout.write(JSON.stringify({ port: server.endpoints[0].port }) + "\n");
    process.on("SIGTERM", async () => {
        clearInterval(timer);
        await server.shutdown(0);
        fs.rmSync(home, { recursive: true, force: true });
        process.exit(0);
    });
}

main().catch((error) => { console.error(error); process.exit(1); });
