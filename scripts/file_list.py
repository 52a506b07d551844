"""Writes docs/files.md and docs/files-sandbox.md: each Python file in a line, by the beginning of its docstring.

Of the tests only what they have in common: a test's name is a sentence of its own. `--check` writes nothing, and ends
with 1 if a page is not as it would be written.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: by page: its title, and the folders and files it lists
PAGES = {
    "docs/files.md": ("Every Python file of the program in a line", ("reseller/", "scripts/", "tests/")),
    "docs/files-sandbox.md": ("Every Python file of the stand-in in a line", ("sandbox/",)),
}
#: folders of which no file is listed but those named
TESTS, SHARED = ("tests/", "sandbox/tests/"), ("tests/support/", "tests/chaos/", "tests/conftest.py")
HEAD = """# {title}

Made by `make files` from the beginning of each docstring; of the tests only what they share. The rules by subject:
[architecture.md](architecture.md).
"""


def files(rooms: tuple[str, ...]) -> list[Path]:
    """The Python files below these folders that git knows or would take, by folder and name."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *rooms]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    ours = {name for name in names if name.endswith(".py") and (name.startswith(SHARED) or not name.startswith(TESTS))}
    return sorted((ROOT / name for name in ours if (ROOT / name).exists()), key=lambda path: (path.parent, path.name))


def sentence(path: Path) -> str:
    """The first paragraph of a file's docstring on one line; empty if it has none."""
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    words = " ".join(told.split("\n\n")[0].split())
    # Between backticks a page shows what is written.
    return "`".join(part if code % 2 else part.replace("<", "&lt;") for code, part in enumerate(words.split("`")))


def page(title: str, rooms: tuple[str, ...]) -> str:
    """The whole page."""
    lines, folder = [HEAD.format(title=title)], None
    for path in files(rooms):
        told = sentence(path)
        if not told:
            continue
        if path.parent != folder:
            folder = path.parent
            lines.append(f"\n## {folder.relative_to(ROOT)}/\n")
        lines.append(f"- `{path.name}`: {told}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them."""
    made = {ROOT / name: page(*of) for name, of in PAGES.items()}
    if arguments == ["--check"]:
        return int(any(path.read_text(encoding="utf-8") != text for path, text in made.items()))
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
