"""The README and docs/ say what there is."""

import re
import subprocess
import sys

from sandbox import tables
from sandbox.tests.panels import CHECKOUT

README = CHECKOUT / "sandbox/README.md"
PAGES = sorted(CHECKOUT.glob("sandbox/docs/*.md"))


def run(*words):
    command = [sys.executable, "-m", "sandbox", *map(str, words)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout


def test_the_tables_are_those_of_the_program():
    """When this fails: python -m sandbox functions --refresh sandbox/docs/*.md"""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert [page.name for page, text in zip(PAGES, texts) if tables.refreshed(text) != text] == []
    assert [name for name in tables.TABLES if f"<!-- table {name} -->" not in "".join(texts)] == []


def test_every_command_is_described():
    commands = re.search(r"\{([a-z,]+)\}|COMMAND\n((?:    [a-z]+.*\n(?:     .*\n)*)+)", run("--help"))
    names = re.findall(r"^    ([a-z]+)", commands[2], re.MULTILINE)
    text = README.read_text(encoding="utf-8")
    assert "up" in names
    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_functions_are_listed_with_their_facts():
    lines = {line.split()[0]: line for line in run("functions").splitlines()}
    assert "platform.md 4.2" in lines["whoami"]
    places = r"platform\.md|selling-api\.md|reselling\.md|additions-2\.md|of the stand-in"
    assert [line for line in lines.values() if not re.search(places, line)] == []


def test_a_files_tables_are_made_anew(tmp_path):
    file = tmp_path / "page.md"
    file.write_text("<!-- table faults -->\nstale table\n<!-- end -->\n")
    run("functions", "--refresh", file)
    assert "stale table" not in file.read_text()
    assert "`reply_lost`" in file.read_text()


def test_the_smallest_plug_in_of_the_docs_works(up, tmp_path):
    """The lines of the page, with this sandbox's root."""
    section = README.read_text(encoding="utf-8").split("The smallest plug-in:")[1]
    script = section.split("```")[1].replace("/tmp/panels", str(up.root)).replace("python ", f"{sys.executable} ")
    command = f"cd {tmp_path}\nexport PYTHONPATH={CHECKOUT}\n{script}"
    done = subprocess.run(["/bin/sh", "-ec", command], capture_output=True, text=True, check=False)
    assert "<greeting>hello client1</greeting>" in done.stdout, done.stderr
