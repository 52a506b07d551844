"""resellerctl audit: what is wrong between the two sides, and what to do about it."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence

from reseller import progress
from reseller.audit import audit, fix
from reseller.audit.findings import Finding
from reseller.cli import shown
from reseller.context import Context

COLUMNS = ("kind", "module", "service", "remote", "person", "fix", "text")


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Reads the seller's lists in full and says what is wrong, the worst first: each with the service here, the "
        "remote service there, what it means and what to do. Exit code: 0 when nothing needs a person, 1 when "
        "something does."
    )
    parser.add_argument("--fix", action="store_true", help="show what can be made good without deciding anything")
    parser.add_argument("--yes", action="store_true", help="with --fix: do it; it spends no money and closes nothing")
    parser.add_argument("--csv", action="store_true", help="answer as CSV")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Show the findings, and mend with --fix --yes; 1 if a person is needed or mending failed."""
    context.progress = progress.at_terminal()
    findings = audit.audit(context)
    rows: list[dict[str, object]] = [
        {
            "kind": finding.kind,
            "module": finding.module,
            "service": finding.service or "",
            "remote": finding.remote,
            "person": "yes" if finding.asks else "no",
            "fix": "possible" if finding.is_mended else "",
            "text": finding.text,
        }
        for finding in findings
    ]
    failed = False
    if arguments.fix:
        for finding, row in zip(findings, rows):
            if finding.is_mended and arguments.yes:
                trouble = fix.mend(context, finding)
                failed = failed or bool(trouble)
                row["fix"] = trouble or "done"
    _show(arguments, findings, rows)
    return 1 if failed or any(finding.asks for finding in findings) else 0


def _show(arguments: argparse.Namespace, findings: Sequence[Finding], rows: Sequence[dict[str, object]]) -> None:
    if arguments.json:
        shown.machine(rows)
        return
    if arguments.csv:
        table = csv.DictWriter(sys.stdout, COLUMNS)
        table.writeheader()
        table.writerows(rows)
        return
    if not rows:
        shown.say("Nothing is wrong.")
        return
    for row in rows:
        where = " ".join(f"{name} {row[name]}" for name in ("service", "remote") if row[name])
        done = f" [{row['fix']}]" if arguments.fix and row["fix"] else ""
        shown.say(f"{row['kind']}: {where or 'module ' + str(row['module'])}{done}\n  {row['text']}")
    person, possible = sum(finding.asks for finding in findings), sum(finding.is_mended for finding in findings)
    shown.say(f"{shown.counted(len(findings), 'finding')}, {person} of them need{'s' * (person == 1)} a person.")
    if possible and not arguments.yes:
        how = "--yes does it" if arguments.fix else "see --fix"
        shown.say(f"{possible} can be made good without deciding anything: {how}.")
