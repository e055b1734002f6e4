// Loaded into KaTeX's server before it starts: it ends when the program that began it does, in whatever way.
process.stdin.on("end", () => process.exit()).resume();

// Length and text of an answer are two packets; without this the second waits 40 ms for word of the first.
const net = require("net");
const create = net.createServer;
net.createServer = () => create({ noDelay: true });
