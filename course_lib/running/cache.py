"""A directory of finished pieces of work, which survives being killed at any moment."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path

import numpy as np

from .fingerprint import library_version

MARKER = "cache-of-course_lib.txt"
"""The file that says which version of the library a directory belongs to."""


class Cache:
    """Dicts of arrays by key, each in a file of its own.

    A file appears under its name only when it is complete: it is written beside it and then renamed. A file that cannot
    be read nevertheless is named in a warning and counts as missing.

    Args:
        directory: where; made if it does not exist.

    Raises:
        ValueError: if the directory was written by another version of the library, or is not a cache.

    Examples:
        >>> import tempfile
        >>> cache = Cache(tempfile.mkdtemp())
        >>> cache.write("key", {"loss": np.ones(2)})
        >>> cache.read("key"), cache.read("other")
        ({'loss': array([1., 1.])}, None)
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory, version = Path(directory), library_version()
        marker = self.directory / MARKER
        self.directory.mkdir(parents=True, exist_ok=True)
        if marker.exists():
            found = marker.read_text(encoding="utf-8").strip()
            if found != version:
                raise ValueError(
                    f"cache = {str(directory)!r} was written by another version of the library ({found}; this one "
                    f"is {version}), whose numbers may differ: delete the directory or give another one"
                )
        elif any(not path.name.startswith(".") for path in self.directory.iterdir()):
            raise ValueError(
                f"cache = {str(directory)!r} holds files but is not a cache: give an empty or a new directory"
            )
        else:
            _write_whole(marker, f"{version}\n".encode())

    def read(self, key: str) -> dict[str, np.ndarray] | None:
        """Return what was written under a key, or None."""
        path = self._path(key)
        if not path.exists():
            return None
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return dict(file)
        except Exception as error:  # zipfile, zlib and numpy each have their own
            warnings.warn(f"{path} cannot be read ({error}) and is computed anew", stacklevel=2)
            return None

    def write(self, key: str, arrays: dict[str, np.ndarray]) -> None:
        """Write arrays under a key."""
        _write_whole(self._path(key), arrays)

    def _path(self, key: str) -> Path:
        return self.directory / f"{key}.npz"


def _write_whole(path: Path, content: bytes | dict[str, np.ndarray]) -> None:
    """Write a file such that it is never seen half-written."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        try:
            if isinstance(content, bytes):
                file.write(content)
            else:
                np.savez(file, **content)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            os.unlink(file.name)
            raise
    os.replace(file.name, path)
