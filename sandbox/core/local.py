"""The core's side of sbin/mgrctl: its options, its formats, its exit codes (platform.md 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.core import callers, dispatch, output, texts
from sandbox.core.documents import elem
from sandbox.core.errors import PanelError, missing
from sandbox.core.panel import MANAGER
from sandbox.core.registry import FUNCTIONS, find
from sandbox.core.request import LOCAL_ROOT, Origin, Request

if TYPE_CHECKING:
    from sandbox.core.panel import Panel

from lxml import etree

GREETING = b"SANDBOX 1"
_FLAGS = {"-i": ("help", True), "-l": ("suspend", True), "-u": ("suspend", False)}
FORMATS = ("text", "xml", "devel", "json", "sjson", "xjson", "bjson")


@dataclass
class CommandLine:
    """What the words of a mgrctl call say. Options may also follow the function (platform.md 3.1)."""

    manager: str = ""
    out: str = "text"
    func: str = ""
    help: bool = False
    suspend: bool | None = None
    """`-l` suspends the panel, `-u` resumes it (platform.md 3.1)."""
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    code: int
    out: bytes
    err: bytes

    def encode(self) -> bytes:
        return b"%d %d %d\n" % (self.code, len(self.out), len(self.err)) + self.out + self.err


def parse_words(words: list[str]) -> CommandLine:
    """Raises PanelError for a word that is neither an option, nor the function, nor name=value."""
    line = CommandLine()
    waiting = ""
    for word in words:
        if waiting:
            if waiting == "-m":
                line.manager = word
            else:
                line.out = word
            waiting = ""
        elif word.startswith("\1"):  # the value of -e, read from the environment by mgrctl itself
            name, _, value = word[1:].partition("=")
            line.params[name] = value
        elif word in ("-m", "-o"):
            waiting = word
        elif word.startswith(("-m", "-o")) and len(word) > 2:
            waiting = ""
            setattr(line, "manager" if word[1] == "m" else "out", word[2:])
        elif word in _FLAGS:
            setattr(line, *_FLAGS[word])
        elif "=" in word and not word.startswith("-"):
            name, _, value = word.partition("=")
            line.params[name] = value
        elif word.startswith("-") or line.func:
            raise PanelError("value", "option", word)
        else:
            line.func = word
    line.out = line.params.pop("out", line.out)
    return line


def handle(panel: Panel, message: bytes) -> Reply:
    """One call of mgrctl from its bytes to the bytes it prints."""
    greeting, nested, ssh, *raw = message.split(b"\0")
    if greeting != GREETING:
        return Reply(1, b"ERROR client(protocol, mgrctl)\n", b"")
    words = [word.decode("utf-8", "replace") for word in raw]
    origin = Origin(ip=ssh.decode("utf-8", "replace").split(" ")[0] or "-", local=True, nested=nested.decode())
    line = CommandLine()
    try:
        line = parse_words(words)
        if line.manager not in ("", MANAGER):
            raise missing("manager", line.manager)
        if line.out not in FORMATS:
            raise PanelError("value", "out", line.out)
        if line.suspend is not None:
            (panel.suspended.set if line.suspend else panel.suspended.clear)()
            return Reply(0, b"OK\n", b"")
        if not line.func and not line.params and not line.help:
            return Reply(0, b"OK\n", b"")  # `mgrctl -R` alone: the restart is done by then
        if line.help:
            return Reply(0, output.render(_help(panel, line), line.out), b"")
        document = _call(panel, line, origin)
    except PanelError as error:
        request = Request(line.func, line.params, LOCAL_ROOT, origin)
        document = dispatch.error_document(panel, request, error)
    return _reply(panel, document, line.out if line.out in FORMATS else "text")


def _call(panel: Panel, line: CommandLine, origin: Origin) -> etree._Element:
    params = dict(line.params)
    func = line.func or params.get("func", "")
    caller = LOCAL_ROOT
    if params.get("auth"):
        caller = callers.by_session(panel, params["auth"], "", func)
    if params.get("su"):
        caller = callers.by_name(panel, params["su"])
    if line.func and "func" in params:
        params["forfunc"] = params["func"]  # `sandbox.fault func=<glob>`: a parameter, not the function to call
    params["func"] = func
    lang = texts.chosen_lang(params.get("lang", "en"))
    return dispatch.answer(panel, Request(func, params, caller, origin, lang, line.out))


def _reply(panel: Panel, document: etree._Element, out: str) -> Reply:
    """An error's line goes to stderr too: one known caller reads it there, another in the text (platform.md 3.2)."""
    data = output.render(document, out)
    if out != "text" and not data.endswith(b"\n"):
        data += b"\n"
    error = document.find("error")
    if error is None:
        return Reply(0, data, b"")
    line = output.error_line(error).encode() + b"\n"
    code = 1 if out == "text" else int(panel.switches["structured_error_exit"])
    return Reply(code, data, line if code else b"")


def _help(panel: Panel, line: CommandLine) -> etree._Element:
    """`-i`: the functions of this panel, those of plug-ins too, or what one of them is (platform.md 3.1)."""
    document = etree.Element("doc")
    known = {name: (one.level, one.summary) for name, one in FUNCTIONS.items() if not dispatch.absent(panel, name)}
    typed = find(line.func, panel.itemtypes())
    if typed is not None and not dispatch.absent(panel, line.func):
        known[line.func] = (typed[0].level, typed[0].summary)
    known.update({name: (panel.plugins.level_of(name), "function of a plug-in") for name in panel.plugins.functions})
    for name, (level, summary) in sorted(known.items()):
        if line.func in ("", name):
            elem(document, {"name": name, "level": level, "desc": summary})
    if line.func:
        labels = panel.plugins.messages(texts.chosen_lang(line.params.get("lang", "en")), line.func)
        for name in panel.plugins.form_fields(line.func):
            elem(document, {"param": name, "desc": labels.get(name, "")})
    return document
