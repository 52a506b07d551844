"""What comments and pages cite is in the tree: files, pages of docs/, their sections, promises, commands, options."""

import argparse
import re
import subprocess
from importlib import import_module

import pytest
from lxml import etree

from reseller.cli import COMMANDS
from reseller.pages.functions import FUNCTIONS
from reseller.products import PRODUCTS
from tests.support.world import ROOT

PAGES = ("platform", "selling-api", "reselling", "additions-2")
#: `platform.md 5.2`, `selling-api.md 4.1, 4.2`, `additions-2.md h 1`
_SECTION = re.compile(
    rf"({'|'.join(PAGES)})\.md ((?:[0-9]+(?:\.[0-9]+)?|[a-h](?:[ .][0-9]+)?)(?:, [0-9]+(?:\.[0-9]+)?)*)"
)
_PAGE = re.compile(r"(?:sandbox/)?docs/[\w/-]+\.(?:md|png)")
_PROMISE = re.compile(r"promises? ([0-9]+)")


def texts():
    """Every text of the tree but those pages themselves, by its name."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    names = [name for name in listed if name.endswith((".py", ".md", ".xml", ".tsv", "Makefile"))]
    # Decisions are not rewritten, and the last counts facts.
    others = ("docs/reference/", "docs/decisions", "sandbox/tests/conformance/table.py")
    names = [name for name in names if not name.startswith(others)]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in names}


def sections(page):
    """The sections of a page, and the numbered facts of its chapters."""
    found, chapter = set(), ""
    for line in (ROOT / f"docs/reference/{page}.md").read_text(encoding="utf-8").splitlines():
        head = re.match(r"#+ \(?([0-9]+(?:\.[0-9]+)?|[a-h](?:\.[0-9]+)?)\)?\.? ", line)
        fact = re.match(r"([0-9]+)\. ", line)
        if head:
            chapter = head[1].partition(".")[0]
            found.add(head[1])
        elif fact:
            found |= {f"{chapter} {fact[1]}", f"{chapter}.{fact[1]}"}
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_section_that_is_cited_is_there(page):
    known = sections(page)
    assert len(known) > 20
    missing = [
        (name, cited)
        for name, text in texts().items()
        for found in _SECTION.finditer(text)
        if found[1] == page
        for cited in found[2].split(", ")
        if cited not in known
    ]
    assert missing == []


def test_every_page_that_is_cited_is_there():
    missing = [
        (name, page)
        for name, text in texts().items()
        for page in _PAGE.findall(text)
        if not any((folder / page).exists() for folder in (ROOT, (ROOT / name).parent))
    ]
    assert missing == []


def test_every_promise_that_is_cited_is_one():
    numbers = {int(number) for text in texts().values() for number in _PROMISE.findall(text)}
    assert numbers <= set(range(1, 13))
    assert len(numbers) > 5


#: `lifecycle/open.py` anywhere, `(open.py)` of the same folder
_FILE = re.compile(r"(?<![\w/.~-])((?:[\w-]+/)+[\w-]+\.(?:py|xml|tsv|sh|patch))(?![\w*])")
_NEIGHBOUR = re.compile(r"\(([a-z_]+\.py)[,)]")
#: where a path that is no path of the tree's top may begin
_BELOW = ("", "reseller", "tests", "sandbox", "sandbox/files", "sandbox/files/tree")


def test_every_file_that_is_cited_is_there():
    missing = []
    for name, text in texts().items():
        if name == "CHANGELOG.md" or (name.startswith(("tests/", "sandbox/")) and not name.endswith(".md")):
            # What an operator read then, and files that a test or a panel makes.
            continue
        folder = (ROOT / name).parent
        for cited in _FILE.findall(text):
            bases = (*(ROOT / base for base in _BELOW), folder, folder.parent)
            is_of_a_panel = cited.startswith("etc/") or "NAME" in cited or "hello" in cited
            if not is_of_a_panel and not any((base / cited).exists() for base in bases):
                missing.append((name, cited))
        if name.endswith(".py"):
            missing += [(name, cited) for cited in _NEIGHBOUR.findall(text) if not (folder / cited).exists()]
    assert missing == []


def options(command):
    """The words of its help that begin with dashes."""
    parser = argparse.ArgumentParser()
    import_module(f"reseller.cli.{COMMANDS[command][0]}").define(parser)
    return set(re.findall(r"--[a-z-]+", parser.format_usage())) - {"--help"}


def test_the_operators_page_has_every_command_with_its_options_and_every_page():
    guide = (ROOT / "docs/operators.md").read_text(encoding="utf-8")
    assert [command for command in COMMANDS if f"resellerctl {command}" not in guide] == []
    assert [(command, word) for command in COMMANDS for word in options(command) if word not in guide] == []
    # The filter of a list belongs to the list.
    pages = {name.removesuffix(".filter") for name in FUNCTIONS}
    assert [name for name in pages if name not in guide] == []


def test_what_a_page_links_to_is_there():
    links = [
        (name, link)
        for name, text in texts().items()
        if name.endswith(".md")
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
        # The page of all messages is read from xml/ when the site is built (scripts/site_pages.py).
        if not re.match(r"[a-z]+:", link) and link != "messages.md"
    ]
    assert len(links) > 50
    assert [(name, link) for name, link in links if not ((ROOT / name).parent / link).exists()] == []


def test_every_product_type_stands_in_the_panels_files_too():
    """The panel reads its types there (docs/howto/product-type.md)."""
    catalogue = etree.parse(ROOT / "xml/billmgr_mod_pmreseller.xml")
    assert {each.get("name") for each in catalogue.iterfind(".//type")} == set(PRODUCTS)
    for file in ("lists", "rights"):
        text = (ROOT / f"xml/billmgr_mod_reseller_{file}.xml").read_text(encoding="utf-8")
        assert [name for name in PRODUCTS if f'"{name}' not in text] == []


def test_a_refusal_of_a_field_that_is_ordered_is_known_to_prove_that_nothing_was():
    """What no row names is looked for like a lost answer, which takes minutes (reseller/seller/proofs.tsv)."""
    rows = [line.split("\t") for line in (ROOT / "reseller/seller/proofs.tsv").read_text().splitlines()]
    named = {
        (row[0], row[1]): set(row[2].split(",")) for row in rows if len(row) == len(("call", "type", "object", "why"))
    }
    fields = {field for product in PRODUCTS.values() for field in product.order_fields}
    for call in (("*.order.param", "value"), ("*.order.param", "missed")):
        assert fields <= named[call], (call, fields - named[call])
    # A new operating system is no change of a form, and neither is a recipe.
    assert fields - {"recipe"} <= named["*.edit", "value"]
