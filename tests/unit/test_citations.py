"""What comments and pages cite is in the tree: pages of docs/, their sections, promises."""

import re
import subprocess

import pytest

from tests.support.world import ROOT

PAGES = ("platform", "selling-api", "reselling", "additions-2")
#: `platform.md 5.2`, `selling-api.md 4.1, 4.2`, `additions-2.md h 1`
_SECTION = re.compile(
    rf"({'|'.join(PAGES)})\.md ((?:[0-9]+(?:\.[0-9]+)?|[a-h](?:[ .][0-9]+)?)(?:, [0-9]+(?:\.[0-9]+)?)*)"
)
_PAGE = re.compile(r"docs/[\w/-]+\.(?:md|png)")
_PROMISE = re.compile(r"promises? ([0-9]+)")


def texts():
    """Every text of the tree but those pages themselves, by its name."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    names = [name for name in listed if name.endswith((".py", ".md", ".xml", ".tsv", "Makefile"))]
    # Decisions are not rewritten, and the last counts facts.
    others = ("docs/reference/", "docs/decisions", "tests/conformance/table.py")
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
        (name, page) for name, text in texts().items() for page in _PAGE.findall(text) if not (ROOT / page).exists()
    ]
    assert missing == []


def test_every_promise_that_is_cited_is_one():
    numbers = {int(number) for text in texts().values() for number in _PROMISE.findall(text)}
    assert numbers <= set(range(1, 13))
    assert len(numbers) > 5
