"""Which facts of the references the collected tests show, and the line about them (conformance/table.py).

With several workers (pytest-xdist) the controller collects nothing: what they know is told at their end.
"""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.tests.conformance import table


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note them; a test that names a fact which no table lists is a mistake."""
    config.facts_shown = {number for item in items for mark in item.iter_markers("fact") for number in mark.args}  # type: ignore[attr-defined]
    unknown = config.facts_shown - set(table.load())  # type: ignore[attr-defined]
    if unknown:
        raise pytest.UsageError(f"tests name facts that no table lists: {sorted(unknown)}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Worker, at its end."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["facts_shown"] = sorted(getattr(session.config, "facts_shown", ()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Controller, after a worker's end: every worker has collected the same."""
    node.config.facts_shown = set(getattr(node, "workeroutput", {}).get("facts_shown", ()))


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """How much of the references the stand-in was shown to keep, in this run."""
    failed = {report.nodeid for report in terminalreporter.stats.get("failed", [])}
    if getattr(config, "facts_shown", None) and not failed:
        terminalreporter.write_line(table.summary(table.load(), config.facts_shown))
