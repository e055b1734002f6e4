"""Make the repository that a class pulls: the lessons and exercises, and nothing else.

Run as ``python -m publish.student FOLDER``. A later run brings the changes of the course into the same folder, as one
commit more; whoever pulls them keeps what they wrote.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("notebooks", "exercises")
LICENCES = ("LICENSE", "LICENSE-text")
TITLE = "# Optimization algorithms: lessons and exercises"
README = f"""{TITLE}

Begin with `notebooks/00_start_here.ipynb`. Each lesson names its exercise in `exercises/`.

The notebooks need the Python package `course-lib`. On your class's server it is installed already.

When the course changes, your copy is brought up to date the next time you log in. What you wrote stays.
A file that you deleted comes back as new.

Text and figures: CC BY 4.0 (`LICENSE-text`). Code: MIT (`LICENSE`).
"""
IGNORED = ".ipynb_checkpoints/\n.course_progress.json\n"


def make(folder: Path, *, course: Path = ROOT) -> bool:
    """Write the lessons and exercises into a git repository, and commit what has changed.

    Args:
        folder: where the repository is made. New, empty, or made by an earlier run.
        course: the folder of the course.

    Returns:
        Whether anything has changed since the last run.

    Raises:
        ValueError: if the folder holds anything else; nothing in it is touched then.
    """
    ours = (folder / ".git").is_dir() and (folder / "README.md").is_file()
    ours = ours and (folder / "README.md").read_text("utf-8").startswith(TITLE)
    if folder.exists() and not ours and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(
            f"folder is {str(folder)!r}, which holds other things. "
            "Give a new or empty folder, or one that was made by this."
        )
    folder.mkdir(parents=True, exist_ok=True)
    if not ours:
        _git(folder, "init", "--quiet", "--initial-branch=main")
    for name in FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
        for notebook in sorted((course / name).glob("*.ipynb")):
            shutil.copyfile(notebook, folder / name / notebook.name)
    for name in LICENCES:
        shutil.copyfile(course / name, folder / name)
    (folder / "README.md").write_text(README, "utf-8")
    (folder / ".gitignore").write_text(IGNORED, "utf-8")
    _git(folder, "add", "--all")
    if not _git(folder, "status", "--porcelain"):
        return False
    # no one's name is asked for: whoever set an identity of their own keeps it
    who = [] if _git(folder, "config", "--default=", "user.email") else _NOBODY
    _git(
        folder, *who, "commit", "--quiet", "--message", "The course" if not ours else "Changes of the course"
    )
    return True


_NOBODY = ["-c", "user.name=The course", "-c", "user.email=course@localhost"]


def _git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it says."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise RuntimeError("git is not installed: the repository of a class needs it.") from None
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"git {arguments[0]} failed in {folder}: {error.stderr.strip()}") from None
    return done.stdout.strip()


def main(arguments: list[str] | None = None) -> None:
    """Make the repository named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m publish.student", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where: new, empty, or made by an earlier run")
    folder = parser.parse_args(arguments).folder
    try:
        changed = make(folder)
    except (ValueError, RuntimeError) as error:
        parser.error(str(error))
    count = sum(1 for name in FOLDERS for _ in (folder / name).glob("*.ipynb"))
    print(f"{folder}: {count} notebooks, {'committed' if changed else 'nothing has changed'}")


if __name__ == "__main__":
    main()
