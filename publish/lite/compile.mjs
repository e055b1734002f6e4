// Compile a folder of packages by Pyodide's own Python: node compile.mjs PYODIDE FOLDER
// The byte code does not look at its source's time, which unpacking changes; the sources stay for inspect.getsource.
const [pyodide, folder] = process.argv.slice(2);
const { loadPyodide } = await import(`${pyodide}/pyodide.mjs`);
const python = await loadPyodide({ indexURL: `${pyodide}/` });
python.FS.mkdir("/packages");
python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, "/packages");
python.runPython(`
import compileall, py_compile
from pathlib import Path

for package in Path("/packages").iterdir():
    compileall.compile_dir(package, quiet=2, force=True, stripdir=package, prependdir="/lib/site-packages",
                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
`);
