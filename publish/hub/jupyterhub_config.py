"""A hub for one class on one machine: docs/hub.md says how it is set up.

COURSE_REPO=ADDRESS jupyterhub --config jupyterhub_config.py

As root, everyone works under the account of the machine that has their name, and logs in with its password. Nobody
can read what another one writes. The settings come from the environment:

COURSE_REPO     what a student gets: the address or folder of the repository that ``python -m publish.student`` made
COURSE_BRANCH   its branch (main)
CLASS_ACCOUNTS  names of the accounts that may come in, with commas between; a group as @NAME (@students)
HUB_HOME        where the hub keeps its own files (/srv/hub)
HUB_URL         where it listens (http://127.0.0.1:8000): put a web server with TLS in front of it
HUB_PROXY       the command of the proxy (configurable-http-proxy)
HUB_MEGABYTES   the data that one process may hold (2000): more is a MemoryError in that notebook, and harms no one else
HUB_TRIAL       any value: everyone works under this one account, to look at the hub alone; never for a class
"""

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import urlencode

c = get_config()  # type: ignore[name-defined]  # noqa: F821

home = Path(os.environ.get("HUB_HOME", "/srv/hub"))
repository = os.environ.get("COURSE_REPO")
if not repository:
    raise SystemExit(
        "COURSE_REPO is not set: give the repository that `python -m publish.student FOLDER` made."
    )

c.JupyterHub.bind_url = os.environ.get("HUB_URL", "http://127.0.0.1:8000")
c.JupyterHub.db_url = f"sqlite:///{home}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{home}/cookie_secret"
c.ConfigurableHTTPProxy.command = os.environ.get("HUB_PROXY", "configurable-http-proxy").split()
c.ConfigurableHTTPProxy.pid_file = f"{home}/proxy.pid"

# -- who comes in, and under which account they work
names = [name.strip() for name in os.environ.get("CLASS_ACCOUNTS", "@students").split(",") if name.strip()]
if os.environ.get("HUB_TRIAL"):
    print(
        "TRIAL: all work under one account and can read and change each other's files. "
        "For a class, run the hub as root.",
        file=sys.stderr,
    )
    c.JupyterHub.authenticator_class = "dummy"
    c.Authenticator.allow_all = True
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = f"{home}/trial/{{username}}"
elif os.getuid() != 0:
    raise SystemExit(
        "The hub must run as root, so that each student works under an account of their own. "
        "To look at it alone, set HUB_TRIAL=1."
    )
else:
    c.JupyterHub.authenticator_class = "pam"  # or your university's login: docs/hub.md
    c.Authenticator.allowed_users = {name for name in names if not name.startswith("@")}
    c.LocalAuthenticator.allowed_groups = {name[1:] for name in names if name.startswith("@")}
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"

# -- what one student may use. Without systemd the kernel of Linux holds the limits, for each process
limit = int(os.environ.get("HUB_MEGABYTES", "2000")) * 1_000_000
prlimit = [found, f"--data={limit}", "--nproc=512"] if (found := shutil.which("prlimit")) else []
if not prlimit:
    print("prlimit (util-linux) is missing: nothing limits a student's memory.", file=sys.stderr)
c.Spawner.cmd = [*prlimit, str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
c.Spawner.environment = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # glibc keeps fewer pools for threads,
    "MALLOC_TRIM_THRESHOLD_": "131072",  # and gives back at once what is free
    "JUPYTER_CONFIG_PATH": str(
        Path(__file__).resolve().parents[2] / "jupyter"
    ),  # no news, figures stay in a file
    "MEM_LIMIT": str(limit),
}
if Path(repository).is_dir():  # git reads a folder of another account only where it is told that it may
    repository = str(Path(repository).resolve())
    trust = Path(sys.prefix, "etc", "course-gitconfig")
    trust.parent.mkdir(exist_ok=True)
    trust.write_text(
        f"[include]\n\tpath = /etc/gitconfig\n[safe]\n\tdirectory = {repository}/.git\n\tdirectory = {repository}\n"
    )
    c.Spawner.environment["GIT_CONFIG_SYSTEM"] = str(trust)
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 180
# concurrent_spawn_limit stays at 100: beyond it the hub does not queue, it tells students to try again

# -- a forgotten notebook gives its memory back after half an hour, a forgotten server after an hour
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=1800",
    "--MappingKernelManager.cull_interval=120",
    "--ServerApp.shutdown_no_activity_timeout=3600",
    *(["--allow-root"] if os.environ.get("HUB_TRIAL") and os.getuid() == 0 else []),
]

# -- what they find: the first visit brings the course, each later one its changes; what a student wrote stays
pull = {
    "repo": repository,
    "branch": os.environ.get("COURSE_BRANCH", "main"),
    "targetPath": "course",
    "urlpath": "lab/tree/course/notebooks/00_start_here.ipynb",
}
c.Spawner.default_url = "/git-pull?" + urlencode(pull)
