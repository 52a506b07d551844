"""The functions that the panel calls in the add-on, in one table: who may call each, and which page answers.

The same level is in the function's metadata (`xml/`), and `tests/pages/test_rights.py` compares the two. A function
that spends money, forces a refused change, lets a plan through, sets prices, or says what is bought is a function of
its own, so that the panel's rights can withhold it from employees who may do everything else. Unless the panel's rights
say otherwise, it is for full administrators only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from reseller.model import CLIENT_LEVEL
from reseller.pages.call import EMPLOYEE_LEVEL, FULL_LEVEL, Call

if TYPE_CHECKING:
    from reseller.wire.document import Element


class Function(NamedTuple):
    """The least level that may call it, and its page: a file of reseller/pages, and a function Call -> document in
    it.
    """

    level: int
    page: str
    show: str = "show"

    def answer(self, call: Call) -> Element:
        """The page's document; the page is imported only now. Raises the page's errors."""
        found: Element = getattr(import_module(f"reseller.pages.{self.page}"), self.show)(call)
        return found


FUNCTIONS = {
    "item.setremoteid": Function(CLIENT_LEVEL, "link_form", "setremoteid"),
    "checkevent": Function(EMPLOYEE_LEVEL, "run_now"),
    "reseller.checkevent": Function(EMPLOYEE_LEVEL, "run_now"),
    "reseller.services": Function(EMPLOYEE_LEVEL, "services_list"),
    "reseller.services.filter": Function(EMPLOYEE_LEVEL, "filter_form"),
    "reseller.requests": Function(EMPLOYEE_LEVEL, "requests_list"),
    "reseller.requests.filter": Function(EMPLOYEE_LEVEL, "filter_form"),
    "reseller.check": Function(EMPLOYEE_LEVEL, "check_now"),
    "reseller.link": Function(EMPLOYEE_LEVEL, "link_form", "link"),
    "reseller.unlink": Function(EMPLOYEE_LEVEL, "link_form", "unlink"),
    "reseller.swap": Function(EMPLOYEE_LEVEL, "swap_form", "away"),
    "reseller.swap.back": Function(EMPLOYEE_LEVEL, "swap_form", "back"),
    "reseller.tariffs": Function(EMPLOYEE_LEVEL, "tariffs_list"),
    "reseller.mapping": Function(EMPLOYEE_LEVEL, "mapping"),
    "reseller.mapping.parts": Function(EMPLOYEE_LEVEL, "mapping", "parts"),
    "reseller.forecast": Function(EMPLOYEE_LEVEL, "forecast_list"),
    "reseller.forecast.terms": Function(EMPLOYEE_LEVEL, "forecast_list", "terms"),
    "reseller.report": Function(EMPLOYEE_LEVEL, "report"),
    "reseller.prices": Function(EMPLOYEE_LEVEL, "prices_list"),
    "reseller.prices.stop": Function(EMPLOYEE_LEVEL, "prices_list", "decide"),
    "reseller.stop": Function(EMPLOYEE_LEVEL, "stop_form"),
    # What spends, forces or lets a plan through, what sets prices, and what says what is bought.
    "reseller.reorder": Function(FULL_LEVEL, "reorder_form"),
    "reseller.tariffs.import": Function(FULL_LEVEL, "import_form"),
    "reseller.mapping.set": Function(FULL_LEVEL, "mapping", "edit"),
    "reseller.mapping.all": Function(FULL_LEVEL, "mapping", "propose"),
    "reseller.prices.accept": Function(FULL_LEVEL, "prices_list", "decide"),
    "reseller.start": Function(FULL_LEVEL, "stop_form", "start"),
    "reseller.link.force": Function(FULL_LEVEL, "link_form", "link"),
    "reseller.checkevent.force": Function(FULL_LEVEL, "run_now"),
}
