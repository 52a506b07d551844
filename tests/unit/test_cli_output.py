"""What the operator's command prints: nothing that a terminal would obey, whoever named it."""

import io
import json
import sys

import pytest

from reseller import process
from reseller.cli import main, shown
from tests.support.world import ROOT


@pytest.mark.parametrize(
    "odd", ["\x1b]0;owned\x07", "\x9b31m", "\u202egnp.exe", "a\rb", "\u2028", "\udcff", "\x00", "\u200bhidden"]
)
def test_what_a_terminal_would_obey_is_not_printed(capsys, odd):
    shown.say(f"service 7 ({odd})  active")
    shown.complain(f"refused: {odd}")
    shown.table([{"name": odd, "id": 7}], as_json=False, empty="")
    out, err = capsys.readouterr()
    for text in (out, err):
        assert all(line.isprintable() for line in text.split("\n")), ascii(text)
    assert "service 7 (" in out
    assert "?" in out


def test_lines_and_columns_stay_as_they_are(capsys):
    shown.say("Услуга 7:\n  двойной  пробел")
    assert capsys.readouterr().out == "Услуга 7:\n  двойной  пробел\n"


def test_json_has_ascii_only(capsys):
    shown.machine({"name": "\x1b\u202eй"})
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == {"name": "\x1b\u202eй"}


def test_every_command_prints_that_way():
    printing = {path.name for path in (ROOT / "reseller/cli").glob("*.py") if "print(" in path.read_text()}
    assert printing == {"shown.py"}


def test_a_terminal_without_a_sign_for_a_name_gets_its_number(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="koi8-r")
    monkeypatch.setattr(sys, "stdout", terminal)
    # The limits of a command are for its own process; here they would bind every test that comes after this one.
    monkeypatch.setattr(process, "bound", lambda: None)
    with pytest.raises(SystemExit):
        main(["resellerctl", "--version"])
    shown.say("имя 名前")
    terminal.flush()
    assert terminal.buffer.getvalue().decode("koi8-r").splitlines()[1] == "имя \\u540d\\u524d"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (7199, "1 hour"), (172800, "2 days")],
)
def test_times_are_words(seconds, words):
    assert shown.lasting(seconds) == words
