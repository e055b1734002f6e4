"""The hub's settings, read without a hub; what they do is tried by `make test-hub`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from traitlets.config import Config

from publish.address import ROOT

FILE = str(ROOT / "publish" / "hub" / "jupyterhub_config.py")


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """Return a function that reads the file with some settings of the environment, as an account."""
    for name in ("COURSE_REPO", "COURSE_BRANCH", "CLASS_ACCOUNTS", "HUB_TRIAL", "HUB_MEGABYTES", "HUB_HOME"):
        monkeypatch.delenv(name, raising=False)

    def read(account: int, **environment: str) -> Config:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("os.getuid", lambda: account)
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
        config = Config()
        runpy.run_path(FILE, {"get_config": lambda: config})
        return config

    return read


def test_without_a_repository_it_says_how_to_make_one(settings):
    with pytest.raises(SystemExit, match=r"COURSE_REPO is not set.*publish\.student"):
        settings(0)


def test_a_class_under_one_account_is_refused(settings):
    with pytest.raises(SystemExit, match="must run as root"):
        settings(1000, COURSE_REPO="https://example.org/class.git")


@pytest.mark.parametrize("account", [0, 1000])
def test_a_trial_says_loudly_that_it_is_one(settings, capsys, account):
    config = settings(account, COURSE_REPO="https://example.org/class.git", HUB_TRIAL="1")
    assert "read and change each other's files" in capsys.readouterr().err
    assert config.JupyterHub.spawner_class == "simple"
    assert ("--allow-root" in config.Spawner.args) is (account == 0)
    assert config.JupyterHub.bind_url == "http://127.0.0.1:8000"


def test_a_class_works_under_accounts_of_its_own_and_only_those_named_come_in(settings):
    config = settings(0, COURSE_REPO="https://example.org/class.git", CLASS_ACCOUNTS="ada, @lab, grace")
    assert config.JupyterHub.authenticator_class == "pam"
    assert config.JupyterHub.spawner_class == "jupyterhub.spawner.LocalProcessSpawner"
    assert config.Authenticator.allowed_users == {"ada", "grace"}
    assert config.LocalAuthenticator.allowed_groups == {"lab"}
    assert "allow_all" not in config.Authenticator and "--allow-root" not in config.Spawner.args


def test_the_first_page_pulls_the_course_and_opens_lesson_00(settings):
    config = settings(0, COURSE_REPO="https://example.org/a b&c.git", COURSE_BRANCH="term")
    page, _, query = config.Spawner.default_url.partition("?")
    asked = {name: values for name, (values,) in parse_qs(query).items()}
    assert page == "/git-pull" and asked["repo"] == "https://example.org/a b&c.git"
    assert asked["branch"] == "term" and asked["urlpath"].startswith("lab/tree/" + asked["targetPath"])
    lesson = asked["urlpath"].removeprefix(f"lab/tree/{asked['targetPath']}/")
    assert (ROOT / lesson).is_file()


def test_a_folder_of_this_machine_may_be_read_by_the_students_git(settings, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    config = settings(0, COURSE_REPO=str(folder))
    assert f"directory = {folder}\n" in Path(config.Spawner.environment["GIT_CONFIG_SYSTEM"]).read_text()


def test_memory_is_limited_to_what_is_said(settings):
    config = settings(0, COURSE_REPO="https://example.org/class.git", HUB_MEGABYTES="750")
    assert "--data=750000000" in config.Spawner.cmd and config.Spawner.environment["MEM_LIMIT"] == "750000000"
    assert config.Spawner.cmd[-1].endswith("jupyterhub-singleuser")
