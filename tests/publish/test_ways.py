"""What the pages on ways and hubs name exists; workflows, dev container and Kubernetes values are what they must be."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from publish.address import ROOT
from publish.lite.__main__ import main as builder

PAGES = [ROOT / "docs" / "ways.md", ROOT / "docs" / "hub.md"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def made(text: str) -> set[str]:
    """Return the targets of `make` that a text calls."""
    calls = re.findall(r"(?:`|^ *|run: )make((?: [a-z][a-z-]*)+)", text, re.MULTILINE)
    return {target for call in calls for target in call.split()}


def modules(text: str) -> set[str]:
    return set(re.findall(r"python3? -m ((?:publish|course_lib|tests)[\w.]*)", text))


@pytest.mark.parametrize("path", [*PAGES, ROOT / ".github/workflows/pages.yml"], ids=lambda path: path.name)
def test_every_command_named_exists(path):
    text = path.read_text("utf-8")
    assert made(text) | modules(text), f"{path.name} names no command at all"
    assert made(text) <= TARGETS
    for module in modules(text):
        place = ROOT.joinpath(*module.split("."))
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), module


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_file_and_heading_named_exists(path):
    text = path.read_text("utf-8")
    for name in re.findall(r"`((?:\.github|\.devcontainer|docs|publish|notebooks|jupyter)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
    for file, heading in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)(#[^)\s]+)?\)", text):
        target = path.parent / file if file else path
        assert target.is_file(), file
        titles = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
        anchors = {"#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
        assert not heading or heading in anchors, heading


def test_the_settings_that_the_hub_page_names_are_those_of_the_configuration():
    page = (ROOT / "docs" / "hub.md").read_text("utf-8")
    configuration = (ROOT / "publish" / "hub" / "jupyterhub_config.py").read_text("utf-8")
    read = set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"', configuration))
    assert read == set(re.findall(r"^([A-Z]+_[A-Z]+) ", configuration, re.MULTILINE))
    assert set(re.findall(r"\b((?:HUB|COURSE|CLASS)_[A-Z]+)\b", page)) <= read


# -- workflows -------------------------------------------------------------------------------------


def jobs(path: Path) -> dict:
    return yaml.safe_load(path.read_text("utf-8"))["jobs"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_few_rights_no_secret_and_pinned_actions(path):
    text, whole = path.read_text("utf-8"), yaml.safe_load(path.read_text("utf-8"))
    assert "secrets." not in text and "pull_request_target" not in text
    assert whole["permissions"] in ({}, {"contents": "read"})
    for job in whole["jobs"].values():
        assert job["timeout-minutes"] <= 90 and re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"])
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/x@v1"))
            if step.get("uses", "").startswith("actions/checkout") and "permissions" not in job:
                assert step["with"]["persist-credentials"] is False
            assert "${{" not in step.get("run", ""), "what comes from outside must not be pasted into a shell"


def test_only_the_steps_that_publish_may_write():
    rights = {name: job["permissions"] for name, job in jobs(ROOT / ".github/workflows/pages.yml").items()}
    assert rights == {
        "build": {"contents": "read"},
        "pages": {"pages": "write", "id-token": "write"},
        "colab": {"contents": "write"},
    }


def test_jobs_wait_for_what_they_need_and_take_what_was_kept():
    found = jobs(ROOT / ".github/workflows/pages.yml")
    kept = {
        step["with"]["name"]
        for step in found["build"]["steps"]
        if step.get("uses", "").startswith("actions/upload-artifact@")
    }
    taken = {
        step["with"]["name"]
        for step in found["colab"]["steps"]
        if step.get("uses", "").startswith("actions/download-artifact@")
    }
    assert kept == taken == {"colab"}
    assert found["pages"]["needs"] == "build" and found["colab"]["needs"] == "pages"


def test_the_workflow_reads_what_the_builder_of_jupyterlite_says(tmp_path, monkeypatch, capfd):
    """The first build names the packages that it lacks; the workflow fetches them and builds again."""
    steps = [step.get("run", "") for step in jobs(ROOT / ".github/workflows/pages.yml")["build"]["steps"]]
    first, second = (i for i, step in enumerate(steps) if "make lite" in step)
    assert steps.index("make site") < first, "the site puts its page for a missing JupyterLite there"
    assert 'make lite BINARIES="$RUNNER_TEMP/binaries"' in steps[second]
    assert "$(if $(BINARIES),--binaries $(BINARIES))" in (ROOT / "Makefile").read_text("utf-8")

    away = [f"https://host.test/v1/{name}-1-cp314-cp314-wasm32.whl" for name in ("numpy", "pillow")]
    made = {"packages": ["numpy", "pillow", "six"], "megabytes": 54.2, "elsewhere": away}
    monkeypatch.setattr("publish.lite.__main__.build", lambda *about: made)
    builder(["--binaries", str(tmp_path)])
    said = capfd.readouterr().out
    (program,) = re.findall(r"sed -n '([^']+)'", steps[second])
    found = subprocess.run(["sed", "-n", program], input=said, capture_output=True, text=True, check=True)
    assert found.stdout.split() == away
    (refused,) = re.findall(r"grep '([^']+)'", steps[second])
    assert said.count(refused) == len(away)


def test_what_is_tested_in_public_is_what_is_tested_here():
    steps = jobs(ROOT / ".github/workflows/ci.yml")["everything"]["steps"]
    assert steps[-1] == {"run": ".ci/run"} and (ROOT / ".ci/run").stat().st_mode & 0o111


# -- containers ------------------------------------------------------------------------------------


def test_the_dev_container_is_set_up_as_everyone_else_is():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    known = {
        "name",
        "image",
        "hostRequirements",
        "postCreateCommand",
        "forwardPorts",
        "portsAttributes",
        "customizations",
    }
    assert container.keys() <= known
    assert container["postCreateCommand"] == "make .venv/.ready"
    assert re.search(r"^\$\(VENV\)/\.ready:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    minor = re.search(r"3\.(\d+)$", container["image"])
    assert minor and int(minor[1]) >= 11
    assert [str(port) for port in container["forwardPorts"]] == list(container["portsAttributes"])
    assert (ROOT / container["customizations"]["codespaces"]["openFiles"][1]).is_file()


def test_the_values_for_kubernetes_open_the_first_lesson_and_have_the_courses_settings():
    values = yaml.safe_load((ROOT / "publish/hub/values.yaml").read_text("utf-8"))
    single = values["singleuser"]
    assert single["defaultUrl"].endswith("urlpath=lab/tree/course/notebooks/00_start_here.ipynb")
    settings = json.loads((ROOT / "jupyter/labconfig/default_setting_overrides.json").read_text("utf-8"))
    assert single["extraFiles"]["settings"]["data"] == settings


def test_binders_files_do_not_contradict_each_other():
    """repo2docker takes binder/, .binder/ or Dockerfile before environment.yml; there must be none of them."""
    assert not [name for name in ("binder", ".binder", "Dockerfile", "postBuild") if (ROOT / name).exists()]
    assert {"pip": ["--editable ."]} in yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))[
        "dependencies"
    ]
