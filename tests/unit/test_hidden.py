"""Secrets are hidden in whatever is said, however they are written; short ones only where they stand alone."""

import html
import json
import random
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest

from reseller.limits import Limits
from reseller.log import Log
from reseller.model import Settings
from reseller.seller.transport import Transport
from reseller.wire import secrets
from reseller.wire.errors import Rejected, SellerError
from reseller.wire.secrets import HIDDEN, hide
from tests.unit.peers import Server, by_length

SECRETS = [
    "Un1que-Pa55word",
    "pa55/w:rd+&<>\"'",
    "two words and more",
    "пароль£€😀",
    "%41%42%43",
    "aaaaaaaa",
    "back\\slash",
    "a.b*c?d[e]",
]
WRITTEN = {
    "plain": str,
    "url": lambda told: quote(told, safe=""),
    "url, lower": lambda told: "".join(f"%{byte:02x}" for byte in told.encode()),
    "url, twice": lambda told: quote(quote(told, safe=""), safe=""),
    "form": quote_plus,
    "html": html.escape,
    "html, by number": lambda told: "".join(f"&#{ord(char)};" for char in told),
    "html, hexadecimal": lambda told: "".join(f"&#x{ord(char):04X};" for char in told),
    "html, twice": lambda told: html.escape(html.escape(told)),
    "json": lambda told: json.dumps(told)[1:-1],
    "json, plain": lambda told: json.dumps(told, ensure_ascii=False)[1:-1],
    "base64": lambda told: b64encode(told.encode()).decode(),
    "base64, of more": lambda told: b64encode(f"user:{told}\n".encode()).decode(),
    "base64, of more still": lambda told: b64encode(f"user7:{told}".encode()).decode(),
    "base64, shifted": lambda told: b64encode(f"ab{told}xyz".encode()).decode(),
    "base64, for URLs": lambda told: urlsafe_b64encode(told.encode()).decode(),
    "base64, in a URL": lambda told: quote(b64encode(told.encode()).decode(), safe=""),
    "bytes": lambda told: repr(told.encode())[2:-1],
    "latin-1": lambda told: told.encode().decode("latin-1"),
    "parted": " ".join,
    "parted, lines": "\r\n".join,
    "parted, unseen": "\u200b".join,
    "parted, base64": lambda told: "\n".join(b64encode(told.encode()).decode()),
}


@pytest.mark.parametrize("way", sorted(WRITTEN))
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_however_it_is_written(secret, way):
    written = WRITTEN[way](secret)
    said = hide(f"value <{written}> is refused", [secret])
    assert HIDDEN in said
    if "base64" in way:
        # What came with it may stay, and the sign that holds the last bits.
        assert not any(written[at : at + 8] in said for at in range(8, len(written) - 16))
    else:
        assert said == f"value <{HIDDEN}> is refused"


@pytest.mark.parametrize("secret", ["abc", "1", "pass", "a1b2c"])
def test_a_short_secret_is_hidden_only_as_a_word(secret):
    for around in ("x{}", "{}x", "x{}y", "_{}", "{}9"):
        text = f"value {around.format(secret)} is refused"
        assert hide(text, [secret]) == text
    for way in ("plain", "url, lower", "html, by number", "base64"):
        said = hide(f"value={WRITTEN[way](secret)}, is refused", [secret])
        assert said == f"value={HIDDEN}, is refused"


def test_letters_of_a_short_secret_that_happen_to_follow_each_other_are_no_secret():
    assert hide("it is i am", ["iam"]) == "it is i am"


def test_nothing_else_is_touched():
    text = "the seller said: 5.00 EUR, http://10.0.0.1:3128/?a=b%20c &amp; d"
    assert hide(text, ["Un1que-Pa55word", "", "  ", "zz"]) == text
    assert hide("abcdefghij and abcdef", ["abcdef", "abcdefghij"]) == f"{HIDDEN} and {HIDDEN}"


def test_a_secret_that_is_cut_by_the_end_of_a_long_text_is_not_shown_in_part():
    secret = "Un1que-Pa55word"
    for before in range(secrets.MOST_CHARACTERS - 20, secrets.MOST_CHARACTERS):
        assert "Un1" not in hide("x" * before + secret + "y" * 1000, [secret])


def test_hiding_takes_no_longer_for_a_text_that_is_made_for_it():
    """Counted, not timed: a search that goes back and forth would not end within the patience of the test run."""
    for part in ("a", "a ", " ", "%25", "&amp;", "&amp;#000", "\\u00", "a" + " " * 99, "YWFh"):
        shown = hide(part * (secrets.MOST_CHARACTERS // len(part)), ["a" * 200, "a b " * 50, "  a   b" * 30])
        assert len(shown) <= secrets.MOST_CHARACTERS


def test_random_secrets_in_random_places():
    chance = random.Random(13)
    letters = "abcXYZ0189 +/=%&<>\"'\\.*éя€😀"
    for _ in range(300):
        secret = "".join(chance.choice(letters) for _ in range(chance.randrange(6, 30))).strip()
        if len(secret) < secrets.SHORT_CHARACTERS:
            continue
        way = chance.choice([way for way in WRITTEN if not way.startswith("base64, ")])
        assert HIDDEN in hide(f"a {WRITTEN[way](secret)} b", [secret]), (secret, way)


def test_what_the_pattern_finds_is_never_passed_over_and_a_sentence_needs_no_pattern():
    """The quick look first: it may say too often that a secret might be there, never too seldom."""
    pattern, may_show = secrets._pattern, secrets._may_show  # noqa: SLF001 - what is the same whatever hide() looks at
    chance = random.Random(29)
    letters = "abAB01 +/=%&<'\\\x01\t.\u00a0é"
    found = 0
    for _ in range(4000):
        secret = "".join(chance.choice(letters) for _ in range(chance.randrange(1, 14)))
        if not secret.strip():
            continue
        way = WRITTEN[chance.choice(list(WRITTEN))]
        pieces = [way(secret), secret, way(secret)[1:], secret[::-1], "".join(chance.choice(letters) for _ in range(9))]
        text = chance.choice(["", " ", "x", "-"]).join(chance.sample(pieces, 3))
        if pattern(secret).search(text):
            found += 1
            assert may_show(secret, text), (secret, text)
    assert found > 1000
    misses = pattern.cache_info().misses
    assert hide("Service 5 is bought: remote service 7 (5-00c0ffee).", ["Un1que-Pa55word never seen before", "пароль£"])
    assert pattern.cache_info().misses == misses


# Over the wire.


@pytest.fixture
def told(tmp_path):
    """What an error says in every string, and what the log says, when a seller repeats our password in every place."""
    secret = "pa55/w:rd & more"
    (tmp_path / "var").mkdir()

    def ask(written, template, secret=secret):
        with Server() as server:
            given = Settings(
                module=1,
                name="",
                url=f"http://127.0.0.1:{server.port}",
                username="u",
                password=secret,
                plain=True,
            )
            server.answers = [by_length(template.replace("SECRET", html.escape(written)).encode())]
            transport = Transport(given, Limits(connect_seconds=2), Log(tmp_path))
            with pytest.raises(SellerError) as caught:
                transport.call("whoami")
        error = caught.value
        said = [str(error), repr(error), str(error.params), error.object, error.value]
        if isinstance(error, Rejected):
            said += [error.seller_type, error.seller_object, str(error.seller_params), error.said]
        # A bug while it is being handled: the log shows the whole chain.
        try:
            raise ZeroDivisionError from error
        except ZeroDivisionError as bug:
            Log(tmp_path).unexpected(bug)
        return [*said, (tmp_path / "var/reseller.log").read_text()]

    ask.secret = secret
    return ask


@pytest.mark.parametrize("way", ["plain", "url", "form", "html", "base64", "parted"])
def test_no_string_of_an_error_repeats_the_password(told, way):
    written = WRITTEN[way](told.secret)
    places = '<error type="SECRET" object="SECRET" value="SECRET" SECRET><param name="SECRET">SECRET</param>'
    places = places.replace(" SECRET>", ">")
    for text in told(written, f"<doc>{places}<msg>no: SECRET!</msg></error></doc>"):
        assert written not in text
        assert told.secret not in text
    assert HIDDEN in told(written, f"<doc>{places}</error></doc>")[0]


@pytest.mark.parametrize("before", range(0, 40, 3))
def test_a_text_is_cut_only_when_the_password_has_been_taken_out(told, before):
    """Each has a limit of its own: of a type and an object, of a root's name, of a parameter."""
    written = f"{'x' * before}{told.secret}"
    filled = f"{'x' * (64 - 12 - before)}{written}"
    long = f"{'x' * (500 - 12 - before)}{written}"
    start = told.secret[:8]
    places = f'<doc><error type="{html.escape(filled)}" object="{html.escape(filled)}">'
    for text in told("", f'{places}<param name="p">{html.escape(long)}</param></error></doc>'):
        assert start not in text
    for text in told("", f"<{'x' * before}Un1que-Pa55word-and-more/>", "Un1que-Pa55word-and-more"):
        assert "Un1que" not in text


def test_a_document_that_cannot_be_parsed_shows_nothing_either(told):
    for text in told("pa55", "<doc><pa55:pa55/w:rd & more></doc>"):
        assert told.secret not in text


def test_what_a_process_handles_is_remembered_up_to_a_number(tmp_path):
    secrets.remember(*(f"secret-number-{number:03}" for number in range(100)))
    assert secrets.hide_known("secret-number-099") == HIDDEN
    assert secrets.hide_known("secret-number-000") == "secret-number-000"
    (tmp_path / "var").mkdir()
    for write in (Log(tmp_path).error, Log(tmp_path).info):
        write("said secret-number-099")
    assert (tmp_path / "var/reseller.log").read_text().count(f"said {HIDDEN}") == 2


def test_what_a_process_logs_in_with_is_never_forgotten():
    secrets.remember("its-own-password", always=True)
    secrets.remember(*(f"secret-number-{number:03}" for number in range(100)))
    assert secrets.hide_known("said its-own-password") == f"said {HIDDEN}"
