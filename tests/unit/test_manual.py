"""The manual says something of each problem, state, metric, alarm and command that there is, in both languages."""

import importlib
import json
import re
import subprocess
import sys

import pytest

from reseller.cli import COMMANDS, _parser
from reseller.ledger.states import State
from reseller.lifecycle import problems
from reseller.sync import metrics
from tests.support.world import ROOT

DOCS = ROOT / "docs"
MONITORING = DOCS / "monitoring"
METRICS = {metrics.PREFIX + name for name in metrics.HELP}
#: labels that the program gives to its figures, beside what Prometheus itself adds
LABELS = {"module", "kind", "state", "outcome", "operation", "instance", "currency", "days"}
PAGES = [path for folder in ("", "ru", "howto") for path in sorted((DOCS / folder).glob("*.md"))]
# What `make docs` has left is no page of ours.
PAGES = [path for path in PAGES if path.name != "messages.md"]
BOTH = ["troubleshooting.md", "operators.md", "index.md"]


def sections(page):
    """Of a page of two levels: what stands below each heading, in order."""
    return re.split(r"(?m)^#{2,3} .*$", page.read_text(encoding="utf-8"))


def first_cells(text):
    return re.findall(r"(?m)^\| `([a-z_]+)` \|", text)


def tables(page):
    """The first cells of each table that begins with a word in code."""
    return [cells for part in sections(page) if (cells := first_cells(part))]


@pytest.mark.parametrize("folder", ["", "ru"])
def test_each_kind_of_problem_and_each_state_has_a_row_that_says_what_to_do(folder):
    kinds, states = tables(DOCS / folder / "troubleshooting.md")
    assert kinds == sorted(problems.KINDS)
    assert sorted(states) == sorted(map(str, State))
    rows = re.findall(r"(?m)^\| `[a-z_]+` \|.*\| (.*) \|$", (DOCS / folder / "troubleshooting.md").read_text())
    assert [row for row in rows if len(row) < 6] == []


@pytest.mark.parametrize("name", ["troubleshooting.md"])
def test_the_russian_page_has_all_that_the_english_one_has(name):
    english, russian = ((DOCS / folder / name).read_text(encoding="utf-8") for folder in ("", "ru"))
    assert len(re.findall(r"(?m)^#+ ", english)) == len(re.findall(r"(?m)^#+ ", russian))
    verbs = [re.findall(r"resellerctl ([a-z]+)", text) for text in (english, russian)]
    assert set(verbs[0]) == set(verbs[1])
    assert tables(DOCS / name) == tables(DOCS / "ru" / name)


@pytest.mark.parametrize("path", [path for path in PAGES if path.parent.name == "ru"], ids=lambda path: path.name)
def test_a_russian_page_is_russian(path):
    prose = re.sub(r"(?m)`[^`]*`|\]\([^)]*\)|^    .*$", "", path.read_text(encoding="utf-8"))
    letters = re.findall(r"[^\W\d_]", prose)
    assert sum("а" <= letter.lower() <= "ё" for letter in letters) > len(letters) / 2


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_each_command_that_a_page_names_is_there(path):
    named = re.findall(r"(?<![\w/])resellerctl ([a-z]+)", path.read_text(encoding="utf-8"))
    # After its name in prose, such as "what resellerctl has".
    prose = {"and", "has", "is", "or", "shows", "to", "with"}
    assert [name for name in named if name not in COMMANDS and name not in prose] == []


def test_each_option_that_troubleshooting_gives_to_a_command_is_there(capsys):
    text = (DOCS / "troubleshooting.md").read_text() + (DOCS / "ru/troubleshooting.md").read_text()
    text += (DOCS / "ru/operators.md").read_text() + (DOCS / "backup.md").read_text() + (DOCS / "faq.md").read_text()
    used = {}
    for name, rest in re.findall(r"resellerctl ([a-z]+)([^`\n#]*)", text):
        used.setdefault(name, set()).update(re.findall(r"(--[a-z-]+)", rest))
    for name, options in used.items():
        with pytest.raises(SystemExit):
            _parser([name, "--help"]).parse_args([name, "--help"])
        shown = capsys.readouterr().out
        assert [option for option in options if option not in shown] == [], name


def test_each_metric_has_a_row_and_each_row_a_metric():
    rows = re.findall(r"(?m)^\| (`reseller_.*?) \|", (DOCS / "metrics.md").read_text())
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == METRICS


def expressions():
    """Each expression of the rules and of the dashboard."""
    rules = re.findall(r"(?m)^ +expr: (.*)$", (MONITORING / "reseller.rules.yml").read_text())
    board = json.loads((MONITORING / "grafana.json").read_text())
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked = [each["query"]["query"] for each in board["templating"]["list"] if isinstance(each["query"], dict)]
    assert (len(rules), len(shown) > 12, len(asked)) == (13, True, 2)
    return rules + shown + asked


def test_what_is_alarmed_and_drawn_is_written():
    named = {name for text in expressions() for name in re.findall(r"reseller_\w+", text)}
    assert named <= METRICS
    labels = {
        label
        for text in expressions()
        for inside in re.findall(r"\{(.*?)\}", text)
        for label in re.findall(r"(\w+)(?:=~|!=|!~|=)", inside)
    }
    assert labels <= LABELS
    drawn = {name for text in expressions()[13:] for name in re.findall(r"reseller_\w+", text)}
    assert drawn == METRICS, "the dashboard shows all of them"


def test_each_kind_that_an_alarm_names_is_one():
    text = (MONITORING / "reseller.rules.yml").read_text()
    kinds = {kind for found in re.findall(r'kind=~?"([\w|]+)"', text) for kind in found.split("|")}
    assert kinds <= set(problems.KINDS)
    assert len(kinds) > 20


def test_each_alarm_has_a_row_an_action_and_both_languages():
    text = (MONITORING / "reseller.rules.yml").read_text()
    alarms = re.findall(r"- alert: (\w+)", text)
    assert re.findall(r"(?m)^\| `(Reseller\w+)` \|", (DOCS / "metrics.md").read_text()) == alarms
    for word in ("summary:", "summary_ru:", "action:", "severity:"):
        assert text.count(word) == len(alarms)


def test_the_dashboard_can_be_imported_and_provisioned():
    text = (MONITORING / "grafana.json").read_text()
    board = json.loads(text)
    assert (board["id"], "uid" in board, "__inputs" in board) == (None, False, False)
    assert board["templating"]["list"][0]["type"] == "datasource"
    sources = [panel["datasource"] for panel in board["panels"]]
    assert {source["uid"] for source in sources} == {"${datasource}"}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert max(panel["gridPos"]["x"] + panel["gridPos"]["w"] for panel in board["panels"]) <= 24


def test_prometheus_takes_the_rules_and_they_alarm_when_they_should():
    found = subprocess.run([ROOT / "scripts/promtool.sh"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    promtool = found.stdout.strip()
    for words in (["check", "rules", "reseller.rules.yml"], ["test", "rules", "reseller.rules.test.yml"]):
        done = subprocess.run([promtool, *words], cwd=MONITORING, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_of_all_messages_has_each_of_them_in_both_languages():
    sys.path.insert(0, str(ROOT / "scripts"))
    site_pages = importlib.import_module("site_pages")
    english, russian = dict(site_pages.messages("en")), dict(site_pages.messages("ru"))
    assert set(english) == set(russian)
    assert {each.error for each in problems.KINDS.values()} <= set(english)
    for lang in ("en", "ru"):
        page = site_pages.page(lang)
        assert page.count("\n| `") == len(english)
        assert "__" not in page


@pytest.mark.parametrize("name", BOTH)
def test_a_page_that_is_on_both_sites_is_there_twice(name):
    assert (DOCS / name).exists()
    assert (DOCS / "ru" / name).exists()


def test_each_page_is_on_the_site():
    listed = {}
    for folder in ("", "ru"):
        text = (DOCS / folder / "index.md").read_text()
        blocks = re.findall(r"(?s)```\{toctree\}(.*?)```", text)
        lines = [line for block in blocks for line in block.splitlines()]
        listed[folder] = {line for line in lines if line and not line.startswith(":")}
    english = {str(path.relative_to(DOCS))[:-3] for path in DOCS.rglob("*.md") if "ru" not in path.parts}
    assert english - {"README", "index"} | {"messages"} == listed[""]
    russian = {path.stem for path in (DOCS / "ru").glob("*.md")}
    assert russian - {"index"} | {"messages"} == listed["ru"]
