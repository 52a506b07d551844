"""Read and write files of the panel's directory safely, whatever may be in their place.

The program runs as root in folders where others may write: the folder of a metrics collector belongs to another user,
and a panel's `var` may belong to a group. So nothing is written through a link, no call waits for the other end of a
pipe, and nothing is read beyond a limit. Every function raises only OSError; its caller reports the reason.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

#: most bytes that are read of a file of settings or figures
MOST_BYTES = 1024 * 1024
#: flags by which opening a pipe does not wait for its other end, and a terminal does not become the controlling one
_AT_ONCE = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def read(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a regular file, or of the one to which a link leads.

    Raises OSError otherwise, or above `most` bytes.
    """
    with os.fdopen(_regular(path, os.O_RDONLY), "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return content


def lines(path: Path) -> list[str]:
    """The lines of a text file, with the limit of read().

    Bytes that are no UTF-8 become U+FFFD, which matches nothing.
    """
    return read(path).decode("utf-8", "replace").splitlines()


def end(path: Path, most: int) -> bytes:
    """The end of a regular file, at most so many bytes, from the beginning of a line on."""
    with os.fdopen(_regular(path, os.O_RDONLY), "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - most, 0))
        content = file.read(most)
    return content if size <= most else content.partition(b"\n")[2]


def replace(path: Path, content: str | bytes, mode: int) -> None:
    """Replace `path` by a file with this content, in one step; a link there is replaced, not followed.

    The new file is made under a random name in the same folder, which nobody can have taken before.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # A collector ignores a name that begins with a dot.
        fresh = f".{path.name}.{os.urandom(8).hex()}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace"))
                file.flush()
                os.fchmod(handle, mode)
            os.replace(fresh, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(fresh, dir_fd=folder)
            raise
    finally:
        os.close(folder)


def append(path: Path, text: str, mode: int) -> None:
    """Append `text` to a regular file, created with `mode` if there is none; a link is not followed."""
    with os.fdopen(_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, mode), "ab", 0) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def _regular(path: Path, flags: int, mode: int = 0) -> int:
    handle = os.open(path, flags | _AT_ONCE, mode)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    raise OSError(errno.EINVAL, "it is no regular file", str(path))
