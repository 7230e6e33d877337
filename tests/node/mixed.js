// A foreign OPC UA server of every type: `node mixed.js PORT HOME [secure]` serves numbers of all kinds, flags, texts,
// byte strings, times, arrays and a matrix under ns=1;s=NAME, with Good, Uncertain and Bad in turn, some values without
// a source time. It prints {certificate, names} once it listens. With `secure` it signs and encrypts.
"use strict";
const fs = require("fs");
const path = require("path");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { MessageSecurityMode, SecurityPolicy } = require("node-opcua-client");
const { nodesets } = require("node-opcua-nodesets");
const { OPCUAServer } = require("node-opcua-server");
const { StatusCodes } = require("node-opcua-status-code");
const { DataType, Variant, VariantArrayType } = require("node-opcua-variant");

const [port, home, wish] = process.argv.slice(2);
const STATUSES = [StatusCodes.Good, StatusCodes.Good, StatusCodes.Good, StatusCodes.UncertainLastUsableValue,
    StatusCodes.BadSensorFailure];
const SCALARS = {
    Boolean: (n) => n % 2 === 1, SByte: (n) => (n % 200) - 100, Byte: (n) => n % 256, Int16: (n) => -(n % 30000),
    UInt16: (n) => n % 60000, Int32: (n) => -n * 1000, UInt32: (n) => n * 1000, Int64: (n) => [0, n],
    UInt64: (n) => [1, n], Float: (n) => n / 7, Double: (n) => (n % 5 ? n / 3 : NaN), String: (n) => `코일-${n}`,
    ByteString: (n) => Buffer.from([n % 256, 0, 255]), DateTime: (n) => new Date(1767571200000 + 1000 * n),
    LocalizedText: (n) => ({ text: `grade ${n}`, locale: "en" }),
};
const ARRAYS = {
    Double: (n) => new Float64Array(8).fill(n), Float: (n) => new Float32Array(8).fill(n),
    Int16: (n) => new Int16Array(n % 4).fill(-n % 1000), String: (n) => ["a", `${n}`],
};

async function served() {
    const manager = new OPCUACertificateManager({ rootFolder: path.join(home, "pki"), name: "pki" });
    await manager.initialize();
    const certificate = path.join(home, "certificate.pem");
    if (!fs.existsSync(certificate)) {
        await manager.createSelfSignedCertificate({
            applicationUri: "urn:localhost:mixed", dns: ["localhost"], ip: ["127.0.0.1"], outputFile: certificate,
            subject: "/CN=mixed", startDate: new Date(Date.now() - 3600000), validity: 30,
        });
    }
    const isSecure = wish === "secure";
    const server = new OPCUAServer({
        port: Number(port), host: "127.0.0.1", hostname: "127.0.0.1", serverCertificateManager: manager,
        certificateFile: certificate, privateKeyFile: manager.privateKey, nodeset_filename: [nodesets.standard],
        serverInfo: { applicationUri: "urn:localhost:mixed" }, serverCapabilities: { minSupportedSampleRate: 0 },
        securityPolicies: [isSecure ? SecurityPolicy.Basic256Sha256 : SecurityPolicy.None],
        securityModes: [isSecure ? MessageSecurityMode.SignAndEncrypt : MessageSecurityMode.None],
    });
    await server.initialize();
    return { server, certificate };
}

async function main() {
    const { server, certificate } = await served();
    const space = server.engine.addressSpace.getOwnNamespace();
    const folder = space.addFolder(server.engine.addressSpace.rootFolder.objects, { browseName: "Mixed" });
    const writers = [];
    const add = (name, dataType, value, more) => {
        const node = space.addVariable({
            componentOf: folder, browseName: name, nodeId: `s=${name}`, dataType, minimumSamplingInterval: 0, ...more,
        });
        writers.push((n, status) => node.setValueFromSource(value(n), status, n % 11 ? new Date() : undefined));
    };
    for (const [kind, of] of Object.entries(SCALARS)) {
        for (const i of [0, 1, 2]) {
            add(`${kind}${i}`, kind, (n) => new Variant({
                dataType: DataType[kind], arrayType: VariantArrayType.Scalar, value: of(n + i),
            }), {});
        }
    }
    for (const [kind, of] of Object.entries(ARRAYS)) {
        add(`${kind}s`, kind, (n) => new Variant({
            dataType: DataType[kind], arrayType: VariantArrayType.Array, value: of(n),
        }), { valueRank: 1, arrayDimensions: [0] });
    }
    add("Matrix", "Double", (n) => new Variant({
        dataType: DataType.Double, arrayType: VariantArrayType.Matrix, dimensions: [2, 2],
        value: new Float64Array([n, 1, 2, 3]),
    }), { valueRank: 2, arrayDimensions: [2, 2] });
    await server.start();
    let n = 0;
    const timer = setInterval(() => {
        n += 1;
        writers.forEach((write, i) => write(n, STATUSES[(n + i) % STATUSES.length]));
    }, 20);
    const names = [...Object.keys(SCALARS).flatMap((kind) => [0, 1, 2].map((i) => `${kind}${i}`)),
        ...Object.keys(ARRAYS).map((kind) => `${kind}s`), "Matrix"];
    process.stdout.write(JSON.stringify({ certificate, names }) + "\n");
    process.on("SIGTERM", async () => {
        clearInterval(timer);
        await server.shutdown(0);
        process.exit(0);
    });
}

main().catch((error) => { console.error(error); process.exit(1); });
