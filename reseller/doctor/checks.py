"""All checks, in the order in which an operator would look: what the later ones rest on comes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from reseller.doctor import assumed, host, installed, module, panel, runner
from reseller.doctor.finding import FAILS, Check, Line
from reseller.ledger import verdicts
from reseller.mgr5.panel import Panel
from reseller.wire import texts
from reseller.wire.errors import ResellerError

CHECKS = (
    Check("files", installed.of_files),
    Check("python", installed.of_python),
    Check("disk", host.of_disk),
    Check("guards", host.of_guards),
    Check("database", host.of_database, 150),
    Check("functions", panel.of_functions, 90),
    Check("module", panel.of_module),
    Check("assumptions", partial(assumed.of, verdicts.PANEL), 120),
    Check("holds", panel.of_holds),
    Check("cron", installed.of_cron),
)


def every(at: Panel, lang: str) -> Iterator[Line]:
    """All lines, each as soon as it is known."""
    yield from runner.run(at, CHECKS, lang)
    try:
        yield from runner.run(at, module.checks(at), lang)
    except ResellerError as error:
        yield Line("modules", FAILS, texts.word(at.base, error, lang), "", 0)


def report(lines: Sequence[Line]) -> dict[str, Mapping[str, object]]:
    """What was found, for `--facts`: verdicts and facts by check, without a sentence, which could name somebody."""
    found: dict[str, dict[str, object]] = {}
    for line in lines:
        told = found.setdefault(line.check, {"verdicts": []})
        listed = told["verdicts"]
        if isinstance(listed, list):
            listed.append(line.verdict)
        told.update(line.facts)
    return dict(found)
