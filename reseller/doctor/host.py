"""The host: the panel's database server, room on the disks, and what guards the files of programs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from reseller import files
from reseller.doctor import installed
from reseller.doctor.finding import FAILS, HOLDS, UNCHECKED, WARNING, Finding
from reseller.ledger import schema
from reseller.mgr5 import database_facts
from reseller.mgr5.panel import Panel
from reseller.wire.errors import Message

#: the oldest servers on which the program is tested
OLDEST = {"MariaDB": (10, 5), "MySQL": (8, 0)}
#: a mode in which a statement with an impossible value fails, instead of storing another one
STRICT = "STRICT_TRANS_TABLES"
MIB = 1024 * 1024
#: room on a disk below which it is a warning, and below which it fails: bytes, and files that can still be made
FEW, TOO_FEW = (512 * MIB, 5000), (64 * MIB, 500)
#: where the kernel shows SELinux, and a service that lets run only what it knows
SELINUX, ALLOW_LISTS = (
    Path("/sys/fs/selinux/enforce"),
    (Path("/run/fapolicyd"), Path("/etc/digsig/digsig_initramfs.conf")),
)
#: a file that was moved out of a temporary folder keeps this label, and cron refuses to read it
_MOVED_LABELS = ("user_tmp_t", "tmp_t", "user_home_t")


def of_database(panel: Panel) -> Iterator[Finding]:
    """The server's kind and version, how it treats values, what its account may do, and the ledger's tables."""
    db = panel.database()
    found = database_facts.server(db)
    version, oldest = ".".join(map(str, found.version)), OLDEST[found.kind]
    facts = {"database": f"{found.kind} {version}", "items_charset": found.items}
    expected = ".".join(map(str, oldest))
    told = Message("reseller_doctor_server", kind=found.kind, version=version, expected=expected)
    yield Finding(WARNING if found.version < oldest else HOLDS, told, facts=facts)
    if found.is_read_only:
        yield Finding(FAILS, Message("reseller_database_read_only", text="read_only is ON"))
    if STRICT not in found.sql_mode:
        yield Finding(FAILS, Message("reseller_doctor_sql_mode", found=found.sql_mode or "-", expected=STRICT))
    missing = database_facts.missing_rights(db)
    if missing:
        yield Finding(FAILS, Message("reseller_doctor_rights", rights=", ".join(missing)))
    else:
        yield Finding(HOLDS, Message("reseller_doctor_rights_ok", count=len(database_facts.RIGHTS)))
    foreign = database_facts.foreign_charsets(db)
    if foreign:
        yield Finding(FAILS, Message("reseller_doctor_charset", tables=", ".join(foreign)))
    # Raises where the tables are newer than this program, or cannot be made.
    schema.ensure(db, panel.base)
    yield Finding(HOLDS, Message("reseller_doctor_schema", version=schema.newest(), items=found.items))


def of_disk(panel: Panel) -> Iterator[Finding]:
    """Room for the log, for figures and for what an upgrade unpacks."""
    for name in ("var", "etc", "lib/reseller"):
        path = panel.base / name
        state = os.statvfs(path)
        # A file system without a fixed number of files says 0 of 0.
        left = (state.f_bavail * state.f_frsize, state.f_favail if state.f_files else FEW[1])
        told = Message("reseller_doctor_disk", path=path, mib=left[0] // MIB, files=left[1])
        yield Finding(verdict_of_room(*left), told)


def verdict_of_room(free_bytes: int, free_files: int) -> str:
    """FAILS, WARNING or HOLDS for so much room on a disk."""
    room = (free_bytes, free_files)
    if any(left < least for left, least in zip(room, TOO_FEW)):
        return FAILS
    return WARNING if any(left < least for left, least in zip(room, FEW)) else HOLDS


def of_guards(panel: Panel, selinux: Path = SELINUX, allow_lists: tuple[Path, ...] = ALLOW_LISTS) -> Iterator[Finding]:
    """SELinux with the label of our file for cron, and lists of programs that may run.

    The kernel shows its state at `selinux`, and a list is in force where its path exists.
    """
    for path in allow_lists:
        if path.exists():
            yield Finding(
                WARNING, Message("reseller_doctor_allow_list", path=path, library=panel.base / "lib/reseller")
            )
    try:
        is_enforcing = files.read(selinux).strip() == b"1"
    except FileNotFoundError:
        yield Finding(HOLDS, Message("reseller_doctor_selinux_none"), facts={"selinux": "none"})
        return
    except OSError as error:
        yield Finding(UNCHECKED, Message("reseller_doctor_selinux_unread", path=selinux, text=error.strerror or error))
        return
    state = "enforcing" if is_enforcing else "permissive"
    wrong = [path for path in installed.manifest(panel) if _label(path) in _MOVED_LABELS]
    for path in wrong:
        told = Message("reseller_doctor_label", path=path, label=_label(path))
        yield Finding(FAILS if is_enforcing else WARNING, told, f"restorecon {shlex.quote(str(path))}")
    if not wrong:
        yield Finding(HOLDS, Message("reseller_doctor_selinux", state=state), facts={"selinux": state})


def _label(path: Path) -> str:
    """The type in a file's security label, empty without one."""
    try:
        told = os.getxattr(path, "security.selinux").rstrip(b"\0").decode("ascii", "replace")
    except OSError:
        return ""
    # user:role:type:level
    return [*told.split(":"), "", ""][2]
