"""Where programs look for a panel's database without asking the panel (additions-2.md h.6).

Some take the login from `etc/my.cnf` or `etc/billmgr.conf.d/db.conf` of the tree; those lie there always. Some pass
over DBSocket and try the places where a server's socket usually is. These are outside of the sandbox's root, so they
are links, made for a panel that has a place of its own (`--at`), only where nothing lies, and taken away at the end.
"""

from __future__ import annotations

from pathlib import Path

from sandbox.database import Login
from sandbox.paths import PanelPaths
from sandbox.tls import write_private

SOCKETS = (Path("/var/run/mysqld/mysqld.sock"), Path("/var/lib/mysql/mysql.sock"), Path("/tmp/mysql.sock"))


def write_logins(paths: PanelPaths, login: Login) -> None:
    """`etc/my.cnf`, where the user is on line 2 and the password on line 3, and `etc/billmgr.conf.d/db.conf`."""
    write_private(
        paths.base / "etc" / "my.cnf",
        f"[client]\nuser = {login.user}\npassword = {login.password}\nsocket = {login.socket}\n".encode(),
    )
    values = {"DBHost": "localhost", "DBUser": login.user, "DBPassword": login.password, "DBName": login.database}
    text = "".join(f"{key} {value}\n" for key, value in values.items())
    write_private(paths.base / "etc" / "billmgr.conf.d" / "db.conf", text.encode())


class SocketLinks:
    """Links to the database's socket at the usual places; `taken` are those that were free and could be made."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self.taken: list[Path] = []
        self._folders: list[Path] = []

    def take(self) -> None:
        for place in SOCKETS:
            try:
                if place.is_symlink() and not place.exists():  # left over by one that was killed
                    place.unlink()
                if not place.parent.exists():
                    place.parent.mkdir()
                    self._folders.append(place.parent)
                place.symlink_to(self._socket)
            except OSError:  # somebody else's socket, or not root: programs that look only there do not find ours
                continue
            self.taken.append(place)

    def leave(self) -> None:
        """Take away what is still ours, folders that were made for it too."""
        for place in self.taken:
            if place.is_symlink() and str(place.readlink()) == self._socket:
                place.unlink()
        for folder in self._folders:
            try:
                folder.rmdir()
            except OSError:  # somebody else has put something there meanwhile
                continue
