"""Where a request stands, and what that means: one row a state, and every rule asks the row (promise 2)."""

from __future__ import annotations

from enum import Enum, Flag, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class Meaning(Flag):
    """What is known of a request in a state."""

    #: the seller has seen nothing of it, or has refused it before any effect
    NOT_SENT = auto()
    #: the seller may have carried it out
    IN_DOUBT = auto()
    #: the seller has it and is not done yet
    TAKEN = auto()
    #: it goes on by itself
    ON_ITS_WAY = auto()
    #: a person has to remove its cause, or to decide
    FOR_A_PERSON = auto()
    #: sending it anew is a decision that a person can take (`reorder`); in all other states Start is enough
    DECIDABLE = auto()
    #: over, and not live any more
    SETTLED = auto()


class State(str, Enum):
    """The column `reseller_request.state`. A live request is continued, never made anew."""

    meaning: Meaning

    #: written, nothing sent
    INTENT = "intent", Meaning.NOT_SENT | Meaning.ON_ITS_WAY
    #: handed to the network; found by another process it means: outcome unknown
    SENDING = "sending", Meaning.IN_DOUBT | Meaning.ON_ITS_WAY
    #: outcome unknown, being looked for
    LOOKING = "looking", Meaning.IN_DOUBT | Meaning.ON_ITS_WAY
    #: looked for long enough, not found: a person decides (`reorder`)
    UNCONFIRMED = "unconfirmed", Meaning.IN_DOUBT | Meaning.FOR_A_PERSON | Meaning.DECIDABLE
    #: rejected for lack of money; started again when the balance has risen by the deficit
    MONEY = "money", Meaning.NOT_SENT | Meaning.FOR_A_PERSON
    #: rejected, or refused by ourselves before sending; started again by a person
    REFUSED = "refused", Meaning.NOT_SENT | Meaning.FOR_A_PERSON
    #: never left, or can be sent twice without harm; started again at `next_try`
    UNSENT = "unsent", Meaning.NOT_SENT | Meaning.ON_ITS_WAY
    #: a remote service names our service, but not by our key: a person decides
    FOREIGN = "foreign", Meaning.FOR_A_PERSON | Meaning.DECIDABLE
    #: an unpaid order of ours stands at the seller and could not be removed: a person removes it
    LEFTOVER = "leftover", Meaning.FOR_A_PERSON
    #: the seller has it and is not done yet
    WAITING = "waiting", Meaning.TAKEN | Meaning.ON_ITS_WAY
    #: a term of what a client has paid for that is not to be bought yet; looked at again at `next_try`
    OWED = "owed", Meaning(0)
    #: an order that was carried out; its link says the rest
    LINKED = "linked", Meaning.SETTLED
    #: any other request that was carried out
    DONE = "done", Meaning.SETTLED
    #: given up: a person ordered anew, deleted the operation, or wants something else now
    ABANDONED = "abandoned", Meaning.SETTLED

    def __new__(cls, value: str, meaning: Meaning) -> Self:
        """A word that knows what it means."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    def __str__(self) -> str:
        """As the table has it."""
        return str(self.value)

    def means(self, meaning: Meaning) -> bool:
        """Whether all of this is known of a request in this state."""
        return meaning in self.meaning

    @classmethod
    def all_that_mean(cls, meaning: Meaning) -> tuple[State, ...]:
        """The states of which all of this is known, for a condition in SQL."""
        return tuple(state for state in cls if state.means(meaning))


_BY_WORD = {str(state): state for state in State}


def of(word: object) -> State:
    """The state of this word of the table. Raises KeyError for another one."""
    return _BY_WORD[str(word)]


NOT_SENT, IN_DOUBT, TAKEN, ON_ITS_WAY = Meaning.NOT_SENT, Meaning.IN_DOUBT, Meaning.TAKEN, Meaning.ON_ITS_WAY
FOR_A_PERSON, DECIDABLE, SETTLED = Meaning.FOR_A_PERSON, Meaning.DECIDABLE, Meaning.SETTLED
