// A foreign OPC UA server or client with security, on a certificate store of its own that accepts nobody by itself.
//   node secured.js server HOME PORT [expired]   serves Objects/Drive/SPEED on both policies, users kim/kim-secret; it
//                                      prints {port, certificate} once it listens; its certificate may have expired
//   node secured.js client HOME URL POLICY,MODE[,USER,PASSWORD]...   prints {value} or {error} for each attempt
//   node secured.js certificate HOME   makes the store and prints {certificate}
// HOME/pki/trusted/certs is whom it trusts: a file is put there by hand, as an administrator would.
"use strict";
const path = require("path");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const {
    AttributeIds, DataType, MessageSecurityMode, OPCUAClient, SecurityPolicy, UserTokenType,
} = require("node-opcua-client");

const [role, home, ...rest] = process.argv.slice(2);
const SECURED = [SecurityPolicy.Basic256Sha256, SecurityPolicy.Aes256_Sha256_RsaPss];
const MODES = [MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt];
const URI = "urn:localhost:foreign";

async function store() {
    const manager = new OPCUACertificateManager({ rootFolder: path.join(home, "pki"), name: "pki" });
    await manager.initialize();
    const certificate = path.join(home, "certificate.pem");
    const fs = require("fs");
    if (!fs.existsSync(certificate)) {
        await manager.createSelfSignedCertificate({
            applicationUri: URI, dns: ["localhost"], ip: ["127.0.0.1"], outputFile: certificate, subject: "/CN=foreign",
            startDate: new Date(Date.now() - (rest.includes("expired") ? 60 : 0.1) * 86400000), validity: 30,
        });
    }
    return { manager, certificate };
}

async function server(port) {
    const { OPCUAServer } = require("node-opcua-server");
    const { nodesets } = require("node-opcua-nodesets");
    const { StatusCodes } = require("node-opcua-status-code");
    const { Variant } = require("node-opcua-variant");
    const { manager, certificate } = await store();
    const it = new OPCUAServer({
        port: Number(port), hostname: "127.0.0.1", serverCertificateManager: manager, userCertificateManager: manager,
        certificateFile: certificate, privateKeyFile: manager.privateKey, nodeset_filename: [nodesets.standard],
        serverInfo: { applicationUri: URI }, securityPolicies: SECURED, securityModes: MODES, allowAnonymous: false,
        userManager: { isValidUser: (user, password) => user === "kim" && password === "kim-secret" },
    });
    await it.initialize();
    const space = it.engine.addressSpace.getOwnNamespace();
    const drive = space.addObject({ organizedBy: it.engine.addressSpace.rootFolder.objects, browseName: "Drive" });
    const speed = space.addVariable({ componentOf: drive, browseName: "SPEED", nodeId: "s=SPEED", dataType: "Double" });
    await it.start();
    let n = 0;
    const timer = setInterval(() => speed.setValueFromSource(
        new Variant({ dataType: DataType.Double, value: 900 + (n++ % 10) }), StatusCodes.Good, new Date()), 100);
    process.stdout.write(JSON.stringify({ port: it.endpoints[0].port, certificate }) + "\n");
    process.on("SIGTERM", async () => { clearInterval(timer); await it.shutdown(0); process.exit(0); });
}

async function client(url, ...attempts) {
    const { manager, certificate } = await store();
    for (const attempt of attempts) await enter(manager, certificate, url, ...attempt.split(","));
    await manager.dispose();
}

async function enter(manager, certificate, url, policy, mode, user, password) {
    const it = OPCUAClient.create({
        applicationName: "foreign", applicationUri: URI, clientCertificateManager: manager, certificateFile: certificate,
        privateKeyFile: manager.privateKey, securityPolicy: SecurityPolicy[policy], securityMode: MessageSecurityMode[mode],
        endpointMustExist: false, connectionStrategy: { maxRetry: 0 },
    });
    const identity = user
        ? { type: UserTokenType.UserName, userName: user, password } : { type: UserTokenType.Anonymous };
    try {
        await it.connect(url);
        const session = await it.createSession(identity);
        const value = await session.read({ nodeId: "i=2259", attributeId: AttributeIds.Value });
        await session.close();
        process.stdout.write(JSON.stringify({ value: value.value.value }) + "\n");
    } catch (error) {
        process.stdout.write(JSON.stringify({ error: String(error.message).split("\n")[0] }) + "\n");
    }
    await it.disconnect();
}

const work = {
    server, client,
    certificate: async () => {
        const { manager, certificate } = await store();
        process.stdout.write(JSON.stringify({ certificate }) + "\n");
        await manager.dispose();
    },
}[role];
work(...rest).then(() => role === "server" || process.exit(0), (error) => { console.error(error); process.exit(1); });
