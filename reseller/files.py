"""Files of the panel's tree, whatever may lie in their place.

The program runs as root where others may write too: the folder that a collector of figures reads belongs to somebody
else, and a panel's `var` may belong to a group. So nothing is written through a link, nothing waits for the other end
of a pipe, and nothing is read beyond a bound. Whoever calls says what is wrong: each function raises OSError alone.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

#: of a file of settings or figures: bytes that are read at most
MOST_BYTES = 1024 * 1024
#: a pipe is opened without waiting for its other end, and a terminal does not become ours
_AT_ONCE = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def read(path: Path, most: int = MOST_BYTES) -> bytes:
    """All of a regular file, or of the one that a link leads to; OSError for anything else and beyond `most` bytes."""
    with os.fdopen(_regular(path, os.O_RDONLY), "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return content


def lines(path: Path) -> list[str]:
    """The lines of a text file as read() bounds it; what is no UTF-8 becomes a sign that fits nothing."""
    return read(path).decode("utf-8", "replace").splitlines()


def replace(path: Path, text: str, mode: int) -> None:
    """Put a file with this text in the place of `path`, in one step; whatever else lies there stays as it is or goes.

    It is made by a name of its own in the same folder, which nobody can have taken before.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # No collector takes a name that begins with a dot for one of its files.
        fresh = f".{path.name}.{os.urandom(8).hex()}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
                file.flush()
                os.fchmod(handle, mode)
            os.replace(fresh, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(fresh, dir_fd=folder)
            raise
    finally:
        os.close(folder)


def append(path: Path, text: str, mode: int) -> None:
    """Add `text` to the end of a regular file, made with `mode` where there is none; a link is not followed."""
    with os.fdopen(_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, mode), "ab", 0) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def _regular(path: Path, flags: int, mode: int = 0) -> int:
    handle = os.open(path, flags | _AT_ONCE, mode)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    raise OSError(errno.EINVAL, "it is no regular file", str(path))
