"""A sentence for a person or a panel (Message), and the errors that carry one.

`type` is a key of the texts in `xml/billmgr_mod_pmreseller.xml` (`msg_error_<type>`); `params` fill its `__name__`
placeholders. The panel words its own errors in the same way (platform.md 4.1), so the panel, the command line and the
log all show the same sentence, in the requested language.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from reseller.wire.secrets import hide

if TYPE_CHECKING:
    from typing_extensions import Self


class Message:
    """A sentence by its key, with its parameters; never with a secret. texts.word() returns it in a language."""

    def __init__(self, type_: str, *, object: object = "", value: object = "", **params: object) -> None:
        self.type = type_
        self.object = str(object)
        self.value = str(value)
        self.params: dict[str, str] = {name: str(given) for name, given in params.items()}

    def __str__(self) -> str:
        values = {"object": self.object, "value": self.value, **self.params}
        return " ".join([self.type, *(f"{name}={given}" for name, given in values.items() if given)])

    def hide(self, secrets: Iterable[str]) -> None:
        """Remove these secrets from the parameters: a panel may repeat a value that it refuses."""
        secrets = tuple(secrets)
        self.object, self.value = hide(self.object, secrets), hide(self.value, secrets)
        self.params = {name: hide(told, secrets) for name, told in self.params.items()}


class ResellerError(Message, Exception):
    """A failure that an operator has to know; its message says what happened, to which service, and the next step."""

    #: exit code of a processing module command and of resellerctl
    exit_code = 1

    @classmethod
    def by(cls, message: Message) -> Self:
        """An error of this class with the sentence of `message`."""
        return cls(message.type, object=message.object, value=message.value, **message.params)


class UsageError(ResellerError):
    """The command line or the form is wrong; nothing was done."""


class BusyError(ResellerError):
    """Another process holds the lease; this try changed nothing."""


class PanelError(ResellerError):
    """A function of our own panel returned an error, or the panel could not be reached.

    `panel_type` is the panel's own error type (`missed`, `access`, `client`, ...).
    """

    def __init__(self, func: str, panel_type: str, *, object: str = "", value: str = "", text: str = "") -> None:
        super().__init__("reseller_panel", object=object, value=value, func=func, panel_type=panel_type, text=text)
        self.panel_type = panel_type


class Stopped(ResellerError):
    """This try has ended; ledger and operation have the reason already, in the same words."""


class SellerError(ResellerError):
    """A call to the seller failed as NotSent, Ambiguous or Rejected (promise 3)."""


class NotSent(SellerError):
    """No byte of the request can have arrived."""


class SellerDown(NotSent):
    """No call was made, because the seller has not answered for a while; `seconds` until a call may be made.

    `cause` is a sentence about how the last call failed.
    """

    def __init__(self, seconds: int, failures: int, cause: str = "") -> None:
        super().__init__("reseller_seller_down", failures=failures, seconds=seconds, cause=cause or "-")
        self.seconds = seconds


class Withheld(NotSent):
    """No call was made, and none will be until a person allows it.

    `unsent` is the error type of the waiting request.
    """

    unsent: ClassVar[str]


class Moved(Withheld):
    """The panel is not where its ledger belongs, so it may be a copy (ledger/installation.py)."""

    unsent = "reseller_moved_unsent"


class Halted(Withheld):
    """A person has stopped all that spends (ledger/stops.py)."""

    unsent = "reseller_halted_unsent"


class Observing(Withheld):
    """The module observes only (ledger/observing.py)."""

    unsent = "reseller_observing_unsent"


class Unfounded(Withheld):
    """What the call rests on does not hold at this panel or seller (ledger/verdicts.py)."""

    unsent = "reseller_unfounded_unsent"


class Ambiguous(SellerError):
    """The request may have been carried out: the call was cut, reset or timed out, or its answer is no document."""


class Rejected(SellerError):
    """The seller answered with an error document; `seller/proofs.py` decides whether that proves anything.

    `seller_type` and `seller_object` are the seller's own words (selling-api.md 2); its `param` elements are in
    `seller_params`, its localised message in `params["text"]`.
    """

    def __init__(
        self, type_: str, *, seller_type: str, seller_object: str = "", seller_params: dict[str, str], **params: object
    ) -> None:
        super().__init__(type_, object=seller_object, seller_type=seller_type, field=seller_object, **params)
        self.seller_type = seller_type
        self.seller_object = seller_object
        self.seller_params = seller_params

    @property
    def said(self) -> str:
        """The refusal in the seller's own words."""
        return f"{self.params.get('text') or self.object} ({self.seller_type})"

    def hide(self, secrets: Iterable[str]) -> None:
        """Remove the secrets also from the seller's type, object and parameters."""
        secrets = tuple(secrets)
        super().hide(secrets)
        self.seller_type, self.seller_object = hide(self.seller_type, secrets), hide(self.seller_object, secrets)
        self.seller_params = {hide(name, secrets): hide(told, secrets) for name, told in self.seller_params.items()}
