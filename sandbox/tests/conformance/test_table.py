"""The table itself: every fact is shown by a test or says why it cannot be."""

from sandbox.tests.conformance import table


def test_every_fact_is_shown_or_says_why_not(request):
    facts = table.load()
    session = request.session
    if session.config.args_source.name != "TESTPATHS" and len(session.items) < len(facts):
        # A part of the tests was asked for: only what they name can be checked.
        assert session.config.facts_shown <= set(facts)
        return
    missing = {
        number for number, fact in facts.items() if number not in session.config.facts_shown and not fact.not_shown
    }
    assert missing == set()


def test_a_fact_is_not_both_shown_and_impossible(request):
    facts = table.load()
    assert {number for number in request.config.facts_shown if facts[number].not_shown} == set()
