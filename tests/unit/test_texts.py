"""Every text exists in both languages, and every error of the code has one."""

import re
from pathlib import Path

import pytest
from lxml import etree

from reseller.audit.findings import KINDS
from reseller.ledger import problems
from reseller.lifecycle import problems as troubles
from reseller.wire import texts
from reseller.wire.errors import ResellerError

ROOT = Path(__file__).parent.parent.parent
PLUGIN = ROOT / "xml" / "billmgr_mod_pmreseller.xml"
LANGUAGES = ("en", "ru")


def blocks():
    """(language, block, name) -> text of every file of ours."""
    found = {}
    for path in ROOT.glob("xml/**/*.xml"):
        for lang in etree.parse(str(path)).iterfind("lang"):
            for block in lang.iterfind("messages"):
                for msg in block.iterfind("msg"):
                    found[lang.get("name"), block.get("name"), msg.get("name")] = (msg.text or "").strip()
    return found


def test_every_text_exists_in_russian_and_in_english():
    names = {lang: {key[1:] for key in blocks() if key[0] == lang} for lang in LANGUAGES}
    assert names["en"] == names["ru"]
    assert len(names["en"]) > 50


def test_no_text_stands_in_two_files():
    """The panel would merge them, and nobody could say which of the two counts."""
    for lang in LANGUAGES:
        keys = [
            (block.get("name"), msg.get("name"))
            for path in ROOT.glob("xml/*.xml")
            for block in etree.parse(str(path)).iterfind(f"lang[@name='{lang}']/messages")
            for msg in block.iterfind("msg")
        ]
        assert len(keys) == len(set(keys))


DRIFTS = set(problems.DIFFERENCES)


@pytest.mark.parametrize("kind", sorted(DRIFTS))
def test_the_audit_words_every_difference_by_what_is_kept_of_it(kind):
    text = blocks()["en", "msgerror", f"msg_error_{troubles.KINDS[kind].error}"]
    assert set(re.findall(r"__(\w+?)__", text)) <= {"item", "remote", "module", "here", "there"}


def test_every_kind_of_problem_is_known_to_the_audit():
    assert set(troubles.KINDS) <= set(KINDS)


def test_russian_texts_are_russian_and_none_is_empty():
    untranslatable = {"proxy", "price_pmreseller"}
    for (lang, block, name), text in blocks().items():
        assert text, (lang, block, name)
        if lang == "ru" and name not in untranslatable:
            assert re.search("[а-яё]", text.lower()), (block, name)


def test_both_languages_fill_the_same_placeholders():
    found = blocks()
    for (lang, block, name), text in found.items():
        other = found["ru" if lang == "en" else "en", block, name]
        assert set(re.findall(r"__\w+?__", text)) == set(re.findall(r"__\w+?__", other)), name


def code_types():
    """Error types that the code raises: string literals that start like one of ours."""
    not_errors = {
        "reseller_pricelist", "reseller_datacenter", "reseller_remote", "reseller_expiredate",  # fields
        "reseller_observes",  # a column
        "reseller_lease", "reseller_account", "reseller_request", "reseller_link",  # tables
        "reseller_observation", "reseller_map", "reseller_swap", "reseller_free",
        "reseller_expense", "reseller_foreseen",
    }  # fmt: skip
    found = set()
    for path in (ROOT / "reseller").rglob("*.py"):
        found |= set(re.findall(r'"(reseller_[a-z_]+)"', path.read_text()))
    return found - not_errors


def test_every_error_of_the_code_has_a_text_and_every_text_an_error():
    texts_known = {name[len("msg_error_") :] for lang, block, name in blocks() if (lang, block) == ("en", "msgerror")}
    assert texts_known == code_types()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_error_is_worded_with_its_numbers(tmp_path, lang):
    (tmp_path / "etc/xml").mkdir(parents=True)
    (tmp_path / "etc/xml" / PLUGIN.name).write_bytes(PLUGIN.read_bytes())
    said = texts.word(tmp_path, ResellerError("reseller_foreign", item=15, key="15-00c0ffee", remotes="900 (15)"), lang)
    assert "15-00c0ffee" in said
    assert "900 (15)" in said
    assert "__" not in said


def test_a_file_that_cannot_be_read_takes_no_other_with_it(tmp_path):
    (tmp_path / "etc/xml").mkdir(parents=True)
    (tmp_path / "etc/xml" / PLUGIN.name).write_bytes(PLUGIN.read_bytes())
    (tmp_path / "etc/xml/billmgr_mod_pmreseller_broken.xml").write_text("<mgrdata>")
    assert "service 5" in texts.word(tmp_path, ResellerError("reseller_gone", item=5, remote=9))


def test_a_value_cannot_smuggle_in_a_placeholder(tmp_path):
    (tmp_path / "etc/xml").mkdir(parents=True)
    (tmp_path / "etc/xml" / PLUGIN.name).write_bytes(PLUGIN.read_bytes())
    error = ResellerError("reseller_unreachable", url="__text__", text="refused")
    assert "__text__" in texts.word(tmp_path, error)


@pytest.mark.parametrize("cause", ["The seller is down.", "The seller is down"])
def test_a_sentence_within_a_sentence_ends_once(tmp_path, cause):
    (tmp_path / "etc/xml").mkdir(parents=True)
    (tmp_path / "etc/xml" / PLUGIN.name).write_bytes(PLUGIN.read_bytes())
    said = texts.word(tmp_path, ResellerError("reseller_looking", item=5, key="5-00c0ffee", cause=cause))
    assert "The seller is down. " in said


def test_a_file_that_is_no_xml_has_no_texts_and_hides_no_others(tmp_path):
    (tmp_path / "etc/xml").mkdir(parents=True)
    (tmp_path / "etc/xml" / PLUGIN.name).write_text("<mgrdata>")
    (tmp_path / "etc/xml/billmgr_mod_reseller_link.xml").write_bytes(
        PLUGIN.with_name("billmgr_mod_reseller_link.xml").read_bytes()
    )
    assert texts.word(tmp_path, ResellerError("reseller_elid", value="1, 2")).startswith('"1, 2" is not the number')
    assert texts.word(tmp_path, ResellerError("access", value="item.setremoteid")).startswith("This account may not")
    assert texts.word(tmp_path, ResellerError("reseller_link_none", item=5)) == "reseller_link_none item=5"


def test_without_its_texts_an_error_still_says_what_it_knows(tmp_path):
    assert texts.word(tmp_path, ResellerError("reseller_busy", object="item:5")) == "reseller_busy object=item:5"


def test_every_form_field_has_a_label_and_a_hint():
    known = blocks()
    for path in ROOT.glob("xml/**/*.xml"):
        for form in etree.parse(str(path)).iterfind("metadata[@type='form']"):
            for field in form.iter("field"):
                for prefix in ("", "hint_"):
                    assert ("en", form.get("name"), prefix + field.get("name")) in known
