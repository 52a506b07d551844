"""The commands of the troubleshooting pages, whole, as they are written: none is one that the program does not take."""

import re
import shlex

from tests.support.world import ROOT

#: exit code of a command line that is none; doctor has it for what could not be looked at
USAGE = 2
#: of no service, tariff or module: such a command is refused and changes nothing
NOBODY = "999999999"
PLACES = re.compile(r"\b(SERVICE|REMOTE|TARIFF|MODULE|УСЛУГА|УДАЛЁННАЯ|ТАРИФ|МОДУЛЬ)\b")


def commands():
    """What stands in code on either page, without what carries it out."""
    texts = [(ROOT / folder / "troubleshooting.md").read_text(encoding="utf-8") for folder in ("docs", "docs/ru")]
    named = [found for text in texts for found in re.findall(r"`resellerctl ([^`]+)`", text.replace("\n", " "))]
    named += [found for text in texts for found in re.findall(r"(?m)^    resellerctl (.+?)(?: +#.*)?$", text)]
    return sorted({PLACES.sub(NOBODY, each).replace(" --yes", "") for each in named})


def test_each_command_is_one_that_the_program_takes(shop, tmp_path):
    found = commands()
    assert len(found) > 30
    for command in found:
        words = [str(tmp_path / word) if word.endswith(".tar.gz") else word for word in shlex.split(command)]
        done = shop.ctl(*words)
        told = (done.stdout + done.stderr).decode()
        assert "Traceback" not in told, command
        assert done.returncode != USAGE or words[0] == "doctor", f"{command}: {told}"
