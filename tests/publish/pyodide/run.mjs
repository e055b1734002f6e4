// node run.mjs PYODIDE WHEELS ROOT FILE…: start Pyodide, unpack the wheels, copy some files of this folder,
// call work() of the last one. What it returns is the last line of the output, as JSON.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const PACKAGES = ["numpy", "matplotlib", "ipython", "joblib", "threadpoolctl"];
const HOME = "/home/pyodide"; // where Python starts, and looks for modules

async function run(pyodide, wheels, root, ...files) {
  const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
  const python = await loadPyodide({ indexURL: pyodide, stdout: () => {}, stderr: (line) => console.error(line) });
  await python.loadPackage(PACKAGES, { messageCallback: () => {} });
  const extractDir = python.runPython("import sysconfig; sysconfig.get_path('purelib')");
  for (const name of readdirSync(wheels).filter((name) => name.endsWith(".whl"))) {
    python.unpackArchive(new Uint8Array(readFileSync(join(wheels, name))), "wheel", { extractDir });
  }
  for (const file of files) {
    const copy = join(HOME, file);
    python.FS.mkdirTree(dirname(copy));
    python.FS.writeFile(copy, readFileSync(join(root, file), "utf-8"));
  }
  const module = files.at(-1).replace(/\.py$/, "").replaceAll("/", ".");
  return python.runPython(`import json; from ${module} import work; json.dumps(work())`);
}

try {
  console.log(await run(...process.argv.slice(2)));
} catch (error) {
  console.error(error.message ?? error); // Python's own words; the rest would be pages of Pyodide's source
  process.exit(1);
}
