"""Where the ledger belongs: one machine and one tree, written down once."""

import pytest

from reseller.ledger import installation
from reseller.wire.errors import Moved


def test_the_first_run_writes_down_where_it_is_and_no_later_one_does(db, base, tmp_path):
    assert installation.of(db) == installation.here(base)
    installation.note(db, tmp_path)
    assert installation.of(db) == installation.here(base)
    installation.require(db, base)


def test_another_tree_on_the_same_machine_is_another_place(db, base, tmp_path):
    with pytest.raises(Moved) as caught:
        installation.require(db, tmp_path)
    here = installation.here(base)
    assert (caught.value.params["host_was"], caught.value.params["path_was"]) == (here.host, here.path)
    assert caught.value.params["path"] == str(tmp_path)


def test_the_same_tree_on_another_machine_is_another_place_and_its_id_is_not_shown(monkeypatch, tmp_path):
    marks, ids = [], ["0123456789abcdef0123456789abcdef\n", "fedcba9876543210fedcba9876543210\n", "uninitialized\n", ""]
    for number, text in enumerate(ids):
        file = tmp_path / str(number)
        file.write_text(text)
        monkeypatch.setattr(installation, "_MACHINE_IDS", (str(tmp_path / "none"), str(file)))
        marks.append(installation.here(tmp_path).mark)
    assert len(set(marks)) == 3
    assert marks[2] == marks[3]
    assert not any(text.strip() in mark for text, mark in zip(ids[:2], marks))


def test_a_ledger_that_has_lost_its_place_is_at_none(db, base):
    kept = installation.of(db)
    db.execute("DELETE FROM reseller_place")
    with pytest.raises(Moved):
        installation.require(db, base)
    installation.note(db, base)
    assert installation.of(db) == kept
