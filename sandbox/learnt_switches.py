"""Switches for what software made for the real panel has left open (additions-2.md)."""

from __future__ import annotations

from sandbox.switch import Switch

LEARNT = (
    Switch(
        "base_operations",
        ("always", "declared"),
        "additions-2.md h.2",
        "open, reopen, suspend, resume, close, setparam come to any module, or only to one whose features name them",
    ),
    Switch(
        "handler_exit",
        ("counts", "ignored"),
        "additions-2.md h.21",
        "a handler that printed a whole document and ended with another code than 0 has failed, or has not",
    ),
    Switch(
        "errorxml_text",
        ("refused", "taken"),
        "additions-2.md h.21",
        "runningoperation.edit takes documents as errorxml only, or any text",
    ),
    Switch(
        "assign_seconds",
        ("0.3", "3"),
        "additions-2.md c.1",
        "how long after processing.import.assign a service is its client's",
        free=True,
    ),
    Switch(
        "suspend_again",
        ("refused", "ok"),
        "additions-2.md h.12",
        "suspending what is suspended already, other than a licence (which answers ok): refused, or ok",
    ),
    Switch(
        "calls_in_process",
        ("refused", "taken"),
        "additions-2.md h.21",
        "suspend, resume, delete, renewal and power of a service in process: refused, or done after what is under way",
    ),
    Switch(
        "domain_api_answer",
        ("id", "item.id", "none"),
        "additions-2.md d.1",
        "where domain.order.api answers the new service's number, if anywhere",
    ),
    Switch(
        "domain_api_pays",
        ("at_once", "cart"),
        "additions-2.md d.1",
        "domain.order.api charges at once, or leaves the domain in the cart and answers billorder",
    ),
    Switch(
        "paging",
        ("both", "pages", "offset"),
        "additions-2.md g",
        "which parameters cut a page of a list: p_num with p_cnt, or startidx with pagesize, or whichever are given",
    ),
    Switch(
        "accountinfo",
        ("absent", "present"),
        "additions-2.md b.8",
        "a client's function accountinfo, of sellers of the fourth generation",
    ),
)
