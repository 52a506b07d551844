"""The audit: everything that is wrong between the two sides or half done, with its meaning and what to do.

It reads the seller's lists in full, and the problems that checkevent recorded. It changes nothing; what is safe to mend
without a person's decision is mended by audit/fix.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from reseller.audit.census import Census
from reseller.audit.findings import Finding, Maker
from reseller.audit.status import missing_run
from reseller.context import Context
from reseller.ledger import claims, links, problems, requests, states
from reseller.ledger.requests import Request
from reseller.ledger.states import State
from reseller.lifecycle import reasons
from reseller.mgr5 import items
from reseller.wire.errors import ResellerError

#: a service that the deep check has not read for this many of its periods is a finding
ROUNDS = 2


def audit(context: Context) -> list[Finding]:
    """All findings, the worst first. A seller that cannot be reached is a finding too."""
    findings: list[Finding] = []
    accounts: set[int] = set()
    missing = missing_run(context)
    if missing is not None:
        findings.append(Maker(context, 0).make("no_run", since=missing.params["since"]))
    gone = links.without_module(context.db)
    findings += [Maker(context, each).make("ownerless", count=links.count(context.db, each)) for each in gone]
    for module in items.modules(context.db):
        maker = Maker(context, module)
        findings += _of_ledger(context, maker)
        try:
            seller = context.seller(module)
        except ResellerError as error:
            findings.append(maker.make("unread_list", itemtype="*", cause=context.word(error)))
            continue
        # Modules that share an account share its lists, so these are read once.
        if seller.account not in accounts:
            accounts.add(seller.account)
            findings += Census(maker, seller).take()
    context.progress.end()
    # One finding for each fact: the list and the ledger may both report it, and the list is newer.
    facts: dict[tuple[object, ...], Finding] = {}
    for each in findings:
        facts[each.kind, each.service, each.remote, each.text if each.kind == "unread_list" else each.row] = each
    worse = {each.remote for each in facts.values() if each.kind in (problems.GONE, problems.ALARM)}
    once = [each for each in facts.values() if each.kind != "absent" or each.remote not in worse]
    return sorted(once, key=lambda finding: finding.rank)


def _of_ledger(context: Context, maker: Maker) -> Iterator[Finding]:
    db, module, limits = context.db, maker.module, context.limits
    recorded = problems.live(db, module)
    gathered = {problem.cause.kind for problem in recorded if problem.cause.subject == problems.MANY}
    for problem in recorded:
        if problem.cause.subject != problems.SERVICE or problem.cause.kind not in gathered:
            yield maker.of(problem)
    short = {item for problem in recorded if problem.cause.kind == problems.FUNDS for item in problem.touches}
    for link in links.half(db, module):
        yield maker.make("half", link.item, link.remote)
    for item, since, why in claims.long_away(db, module, limits.long_away_days):
        yield maker.make("long_away", item, since=since, why=why or "-")
    for link_id, item, remote in claims.unread(db, module, ROUNDS * limits.deep_seconds):
        yield maker.make("unread", item, remote, link_id)
    live = requests.all_live(db, [module])
    for request in live:
        if request.state == State.MONEY and request.item in short:
            # Already reported by the finding `funds` of the account.
            continue
        yield from _of_request(context, maker, request)
    busy = {request.item for request in live} | {link.item for link in links.opening(db, [module])}
    for operation, item, name in items.tried_operations(db, module):
        if item not in busy:
            yield maker.make("operation", item, row=operation, operation=operation, kind_of=name)


def _of_request(context: Context, maker: Maker, request: Request) -> Iterator[Finding]:
    params = {"key": request.key, "kind_of": request.kind, "state": request.state}
    params["cause"] = request.error_text or request.error_type or "-"
    link = links.of_item(context.db, request.item)
    remote = request.remote or (link.remote if link else "")
    if request.kind == requests.PART:
        # What stops an owed term is a problem already (commands/owed_terms.py).
        return
    if has_lost_its_reason(context, request):
        yield maker.make("left", request.item, remote, request.id, **params)
    elif request.state.means(states.FOR_A_PERSON) or (request.sent_seconds or 0) > context.limits.change_seconds:
        yield maker.make("request", request.item, remote, request.id, **params)


def has_lost_its_reason(context: Context, request: Request) -> bool:
    """Whether the request was never sent and nobody wants it any more; an intent of a moment ago does not count."""
    if not request.live or not request.state.means(states.NOT_SENT):
        return False
    young = request.state == State.INTENT and request.quiet_seconds < context.limits.stale_intent_seconds
    return not young and not reasons.has_one(context, request)
