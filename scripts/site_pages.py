"""What the site has beside the pages of docs/: all messages of the program, and links that stay inside the site.

The messages are read from xml/ when the site is built, so that the page can never be behind the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parent.parent
#: pages outside of docs/ by what is led to instead
OUTSIDE = {"README": "index.md", "CHANGELOG": "changelog.md", "SECURITY": "report-a-hole.md"}
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)(?:#[^)]*)?\)")
#: from a Russian page to one that is there in English only
_TO_ENGLISH = re.compile(r"\[([^\]]+)\]\(\.\./(?:\.\./)?(\w+)\.md\)")
_PREFIX = "msg_error_"
_PLACE = re.compile(r"__(\w+?)__")
MESSAGES = "messages.md"
_HEADS = {
    "en": ("All messages", "name", "sentence"),
    "ru": ("Все сообщения", "имя", "предложение"),
}
_ABOUT = {
    "en": """\
Each sentence of the program, as its operations, tasks, commands and pages show it. The name is what logs and `--json`
call it; a word in *italics* stands for the number, name or text of the case. Each says what to do; more is in
[troubleshooting](troubleshooting.md).""",
    "ru": """\
Каждое предложение программы, как его показывают операции, задачи, команды и страницы. Имя — то, как его называют журнал
и `--json`; слово *курсивом* стоит на месте номера, имени или текста. Каждое говорит, что делать; подробнее —
[если что-то не так](troubleshooting.md).""",
}


def messages(lang: str) -> Iterator[tuple[str, str]]:
    """Name and text of each message in a language, by name."""
    found = {}
    for path in sorted((ROOT / "xml").glob("*.xml")):
        for block in ET.parse(path).iterfind(f"lang[@name='{lang}']/messages[@name='msgerror']"):  # noqa: S314 - our own files
            for msg in block.iterfind("msg"):
                found[str(msg.get("name")).removeprefix(_PREFIX)] = msg.text or ""
    yield from sorted(found.items())


def page(lang: str) -> str:
    """The page of all messages."""
    title, *heads = _HEADS[lang]
    lines = [f"# {title}", "", _ABOUT[lang], "", f"| {' | '.join(heads)} |", "|---|---|"]
    for name, text in messages(lang):
        shown = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
        emphasized = _PLACE.sub(r"*\1*", shown)
        lines.append(f"| `{name}` | {emphasized} |")
    return "\n".join(lines) + "\n"


def write_messages(app: Any) -> None:  # noqa: ANN401 - Sphinx is no package of the tests
    """Put the page of all messages beside the others; it is not kept in the tree."""
    path = Path(app.srcdir) / MESSAGES
    text = page(app.config.language)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def lead_inside(app: Any, docname: str, source: list[str]) -> None:  # noqa: ANN401 - as Sphinx calls it
    """Lead links to pages outside of docs/ to where they are on the site; one that is not there is named."""
    if app.config.language != "en":
        source[0] = _TO_ENGLISH.sub(
            lambda match: f'<a href="../{OUTSIDE.get(match[2], match[2] + ".md")[:-3]}.html">{match[1]}</a>', source[0]
        )
        return
    folder = (Path(app.srcdir) / docname).parent

    def led(match: re.Match[str]) -> str:
        path = (folder / match[2]).resolve()
        if path.is_relative_to(app.srcdir):
            return match[0]
        name = str(path.relative_to(ROOT))
        if name.removesuffix(".md") in OUTSIDE:
            return f"[{match[1]}]({'../' * docname.count('/')}{OUTSIDE[name.removesuffix('.md')]})"
        # A page or a folder of the tree that is not on the site.
        return f"{match[1]} (`{name}`)"

    source[0] = _LINK.sub(led, source[0])


def setup(app: Any) -> dict[str, bool]:  # noqa: ANN401 - as above
    """Called by Sphinx."""
    app.connect("builder-inited", write_messages)
    app.connect("source-read", lead_inside)
    return {"parallel_read_safe": True}
