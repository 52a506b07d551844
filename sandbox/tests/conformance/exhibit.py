"""A plug-in made to be looked at: it writes down what its handlers were given and answers what was laid out."""

import contextlib
import json

from sandbox.tests.panels import until

PROGRAM = """#!/usr/bin/env python3
import json, os, sys
name = os.path.basename(sys.argv[0])
data = sys.stdin.buffer.read().decode("utf-8")
call = {"env": dict(os.environ), "stdin": data, "cwd": os.getcwd(), "uid": os.getuid(), "argv": sys.argv[1:],
        "name": name}
with open("tmp/exhibit.calls", "a", encoding="utf-8") as file:
    file.write(json.dumps(call) + "\\n")
answers = {}
if os.path.exists("tmp/exhibit.answers"):
    answers = json.load(open("tmp/exhibit.answers", encoding="utf-8"))
stage, func = os.environ.get("EVENT_TYPE", ""), os.environ.get("PARAM_func", "")
for key in (f"{name} {stage} {func}", f"{stage} {func}", func):
    if key in answers:
        code, text = answers[key]
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.exit(code)
print(data if data.startswith("<?xml") else "<doc/>")
"""
HANDLERS = ("exhibit", "exhibit_cgi", "exhibit_low", "exhibit_high", "exhibit_back", "exhibit_soft")


class Exhibit:
    """The plug-in in one panel."""

    def __init__(self, panel):
        self.panel = panel
        self._calls = panel.base / "tmp/exhibit.calls"
        self._answers = panel.base / "tmp/exhibit.answers"

    def install(self, *files):
        """`(name, text)` of files of etc/xml, then a restart."""
        for name in HANDLERS:
            self.panel.install("addon", name, PROGRAM)
        for name, text in files:
            self.panel.install("etc/xml", name, text)
        self.restart()

    def restart(self):
        self.panel.mgrctl("exit")
        self.panel.call("sandbox.queue")  # no handler hangs on it

    def clear(self):
        for file in (self._calls, self._answers):
            file.unlink(missing_ok=True)

    def answer(self, key, text, code=0):
        """What handlers print for a function, `stage func` or `handler stage func`."""
        known = json.loads(self._answers.read_text()) if self._answers.exists() else {}
        self._answers.write_text(json.dumps({**known, key: [code, text]}))

    def calls(self, least=1):
        """Calls so far, waited for."""
        until(lambda: len(self._lines()) >= least, f"not {least} calls")
        return [json.loads(line) for line in self._lines()]

    def _lines(self):
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def none(self):
        return not self._calls.exists()


@contextlib.contextmanager
def shown(panel, file, xml):
    """The exhibit with one interface file, in a panel that is left as it was."""
    made = Exhibit(panel)
    made.install((file, xml))
    yield made
    (panel.base / "etc/xml" / file).unlink()
    made.clear()
    made.restart()
