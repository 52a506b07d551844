"""Looks for what no test may do: show a secret where anybody could read it, say something unfinished to a person."""

import contextlib
import os
import re
import threading
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import pymysql
from lxml import etree

from tests.support import telling, world

#: a process lives for 30 ms at least, and there are thousands
PAUSE_SECONDS = 0.02
LINE_BYTES = 1 << 17
#: what a fact that is missing becomes
NOTHING = re.compile(r"[^\n]{0,40}\bNone\b[^\n]{0,40}")
#: lines of logs: a call of the panel, an internal error of ours
CALL, TRACE = " Request [", "] internal: "
OUR_ERROR = re.compile('type="([^"]*reseller_[^"]*)"', re.IGNORECASE)


class Watch:
    """Reads every argument list on this machine again and again; `seen` holds those with a secret in them."""

    def __init__(self, secrets):
        self.secrets = secrets
        self.seen = set()
        self.looks = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self._over.wait(PAUSE_SECONDS):
            for entry in os.scandir("/proc"):
                if entry.name.isdigit():
                    self._look(entry.path)
            self.looks += 1

    def _look(self, process):
        # By the bare calls: this is done some thousand times a second for the whole run.
        try:
            file = os.open(f"{process}/cmdline", os.O_RDONLY)
        except OSError:
            return
        try:
            line = os.read(file, LINE_BYTES)
        except OSError:
            return
        finally:
            os.close(file)
        if telling.shows(line, self.secrets):
            self.seen.add(line)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._over.set()
        self._thread.join()


def files_with(base, secrets):
    """Files of a tree that show one of the secrets, in whatever way it is written there."""
    files = (path for path in Path(base).rglob("*") if path.is_file() and "/venv" not in str(path))
    return [str(path) for path in files if telling.shows(path.read_bytes(), secrets)]


def tables_with(panel, secrets):
    """Tables of a panel's database that show one of the secrets; what is crypted there shows none."""
    found = set()
    with contextlib.closing(panel.connect()) as connection, connection.cursor(pymysql.cursors.SSCursor) as cursor:
        for table in [next(iter(row.values())) for row in panel.rows("SHOW TABLES")]:
            cursor.execute(f"SELECT * FROM `{table}`")
            for row in cursor:
                values = (each if isinstance(each, bytes) else str(each).encode() for each in row)
                if telling.shows(b"\n".join(values), secrets):
                    found.add(table)
    return sorted(found)


class Told:
    """What the panel is told, and what our log says, from now on; a trace is for nobody but us."""

    def __init__(self, base):
        self._files = [Path(base) / "var" / name for name in ("billmgr.log", "reseller.log")]
        self._ends = [file.stat().st_size if file.exists() else 0 for file in self._files]

    def faults(self):
        """Texts with a gap or nothing where a fact belongs, and errors of ours that have no text."""
        told = unquote("\n".join(line for line in self._lines() if TRACE not in line))
        found = {*world.GAP.findall(told), *NOTHING.findall(told)}
        found |= {type_ for type_ in OUR_ERROR.findall(told) if type_ not in error_texts()}
        return sorted(found)

    def _lines(self):
        """Calls of the panel, and all that we have logged."""
        for file, end in zip(self._files, self._ends):
            if file.exists():
                with file.open("rb") as added:
                    added.seek(end)
                    lines = added.read().decode("utf-8", "replace").splitlines()
                yield from (line for line in lines if file.name == "reseller.log" or CALL in line)


@lru_cache
def error_texts():
    """Texts of our errors by type, all languages one after the other."""
    found = {}
    for path in (world.ROOT / "xml").glob("*.xml"):
        for msg in etree.parse(path).iterfind("lang/messages/msg"):
            if msg.get("name").startswith("msg_error_"):
                found[msg.get("name").removeprefix("msg_error_")] = msg.text or ""
    return found
