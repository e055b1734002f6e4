"""Shut this process in, by Linux's namespaces: it sees the folders it needs, and nothing else of this machine.

No network, no other process, no rights; what it may write goes when it ends, and all that it started ends with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
from typing import Any

NOBODY = 65534
NEW_MOUNTS, NEW_UTS, NEW_IPC, NEW_USER, NEW_PIDS, NEW_NET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
READ_ONLY, NO_SUID, NO_DEVICES, NO_PROGRAMS, REMOUNT, BIND, RECURSIVE, PRIVATE = (
    1,
    2,
    4,
    8,
    32,
    4096,
    16384,
    1 << 18,
)
DIES_WITH_PARENT, NO_NEW_RIGHTS = 1, 38
CAPABILITIES = 0x20080522
"""The version of `capset`; behind it stand the rights that are left, none."""
SPACE = "64m"
"""So much may be written."""


def _call(name: str, *arguments: Any) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    given = [a.encode() if isinstance(a, str) else a for a in arguments]
    if getattr(libc, name)(*given) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    _call("mount", source, target, kind, ctypes.c_ulong(flags), data)


def shut_in(binds: list[tuple[str, str]], hidden: list[str], empty: str, life: int) -> None:
    """Return in a process of its own, shut in.

    The process that called stays outside and runs nothing of what is shut in: it waits until that one ends, or until
    nobody holds the other end of a pipe any more; then it ends both.

    Args:
        binds: pairs of a path and the file or folder that will be seen there, to be read only.
        hidden: folders among these that will be seen empty.
        empty: an empty folder.
        life: the pipe.

    Raises:
        OSError: where this machine does not allow it.
    """
    user, group, root = os.getuid(), os.getgid(), os.getuid() == 0
    apart = NEW_MOUNTS | NEW_UTS | NEW_IPC | NEW_PIDS | NEW_NET
    _call("unshare", ctypes.c_int(apart if root else apart | NEW_USER))
    if not root:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _mount(None, "/", None, RECURSIVE | PRIVATE)
    inside = os.fork()
    if inside:
        _wait_for(inside, life)
    os.close(life)
    _build(binds, hidden, empty)
    os.chroot(empty)
    os.chdir("/tmp")
    if root:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    _call("capset", (ctypes.c_uint32 * 2)(CAPABILITIES, 0), (ctypes.c_uint32 * 6)())
    _call("prctl", NO_NEW_RIGHTS, 1, 0, 0, 0)
    ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def _wait_for(inside: int, life: int) -> None:
    either, ended = select.poll(), os.pidfd_open(inside)
    for standard in (0, 1):
        os.close(standard)
    either.register(life, 0)  # the end of the other side is told unasked
    either.register(ended, select.POLLIN)
    either.poll()
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(ended, signal.SIGKILL)
    os.waitpid(inside, 0)
    os._exit(0)


def _build(binds: list[tuple[str, str]], hidden: list[str], root: str) -> None:
    _mount("none", root, "tmpfs", NO_SUID | NO_DEVICES, f"size={SPACE},mode=755")
    for seen, real in binds:
        _bind(real, root + seen)
    for folder in hidden:
        if os.path.isdir(root + folder):
            _mount("none", root + folder, "tmpfs", NO_SUID | NO_DEVICES | READ_ONLY, "size=4k,mode=755")
    for name in ("null", "zero", "random", "urandom"):
        _bind(f"/dev/{name}", f"{root}/dev/{name}", devices=True)
    for folder in ("/tmp", "/proc"):
        os.makedirs(root + folder, exist_ok=True)
    os.chmod(root + "/tmp", 0o1777)
    _mount("proc", root + "/proc", "proc", NO_SUID | NO_DEVICES | NO_PROGRAMS)


def _bind(real: str, target: str, devices: bool = False) -> None:
    if os.path.islink(real) and not os.path.lexists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(real), target)
        return
    os.makedirs(target if os.path.isdir(real) else os.path.dirname(target), exist_ok=True)
    if not os.path.isdir(real):
        open(target, "a").close()
    _mount(real, target, None, BIND | RECURSIVE)
    if not devices:  # flags that are there already must stay in a user namespace
        there = os.statvfs(target).f_flag & (READ_ONLY | NO_SUID | NO_DEVICES | NO_PROGRAMS | 0x1C00)
        _mount(None, target, None, BIND | REMOUNT | READ_ONLY | NO_SUID | there)


def limit(megabytes: int) -> None:
    """Limit memory, files and processes; what this system has no limit for stays as it is."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    limits = {"AS": megabytes << 20, "CORE": 0, "FSIZE": 50 << 20, "NOFILE": 256, "NPROC": 64}
    for name, value in limits.items():
        if name == "NPROC" and (os.getuid() == 0 or os.getpid() != 1):
            continue  # an account's other processes would count
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
        except (ValueError, OSError, AttributeError):  # macOS has none of some
            continue
