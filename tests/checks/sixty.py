"""A class of sixty as it comes from a learning platform: every layout, every oddity, honest work and mischief."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.checks.exercises import find_task

from .test_grade import solved, submitted

NAME = "08_adam"
EXERCISE, TASK = find_task("adam_step")
EASY = [task for task in EXERCISE.tasks if task is not TASK][:-1]
FIRST, LAST = (
    ["Ada", "Bela", "Carl", "Dora", "Émile", "Fatma", "Gustav", "Hülya", "İpek", "Jürgen"],
    ["Okafor", "Nguyễn", "O'Brien", "Meyer-Lévi", "Çelik", "Zhang"],
)
MISTAKES = [mistake for mistake in TASK.wrong if not mistake.same_as][:4]


@dataclass(frozen=True)
class Expected:
    """What a student must get: points, the name of the mistake in adam_step, and a word of the remark."""

    points: float
    mistake: str = ""
    remark: str = ""


def body(mistake) -> str:
    """The answer with a known mistake, as the student writes it."""
    text = solved(NAME)["adam_step"]
    for old, new in mistake.change.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def works() -> Iterator[tuple[str, bytes, Expected]]:
    """Yield sixty times what a student hands in: its kind, the file's bytes, and what it must get."""
    right = solved(NAME)
    easy = {task.name: right[task.name] for task in EASY}
    some = sum(task.points for task in EASY)
    kinds: dict[str, tuple[dict[str, str], Expected]] = {"right": (right, Expected(12))}
    kinds["empty"] = {}, Expected(0, "not attempted")
    kinds["half"] = easy, Expected(some, "not attempted")
    for mistake in MISTAKES:
        kinds[mistake.name] = {**easy, "adam_step": body(mistake)}, Expected(some, mistake.name)
    kinds["error"] = (
        {**easy, "adam_step": "    return x - lr * nothing\n"},
        Expected(some, "your code raised an error"),
    )
    kinds["exit"] = (
        {**easy, "adam_step": "    import os\n    os._exit(0)\n"},
        Expected(some, "your code raised an error", "uses _exit, os"),
    )
    kinds["patched"] = (
        {
            **easy,
            "adam_step": "    np.allclose = np.array_equal = lambda *a, **k: True\n    return x, state\n",
        },
        Expected(some, None),
    )
    order = ["right"] * 3 + ["half", "empty"] + [m.name for m in MISTAKES] + ["error", "exit", "patched"]
    for number in range(60):
        kind = order[number % len(order)]
        answers, expected = kinds[kind]
        with tempfile.TemporaryDirectory() as folder:
            yield kind, submitted(Path(folder), "x", answers, NAME).read_bytes(), expected


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as members:
        members.writestr(name, data)
    return out.getvalue()


def handed_in(number: int, name: str, kind: str, data: bytes) -> dict[str, bytes]:
    """Return the files of a student, by their path in the download, as one of twelve layouts has them."""
    joined = "".join(c for c in name.lower() if c.isalnum())
    layouts = [
        {f"{name}_{1000 + number}_assignsubmission_file_/08_adam.ipynb": data},
        {f"{name}_{1000 + number}_assignsubmission_file_/exercises_08_adam (1).ipynb": data},
        {f"{name}_{1000 + number}_assignsubmission_file_/work.zip": zipped("lab/08_adam.ipynb", data)},
        {f"{name}_{1000 + number}_assignsubmission_file_08_adam.ipynb": data},
        {f"{joined}_{2000 + number}_{90000 + number}_08_adam-1.ipynb": data},
        {f"{joined}_LATE_{2000 + number}_{90000 + number}_final.ipynb": data},
        {f"submitted/{number:05}/08_adam/08_adam-Copy1.ipynb": data},
        {f"submitted/{number:05}/08_adam/my work.ipynb": data},
        {f"{name}/08_adam.IPYNB": data, f"{name}/.ipynb_checkpoints/08_adam-checkpoint.ipynb": b"{"},
        {f"{number:05}_08_adam (2).ipynb": data, f"__MACOSX/._{number:05}_08_adam (2).ipynb": b"\0"},
        {f"08_adam_{number:05}.ipynb": b"\xef\xbb\xbf" + data},
        {f"{name.replace('ü', 'u' + chr(0x308))}/Copy of 08_adam.ipynb": data},
    ]
    return layouts[number * 7 % 12]


def write(folder: Path) -> dict[str, Expected]:
    """Write ``downloads.zip`` and ``class.csv``, and return by number what each student must get.

    Two of the list have handed in nothing, one who is not in it has; one has handed in twice, one no notebook.
    """
    lines, wanted, files = ["Matrikelnummer;Vorname;Nachname;E-Mail"], {}, {}
    for number, (kind, data, expected) in enumerate(works()):
        first, last = FIRST[number % 10], LAST[number // 10]
        lines.append(f"{number:05};{first};{last};s{number}@x.example")
        files |= handed_in(number, f"{first} {last}", kind, data)
        wanted[f"{number:05}"] = expected
    empty = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    files |= {"mallory_08_adam.ipynb": empty, "00060_08_adam.ipynb": b"{", "Quentin Late/all.rar": b"Rar!"}
    lines += ["00060;Broken;Json;", "00061;Quentin;Late;", "00062;Nobody;Here;"]
    wanted["00060"] = Expected(0, "", "cannot be read")
    (folder / "class.csv").write_text("\ufeff" + "\r\n".join(lines) + "\r\n", "utf-8")
    with zipfile.ZipFile(folder / "downloads.zip", "w") as members:
        for path, data in files.items():
            members.writestr(path, data)
    return wanted
