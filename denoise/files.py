"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a new empty file beside the target, to be written in the context and then put in the target's place.

    The new file is on the disk before it takes the target's name, so that a crash of the machine leaves either
    the old file or the new one. It has the permissions of any new file (the umask's), and a target that is a
    link stays a link. An error in the context removes it and leaves the target as it was.

    Raises:
        OSError: where the folder or the disk does not allow it.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(None, "it is a folder", str(path))
    # The same file name ending, since some libraries choose the format by it; short, since names have a limit.
    temporary = target.parent / f".mcdenoise-{os.getpid()}-{secrets.token_hex(4)}{target.suffix[:16]}"
    try:
        temporary.open("xb").close()
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
