"""What somebody who helps from afar has to see of an installation: one archive, without secrets and without names.

Each part is gathered by itself, so that a database that is down, or a disk that is full, costs one part and not all.
Texts hold only what scrub.py lets through.
"""

from __future__ import annotations

import io
import json
import platform
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from reseller import __version__, files
from reseller.audit import status
from reseller.context import Context
from reseller.doctor import checks, installed
from reseller.doctor.scrub import Scrub
from reseller.ledger import observing, problems, stops, verdicts
from reseller.log import Log
from reseller.mgr5 import items, settings
from reseller.mgr5.panel import Panel
from reseller.wire import texts
from reseller.wire.errors import ResellerError

#: the newest lines of the log, read from its end
LOG_BYTES = 512 * 1024
_OS_RELEASE = Path("/etc/os-release")
_OS_NAMES = ("ID", "VERSION_ID")
README = """\
What this archive holds, for whoever gets it; look at it before you send it on.

versions.json  program, Python, libraries, operating system
doctor.json    what `resellerctl doctor` found, with facts
status.json    each module: when a run came through, counts, what holds it
problems.json  what lasts: kind, subject, age, how many services it touches
settings.json  limits, and of each module what is switched on
log.txt        the newest lines of var/reseller.log

Words that this program does not know itself are replaced by marks, <hidden 1> and so on; a mark stands for the same
word everywhere. So no name, address, domain, password or key is in it. Numbers of services, modules and accounts are.
"""
#: of a module's settings: what is on or off, and nothing that was typed
_SWITCHES = ("verify", "plain", "reuse", "ask_gaps", "acts")


class Part(NamedTuple):
    """A file of the archive."""

    name: str
    text: str


def gather(panel: Panel, lang: str = texts.FALLBACK) -> Iterator[Part]:
    """The files of the archive, the explanation first."""
    scrub = Scrub(panel.base)
    yield Part("README.txt", README)
    # What is made here, of nothing that anybody has typed.
    yield Part("versions.json", _json(_safely(panel, "versions", _versions, lang)))
    looks: Mapping[str, Callable[[Panel, str], object]] = {
        "doctor": _doctor,
        "status": _status,
        "problems": _problems,
        "settings": _settings,
    }
    for name, look in looks.items():
        yield Part(f"{name}.json", _json(scrub.value(_safely(panel, name, look, lang))))
    yield Part("log.txt", scrub.text(str(_safely(panel, "log", _log, lang))))


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def pack(parts: Sequence[Part]) -> bytes:
    """The archive, a compressed tar file in one folder."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for part in parts:
            content = part.text.encode("utf-8", "backslashreplace")
            member = tarfile.TarInfo(f"reseller-support/{part.name}")
            member.size, member.mode = len(content), 0o600
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _safely(panel: Panel, name: str, look: Callable[[Panel, str], object], lang: str) -> object:
    """What the look finds, or why it finds nothing."""
    try:
        return look(panel, lang)
    except ResellerError as error:
        return {"failed": texts.word(panel.base, error, lang)}
    except Exception as error:  # noqa: BLE001 - a part that fails must not cost the others; the log gets the rest
        return {"failed": texts.word(panel.base, Log(panel.base).unexpected(error, f"support {name}: "), lang)}


def _versions(panel: Panel, _: str) -> object:
    # The operating system's own name and version.
    lines = [line.partition("=") for line in files.lines(_OS_RELEASE)]
    system = {name.lower(): value.strip('"') for name, _, value in lines if name in _OS_NAMES}
    return {
        "program": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "kernel": platform.release().partition("-")[0],
        "system": system,
        "libraries": {name: metadata.version(name) for name in installed.LIBRARIES},
        "panel": sorted(path.name for path in (panel.base / "etc/xml").glob("billmgr_mod_*reseller*.xml")),
    }


def _doctor(panel: Panel, lang: str) -> object:
    lines = list(checks.every(panel, lang))
    told = [{name: value for name, value in line._asdict().items() if name != "facts"} for line in lines]
    return {"findings": told, "facts": checks.report(lines)}


def _status(panel: Panel, _: str) -> object:
    context = Context.start(panel)
    missing = status.missing_run(context)
    modules = []
    for each in status.of_all(context):
        told = {**each._asdict(), "balance": each.balance._asdict()}
        modules.append({name: value for name, value in told.items() if name not in ("name", "url", "username")})
    return {"no_run": context.word(missing) if missing else "", "modules": modules}


def _problems(panel: Panel, _: str) -> object:
    """Kinds and counts; parameters and values of a difference are what others have typed, and stay away."""
    context = Context.start(panel)
    found = [*problems.of_others(context.db, ()), *problems.of_subject(context.db, problems.PANEL)]
    unique = {each.cause: each for each in found}
    return [
        {
            "kind": each.cause.kind,
            "subject": each.cause.subject,
            "number": each.cause.number,
            "module": each.module,
            "error": each.error,
            "age_seconds": each.age_seconds,
            "touches": len(each.touches),
            "task": bool(each.task),
        }
        for each in unique.values()
    ]


def _settings(panel: Panel, _: str) -> object:
    context = Context.start(panel)
    modules: dict[str, object] = {}
    for module in items.modules(context.db):
        try:
            chosen = asdict(settings.read(context.mgrctl, module))
        except ResellerError as error:
            modules[str(module)] = {"failed": context.word(error)}
            continue
        told: dict[str, object] = {name: chosen[name] for name in _SWITCHES}
        told |= {"spend_limit": chosen["spend_limit"] is not None, "proxy": bool(chosen["proxy"])}
        told |= {"ca_file": bool(chosen["cafile"])}
        modules[str(module)] = told
    return {
        "limits": panel.limits._asdict(),
        "wrong_lines": len(context.wrong_files),
        "modules": modules,
        "observing": [each.module for each in observing.every(context.db)],
        "stopped": len(stops.every(context.db)),
        "accepted": [each.name for each in verdicts.every(context.db) if each.who],
        "does_nothing": panel.does_nothing,
    }


def _log(panel: Panel, _: str) -> str:
    """The end of the log, from a whole line on."""
    try:
        content = files.end(Log(panel.base).path, LOG_BYTES)
    except OSError as error:
        return f"no log: {error.strerror}\n"
    return content.decode("utf-8", "replace")
