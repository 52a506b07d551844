"""The states of a request and what each one means: one row for each state, which every rule consults (promise 2).

Rules ask for a meaning (`state.means(NOT_SENT)`) instead of listing states, so that a new state is described here only.
"""

from __future__ import annotations

from enum import Enum, Flag, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class Meaning(Flag):
    """What is known of a request in a state."""

    #: the seller has not received it, or has refused it before any effect
    NOT_SENT = auto()
    #: the seller may have carried it out
    IN_DOUBT = auto()
    #: the seller has it and is not done yet
    TAKEN = auto()
    #: the program continues it by itself
    ON_ITS_WAY = auto()
    #: a person has to remove its cause, or to decide
    FOR_A_PERSON = auto()
    #: a person can decide to send it anew (`reorder`); in all other states Start is enough
    DECIDABLE = auto()
    #: over, and not live any more
    SETTLED = auto()


class State(str, Enum):
    """The column `reseller_request.state`. A live request is continued, never made anew."""

    meaning: Meaning

    #: recorded, nothing sent
    INTENT = "intent", Meaning.NOT_SENT | Meaning.ON_ITS_WAY
    #: handed to the network; if another process finds this state, the outcome is unknown
    SENDING = "sending", Meaning.IN_DOUBT | Meaning.ON_ITS_WAY
    #: outcome unknown; its effect is being looked for
    LOOKING = "looking", Meaning.IN_DOUBT | Meaning.ON_ITS_WAY
    #: looked for long enough, not found: a person decides (`reorder`)
    UNCONFIRMED = "unconfirmed", Meaning.IN_DOUBT | Meaning.FOR_A_PERSON | Meaning.DECIDABLE
    #: rejected for lack of money; started again when the balance has risen by the deficit
    MONEY = "money", Meaning.NOT_SENT | Meaning.FOR_A_PERSON
    #: rejected, or refused by ourselves before sending; started again by a person
    REFUSED = "refused", Meaning.NOT_SENT | Meaning.FOR_A_PERSON
    #: never sent, or can be sent twice without harm; started again at `next_try`
    UNSENT = "unsent", Meaning.NOT_SENT | Meaning.ON_ITS_WAY
    #: a remote service has our service's number, but not our key: a person decides
    FOREIGN = "foreign", Meaning.FOR_A_PERSON | Meaning.DECIDABLE
    #: an unpaid order of ours stands at the seller and could not be removed: a person removes it
    LEFTOVER = "leftover", Meaning.FOR_A_PERSON
    #: the seller has it and is not done yet
    WAITING = "waiting", Meaning.TAKEN | Meaning.ON_ITS_WAY
    #: a term that a client has paid for and that is not to be bought yet; checked again at `next_try`
    OWED = "owed", Meaning(0)
    #: an order that was carried out; its link has the rest
    LINKED = "linked", Meaning.SETTLED
    #: any other request that was carried out
    DONE = "done", Meaning.SETTLED
    #: given up: a person ordered anew, deleted the operation, or wants something else now
    ABANDONED = "abandoned", Meaning.SETTLED

    def __new__(cls, value: str, meaning: Meaning) -> Self:
        """A string with its meaning attached."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    def __str__(self) -> str:
        """The word that the table holds."""
        return str(self.value)

    @classmethod
    def of(cls, word: object) -> State:
        """The state of this word in the table. Raises KeyError if there is none."""
        return _BY_WORD[str(word)]

    def means(self, meaning: Meaning) -> bool:
        """Whether a request in this state has all of this meaning."""
        return meaning in self.meaning

    @classmethod
    def all_that_mean(cls, meaning: Meaning) -> tuple[State, ...]:
        """The states that have all of this meaning, for a condition in SQL."""
        return tuple(state for state in cls if state.means(meaning))


_BY_WORD = {str(state): state for state in State}
NOT_SENT, IN_DOUBT, TAKEN, ON_ITS_WAY = Meaning.NOT_SENT, Meaning.IN_DOUBT, Meaning.TAKEN, Meaning.ON_ITS_WAY
FOR_A_PERSON, DECIDABLE, SETTLED = Meaning.FOR_A_PERSON, Meaning.DECIDABLE, Meaning.SETTLED
