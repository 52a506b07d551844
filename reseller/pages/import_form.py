"""The form `reseller.tariffs.import`: it shows what would be made by the rule, and makes only what was shown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reseller.ledger.tariff_runs import FAILED, PLANNED, REFUSED, SKIPPED, Line
from reseller.mgr5 import tariffs
from reseller.pages import listing, several
from reseller.pages.call import Call, done, refused
from reseller.tariffs import catalogue, importing, price_rule
from reseller.tariffs.importing import Plan, Wish
from reseller.wire import document
from reseller.wire.errors import ResellerError

#: fields that make the rule, in the order in which price_rule.parse() takes them
RULE = ("rule", "round", "currency", "rate")
#: margins that can be chosen without typing
MARGINS = ("+5 %", "+10 %", "+15 %", "+20 %", "+25 %", "+30 %", "+50 %", "+100 %")
_KEY = re.compile("([1-9][0-9]{0,9})-([1-9][0-9]{0,17})")
_CHARACTERS = 64


def show(call: Call) -> document.Element:
    """The form for the chosen tariffs of one module."""
    module, remotes = _chosen(call)
    # A button may call once for each row that is marked: the first call makes them all (platform.md 2.2).
    if call.text("elids") and _keys(call, "elid")[:1] != _keys(call, "elids")[:1]:
        return several.nothing(call)
    texts = {name: call.text(name)[:_CHARACTERS] for name in (*RULE, "other")}
    # A margin of one's own goes before the chosen one.
    rule = price_rule.parse(*({**texts, "rule": texts["other"] or texts["rule"]}[name] for name in RULE))
    wish = Wish(rule, call.text("datacenter")[:_CHARACTERS], call.number("project", 1, 2**31 - 1, 0))
    plans = importing.plan(call.context, module, remotes, wish)
    said = [line._asdict() for each in plans for line in each.lines]
    if call.sok:
        several.require_shown(call, said)
        return _make(call, module, plans, rule)
    listing.plan(call, (_cells(call, line) for each in plans for line in each.lines))
    _offer_choices(call, plans, texts["rule"])
    call.put(
        elid=", ".join(f"{module}-{remote}" for remote in remotes),
        shown=several.digest(said),
        **{name: call.text(name)[:_CHARACTERS] for name in (*RULE, "other", "datacenter", "project")},
    )
    return call.page


def _offer_choices(call: Call, plans: Sequence[Plan], margin: str) -> None:
    """What can be chosen instead of typed: margin, currency, provider, and the seller's data centres."""
    words, db = call.words("reseller.tariffs.import"), call.context.db
    margins = dict.fromkeys((*MARGINS, *((margin,) if margin else ())))
    listing.choices(call, "rule", [("", words.get("rule_none", "-")), *((each, each) for each in margins)])
    currencies = [(iso, iso) for iso in tariffs.currencies(db)]
    listing.choices(call, "currency", [("", words.get("currency_theirs", "-")), *currencies])
    listing.choices(call, "project", [("", words.get("project_first", "-")), *tariffs.projects(db).items()])
    places = {number: name for each in plans for number, name in each.datacenters.items()}
    listing.choices(call, "datacenter", [("", words.get("datacenter_only", "-")), *places.items()])


def _make(call: Call, module: int, plans: Sequence[Plan], rule: price_rule.Rule) -> document.Element:
    _, lines = importing.carry_out(call.context, module, plans, rule)
    wrong = [line for line in lines if line.outcome in (FAILED, REFUSED, SKIPPED)]
    if wrong:
        text = " ".join(f"{line.remote} {line.part}: {line.text or line.outcome}" for line in wrong)
        raise ResellerError("reseller_import_some", object="elid", count=len(wrong), total=len(lines), text=text)
    return done()


def _cells(call: Call, line: Line) -> dict[str, object]:
    words = call.words("reseller.tariffs.import")
    told = line.text or ("" if line.outcome == PLANNED else words.get(f"outcome_{line.outcome}", line.outcome))
    return {"tariff": line.remote, "part": line.part, "there": line.there, "here": line.here, "notes": told}


def _keys(call: Call, name: str) -> list[str]:
    return [key.strip() for key in call.text(name).split(",") if key.strip()]


def _chosen(call: Call) -> tuple[int, list[str]]:
    """The module and the numbers at its seller of the rows that are marked; raises ResellerError
    `reseller_page_none`, `reseller_page_value` or `reseller_page_many`.
    """
    keys = _keys(call, "elids") or _keys(call, "elid")
    found = []
    for key in keys:
        parts = _KEY.fullmatch(key)
        if parts is None:
            raise refused("elid", key)
        found.append((int(parts[1]), parts[2]))
    if not found:
        raise ResellerError("reseller_page_none", object="elid")
    most = call.panel.limits.form_services
    if len(found) > most:
        raise ResellerError("reseller_page_many", object="elid", count=len(found), most=most)
    numbers = {module for module, _ in found}
    if len(numbers) > 1:
        raise refused("elid", call.text("elid"))
    [module] = catalogue.modules(call.context, numbers.pop())
    return module, [remote for _, remote in found]
