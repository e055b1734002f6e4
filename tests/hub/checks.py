"""What must hold on a hub with students: they are kept apart, limits hold, and an update keeps what they wrote.

Each check returns what is wrong, or nothing.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

import requests

from publish import student as class_repository

from .student import Student

EXERCISE = "exercises/04_momentum.ipynb"


def login(students: list[Student], password: str) -> str:
    """The account's password lets in, another one does not."""
    hub, name = students[0].hub, students[0].name
    for word, expected in ((password, True), (password[::-1], False)):
        with requests.Session() as browser:
            page = browser.get(f"{hub.address}/hub/login", timeout=30)
            found = re.search(r'name="_xsrf"\s+value="([^"]+)"', page.text)
            form = {"username": name, "password": word, "_xsrf": found[1] if found else ""}
            browser.post(f"{hub.address}/hub/login", data=form, timeout=60)
            entered = browser.get(f"{hub.address}/hub/home", timeout=60).url.endswith("/hub/home")
        if entered is not expected:
            return f"{'a wrong' if not expected else 'the right'} password and {entered = }"
    return ""


def apart(students: list[Student], password: str) -> str:
    """Nobody reads, changes or stops what is another's, the hub's or the course's."""
    one, other = students[0], students[1]
    victim = f"/home/{other.name}/course/README.md"
    tries = {
        "read another's work": f"open({victim!r}).read()",
        "change another's work": f"open({victim!r}, 'a').write('x')",
        "list another's home": f"__import__('os').listdir('/home/{other.name}')",
        "read the hub's database": f"open({str(one.hub.repository.parent / 'hub' / 'hub.sqlite')!r}, 'rb').read()",
        "change the course": "open(__import__('course_lib').__file__, 'a')",
        "change the class's repository": f"open({str(one.hub.repository / 'README.md')!r}, 'a')",
        "stop another's kernel": f"__import__('os').kill({_a_process(other)}, 15)",
    }
    for what, code in tries.items():
        error = one.kernel.run(code)
        if not (error or "").startswith("PermissionError"):
            return f"a student could {what} ({error})"
    address = f"{other.address}/api/contents/course/README.md"
    ask = (
        "import os, requests; headers = {'Authorization': 'token ' + os.environ['JUPYTERHUB_API_TOKEN']};"
        f"print(requests.get({address!r}, headers=headers).status_code)"
    )
    error = one.kernel.run(ask)
    return (
        ""
        if one.kernel.output.strip() == "403"
        else f"another's server answered {one.kernel.output!r} {error or ''}"
    )


def _a_process(student: Student) -> int:
    """Return the number of the student's kernel."""
    student.kernel.run("print(__import__('os').getpid())")
    return int(student.kernel.output)


def installed(students: list[Student], password: str) -> str:
    """The course comes from the hub's own environment, and the news are off."""
    kernel = students[0].kernel
    kernel.run("import course_lib; print(course_lib.__file__)")
    if "site-packages" not in kernel.output:
        return f"course_lib is {kernel.output.strip()}"
    settings = requests.get(
        f"{students[0].address}/lab/api/settings/@jupyterlab/apputils-extension:notification",
        headers=students[0].hub.headers,
        timeout=60,
    ).json()
    news = settings["schema"]["properties"]["fetchNews"]["default"]
    return "" if news == "false" else f"fetchNews is {news!r}"


def limited(students: list[Student], password: str) -> str:
    """Who asks for too much memory gets a MemoryError, and goes on working."""
    kernel = students[0].kernel
    error = kernel.run("bytearray(3_000_000_000)")
    if not (error or "").startswith("MemoryError"):
        return f"3 GB were given: {error}"
    error = kernel.run("print(6 * 7)")
    return "" if kernel.output.strip() == "42" else f"the kernel is gone: {error}"


def updated(students: list[Student], password: str) -> str:
    """The course changes in mid-term: what a student wrote stays, the rest comes."""
    student = students[0]
    notebook = student.contents(EXERCISE)["content"]
    at = next(number for number, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code")
    notebook["cells"][at]["source"] += "\n# mine"
    student.save(EXERCISE, notebook)
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        for name in class_repository.FOLDERS:
            shutil.copytree(class_repository.ROOT / name, course / name)
        for name in class_repository.LICENCES:
            shutil.copyfile(class_repository.ROOT / name, course / name)
        theirs = json.loads((course / EXERCISE).read_text("utf-8"))
        theirs["cells"][at]["source"][-1] += "\n# theirs"
        theirs["cells"][-1]["source"] = ["A better last word."]
        (course / EXERCISE).write_text(json.dumps(theirs, indent=1, ensure_ascii=False) + "\n", "utf-8")
        (course / "exercises" / "99_new.ipynb").write_text(json.dumps(theirs), "utf-8")
        class_repository.make(student.hub.repository, course=course)
    student.pull()
    cells = student.contents(EXERCISE)["content"]["cells"]  # raises if it is no notebook any more
    if "# mine" not in cells[at]["source"] or "# theirs" in cells[at]["source"]:
        return f"the student's cell is now {cells[at]['source'][-200:]!r}"
    if cells[-1]["source"] != "A better last word.":
        return "another cell's correction has not come"
    return (
        "" if student.contents("exercises/99_new.ipynb")["type"] == "notebook" else "the new file is missing"
    )


CHECKS = {
    "the account's password lets in, another one does not": login,
    "students are kept apart": apart,
    "the course is the hub's, read-only; no news": installed,
    "memory is limited": limited,
    "an update keeps what a student wrote": updated,
}
