"""The repository keeps its own rules: notebooks without outputs, one set of requirements, one way of imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(
    path for folder in ("notebooks", "exercises", "solutions") for path in (ROOT / folder).glob("*.ipynb")
)

# names that differ between PyPI and conda-forge, and what only one of the two files needs
CONDA_NAMES = {"matplotlib": "matplotlib-base"}
ONLY_CONDA = {"python", "pip"}


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def conda() -> list:
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


def test_environment_agrees_with_pyproject(project, conda):
    wanted = {*project["dependencies"], *project["optional-dependencies"]["dev"]}
    bounds = {line.name: str(line.specifier).removeprefix(">=") for line in map(Requirement, wanted)}
    wanted_by_conda = {CONDA_NAMES.get(name, name): bound for name, bound in bounds.items()}
    packages = [line for line in conda if isinstance(line, str)]
    found = dict(re.split(">=|=", line) if "=" in line else (line, "") for line in packages)
    assert {name: bound for name, bound in found.items() if name not in ONLY_CONDA} == wanted_by_conda
    assert found.keys() >= ONLY_CONDA
    assert {"pip": ["--editable ."]} in conda


def test_environment_pins_a_python_the_course_runs_on(project, conda):
    minor = next(line for line in conda if isinstance(line, str) and line.startswith("python=")).split("=")[1]
    lowest = project["requires-python"].removeprefix(">=")
    assert tuple(map(int, minor.split("."))) >= tuple(map(int, lowest.split(".")))


def test_the_packages_the_course_is_built_on_are_required(project):
    lines = {*project["dependencies"], *project["optional-dependencies"]["dev"]}
    named = {Requirement(line).name for line in lines}
    assert {"jupyterlab", "numpy", "matplotlib", "ipywidgets", "nbval"} <= named


def test_what_the_course_imports_is_required(project):
    """What comes with JupyterLab, ipywidgets or matplotlib is there; the bridge and the lab kit need more."""
    named = {Requirement(line).name for line in project["dependencies"]}
    named |= {
        "IPython",
        "traitlets",
        "tornado",
        "comm",
        "ipykernel",
        "nbformat",
        "PIL",
        "packaging",
        "course_lib",
    }
    found = set()
    for path in ROOT.glob("course_lib/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.split(".")[0])
    assert found - named - set(sys.stdlib_module_names) <= {"torch", "jax", "optax", "nbgrader"}


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_is_valid(self, path):
        nbformat.validate(nbformat.read(path, as_version=4))

    def test_stores_no_output(self, path):
        cells = json.loads(path.read_text())["cells"]
        assert not [c["id"] for c in cells if c.get("outputs") or c.get("execution_count") is not None]

    def test_metadata_names_no_machine(self, path):
        metadata = json.loads(path.read_text())["metadata"]
        assert metadata["kernelspec"]["name"] == "python3"
        assert "version" not in metadata["language_info"]

    def test_cells_fit_the_eye(self, path):
        cells = nbformat.read(path, as_version=4).cells
        long = [c["id"] for c in cells if c.cell_type == "code" and len(c.source.splitlines()) > 25]
        assert not long

    def test_cells_have_names_of_their_own(self, path):
        names = [c["id"] for c in json.loads(path.read_text())["cells"]]
        assert [name for name in names if names.count(name) > 1] == []

    def test_sections_begin_their_cells(self, path):
        """So that a link to the cell shows the heading."""
        cells = nbformat.read(path, as_version=4).cells
        assert [c.id for c in cells if c.cell_type == "markdown" and re.search(r"\n## ", c.source)] == []

    def test_links_lead_somewhere(self, path):
        """Those to a section name its cell: that is the address which JupyterLab finds whatever the heading is."""
        broken = []
        for words, link in re.findall(r"\[([^\]]*)\]\(([^)\s<]+)", text_of(path)):
            file, _, place = link.partition("#")
            target = path.parent / file if file else path
            if "://" in link or (target.exists() and not place):
                continue
            section = re.search(r"section (\d+)|(appendix(?: [A-Z])?)", words)
            part = f"{section[1] or section[2].replace('appendix', 'Appendix')} · " if section else ""
            if not (target.exists() and texts_of(target).get(place, "").startswith(f"## {part}")):
                broken.append((words, link))
        assert broken == []


def text_of(path: Path) -> str:
    """All text of a notebook."""
    return "\n".join(texts_of(path).values())


def texts_of(path: Path) -> dict[str, str]:
    """The texts of a notebook, each with the address of its cell."""
    cells = nbformat.read(path, as_version=4).cells
    return {f"cell-id={c.id}": c.source for c in cells if c.cell_type == "markdown"}


def test_first_lesson_maps_all_that_exist():
    text = (ROOT / "notebooks/00_start_here.ipynb").read_text()
    lessons = [path.name for path in (ROOT / "notebooks").glob("*.ipynb") if not path.name.startswith("00")]
    assert lessons and not [name for name in lessons if f"]({name})" not in text]


def test_every_section_that_is_named_exists():
    """ "lesson 04, section 3", in a text, a check or a docstring, and "section 3" in a lesson itself."""
    lessons = {path.name[:2]: text_of(path) for path in (ROOT / "notebooks").glob("*.ipynb")}
    texts = {path: text_of(path) for path in NOTEBOOKS}
    texts |= {path: path.read_text() for path in [*ROOT.glob("course_lib/**/*.py"), *ROOT.glob("docs/*.md")]}
    named = [
        (path.name, lesson, number)
        for path, text in texts.items()
        for lesson, numbers in re.findall(r"[Ll]esson (\d\d), sections? ((?:\d+(?:, | and | to )?)+)", text)
        for number in re.findall(r"\d+", numbers)
    ] + [
        (path.name, path.name[:2], number)
        for path, text in texts.items()
        if path.parent.name == "notebooks"
        for number in re.findall(r"(?<!\d\d, )\b[Ss]ection (\d+)\b(?! of (?:\[|the |their |his ))", text)
    ]
    assert len(named) > 100
    assert [
        reference
        for reference in named
        if reference[1] in lessons
        and not re.search(rf"^## {reference[2]} · ", lessons[reference[1]], re.MULTILINE)
    ] == []


def test_import_loads_neither_widgets_nor_matplotlib():
    code = (
        "import sys, course_lib, course_lib.optimizers, course_lib.surfaces, course_lib.running, course_lib.problems;"
        "print([m for m in ('matplotlib', 'ipywidgets', 'anywidget', 'sklearn', 'tqdm') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_arrows_point_one_way():
    """Optimizers, surfaces and problems know nothing of each other, and nothing below live of widgets."""
    forbidden = {
        "optimizers": r"surfaces|problems|running|live|plotting",
        "surfaces": r"optimizers|problems|running|live|plotting",
        "problems": r"optimizers|surfaces|running|live|plotting",
        "running": r"live|plotting|checks",
    }
    for package, others in forbidden.items():
        for path in (ROOT / "course_lib" / package).rglob("*.py"):
            code = re.sub(r">>>.*", "", path.read_text())
            assert not re.findall(
                rf"^\s*from \.+({others})\b|^\s*from course_lib\.({others})\b", code, re.M
            ), path


def imported_files(path: Path) -> set[Path]:
    """Return the files of the course that a file imports, those for the type checker and inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for at in (folder, *(folder / alias.name for alias in node.names)):
                found |= {file for file in (at.with_suffix(".py"), at / "__init__.py") if file.is_file()}
    return found - {path}


def test_no_files_import_each_other_in_a_circle():
    files = {path: imported_files(path) for path in (ROOT / "course_lib").rglob("*.py")}
    room = {
        path: {other for other in others if other != path.parent / "__init__.py"}
        for path, others in files.items()
    }
    assert sum(map(len, room.values())) > 100
    TopologicalSorter(room).prepare()  # names the circle, if there is one


def test_the_block_of_live_figures_knows_no_explorer_and_no_optimizer_rule():
    for path in (ROOT / "course_lib" / "live" / "block").glob("*.py"):
        named = {other.relative_to(ROOT / "course_lib").as_posix() for other in imported_files(path)}
        assert not [
            name for name in named if name.startswith(("live/explorers", "surfaces", "problems", "running"))
        ]
        assert [name for name in named if name.startswith("optimizers")] in (
            [],
            ["optimizers/hyper.py"],
            ["optimizers/__init__.py", "optimizers/hyper.py"],
        ), path
