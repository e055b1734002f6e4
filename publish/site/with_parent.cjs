// Loaded into KaTeX's server before it starts: it ends when the program that began it does, in whatever way.
process.stdin.on("end", () => process.exit()).resume();
