"""The panel's own menus and pages with the add-on beside them: they differ from those before by our entries only."""

import copy
import re

import pytest
import requests
from lxml import etree, html

from sandbox.core.merging import Schema
from tests.support import environment, world
from tests.support.world import ROOT

USERS = ("client1", "admin")
LANGUAGES = ("en", "ru")
#: parts of a page's document that come from interface files; the rest is data
PARTS = ("mainmenu", "metadata", "messages")
TYPED = "{itemtype}"
ITEMTYPES = ("vds", "soft", "dedic", "vhost", "softexternal", "platform", "storage", "dnshost")
OUR_MENU = [
    *("reseller", "reseller.services", "reseller.requests", "reseller.tariffs", "reseller.mapping", "reseller.prices"),
    *("reseller.forecast", "reseller.report"),
]
#: beside the key, on elements that the panel may have too: `<metadata name type>` is the documented form of an addition
DOCUMENTED = {"metadata": {"type"}}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What the same panel shows before `make install` and after it."""
    running = world.Sandbox(tmp_path_factory.mktemp("interface") / "root", "reseller")
    try:
        panel = running.at("reseller")
        before = Shown(panel)
        world.install(panel.base, environment.variables())
        yield before, Shown(panel)
    finally:
        running.stop()


class Shown:
    """All menus and stock pages of a panel, over HTTP, as a client and as an employee get them."""

    def __init__(self, panel):
        self.documents = {
            (user, lang, func): panel.ask(func, user=user, lang=lang, out="devel")
            for user in USERS
            for lang in LANGUAGES
            for func in ("menu", *stock_pages())
        }
        self.links = {user: self._links(panel, user) for user in USERS}

    def _links(self, panel, user):
        """The front's menu: where its links lead and what they are called."""
        visit = requests.Session()
        visit.headers["Accept"] = "text/html"
        fields = {"func": "auth", "username": user, "password": panel.accounts[user]["password"]}
        page = html.fromstring(visit.post(panel.http_url, data=fields, timeout=60).content)
        return [(link.get("href"), link.text) for link in page.xpath("//nav//a")]

    def nodes(self, user, menu):
        """Names in one of the two menus."""
        inside = {"mainmenu": "mainmenu//node[not(ancestor::modernmenu)]", "modernmenu": "mainmenu/modernmenu//node"}
        return [node.get("name") for node in self.documents[user, "en", "menu"].xpath(inside[menu])]


def stock_pages():
    names = [one.get("name") for one in etree.parse(ROOT / "sandbox/files/xml/billmgr.xml").iterfind("metadata")]
    return [name.replace(TYPED, itemtype) for name in names for itemtype in (ITEMTYPES if TYPED in name else ("",))]


def ours(element):
    return "reseller" in f"{element.get('name')} {element.get('func')}"


def without_ours(document):
    """The document's interface as bytes, our elements taken out."""
    kept = []
    for part in copy.deepcopy(document).iterchildren(*PARTS):
        for element in [one for one in part.iter(etree.Element) if one is not part and ours(one)]:
            element.getparent().remove(element)
        kept.append(re.sub(rb">\s+<", b"><", etree.tostring(part, method="c14n")))
    return kept


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("menu", ["mainmenu", "modernmenu"])
def test_the_menu_has_everything_it_had(shown, user, menu):
    before, after = shown
    was = before.nodes(user, menu)
    assert was
    assert [name for name in after.nodes(user, menu) if name not in OUR_MENU] == was


@pytest.mark.parametrize(("user", "entries"), [("client1", []), ("admin", OUR_MENU)])
@pytest.mark.parametrize("menu", ["mainmenu", "modernmenu"])
def test_our_entries_are_in_the_menu_of_employees_only(shown, user, entries, menu):
    before, after = shown
    assert not set(OUR_MENU) & set(before.nodes(user, menu))
    assert [name for name in after.nodes(user, menu) if name in OUR_MENU] == entries


def test_a_person_finds_every_entry_where_it_was(shown):
    before, after = shown
    assert len(before.links["client1"]) > 5
    assert after.links["client1"] == before.links["client1"]
    added = [link for link in after.links["admin"] if link not in before.links["admin"]]
    assert [link for link in after.links["admin"] if link not in added] == before.links["admin"]
    assert [href for href, _ in added] == [f"?func={name}" for name in OUR_MENU[1:]]


def test_every_page_that_the_panel_has_is_what_it_was_but_for_our_elements(shown):
    before, after = shown
    assert without_ours(before.documents["client1", "en", "vds"])
    changed = {
        key
        for key, document in before.documents.items()
        if without_ours(document) != without_ours(after.documents[key])
    }
    assert changed == set()


@pytest.mark.parametrize("file", sorted(ROOT.glob("xml/*.xml")), ids=lambda file: file.stem)
def test_what_the_panel_may_have_too_gets_nothing_but_elements_of_ours(file):
    """The panel's own file may say anything of an element that both have, and the later one wins."""
    schema = Schema(ROOT / "sandbox/files/xml/schema")

    def check(element, path):
        if ours(element) or element.tag == "handler":
            return
        keys = set(schema.rule(*path).keys) | DOCUMENTED.get(element.tag, set())
        assert set(element.attrib) <= keys, etree.tostring(element)[:200]
        children = list(element.iterchildren(etree.Element))
        assert children, f"{'/'.join(path)} of the panel would be replaced: {etree.tostring(element)[:200]}"
        for child in children:
            check(child, (*path, child.tag))

    for element in etree.parse(file).getroot().iterchildren(etree.Element):
        check(element, (element.tag,))
