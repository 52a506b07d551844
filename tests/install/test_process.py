"""Our own limits are ours alone: what a command starts, the panel's core above all, lives under those of the panel."""

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import world
from tests.support.world import CRON_PAUSE

#: keeps what it was started with and by whom, and starts a core that outlives it, as mgrctl does when none runs
MGRCTL = """#!/bin/sh
# Whoever starts us puts its own limits back right after that.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -q '^Max core file size *0 ' /proc/$PPID/limits && break
    sleep 0.1
done
cat /proc/$PPID/limits >{folder}/ours
if [ ! -e {folder}/core ]; then
    setsid sleep 600 </dev/null >/dev/null 2>&1 &
    echo $! >{folder}/core
fi
exec {kept} "$@"
"""
NAMES = {"Max data size": resource.RLIMIT_DATA, "Max core file size": resource.RLIMIT_CORE}


def limits_in(text):
    """Soft and hard limits of a process by name, of those that we set, and all lines."""
    rows = {name: re.search(rf"{name} +(\w+) +(\w+)", text).groups() for name in NAMES}
    return rows, text


@contextlib.contextmanager
def starting_a_core(shop, folder):
    mgrctl = shop.here.base / "sbin/mgrctl"
    kept = mgrctl.with_name("mgrctl.kept")
    mgrctl.rename(kept)
    mgrctl.write_text(MGRCTL.format(folder=folder, kept=kept))
    mgrctl.chmod(0o755)
    try:
        yield
    finally:
        kept.rename(mgrctl)
        if (folder / "core").exists():
            os.kill(int((folder / "core").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("soft", [resource.RLIM_INFINITY, 3 * 1024**3, 300 * 1024**2])
def test_a_core_that_a_command_starts_has_the_limits_that_the_command_was_started_with(shop, tmp_path, soft):
    item = shop.order("vds")
    shop.until_active(item)
    given = {resource.RLIMIT_DATA: soft, resource.RLIMIT_CORE: 4096 * 1024}
    hard = {number: resource.getrlimit(number)[1] for number in given}
    start = [sys.executable, "-c", START, *(f"{number}:{value}:{hard[number]}" for number, value in given.items())]
    with starting_a_core(shop, tmp_path):
        done = subprocess.run(
            [*start, "./processing/pmreseller", "--command", "sync_item", "--item", str(item)],
            cwd=shop.here.base,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (tmp_path / "core").exists(), done
        core, text = limits_in(Path(f"/proc/{(tmp_path / 'core').read_text().strip()}/limits").read_text())
        ours, _ = limits_in((tmp_path / "ours").read_text())
    for name, number in NAMES.items():
        assert core[name] == (shown(given[number]), shown(hard[number])), text
    # Between two programs that are started ours hold; mgrctl is looked at while it runs.
    most = 768 * 1024**2 if soft == resource.RLIM_INFINITY else min(soft, 768 * 1024**2)
    assert ours["Max data size"] == (shown(most), shown(hard[resource.RLIMIT_DATA]))
    assert ours["Max core file size"] == ("0", shown(hard[resource.RLIMIT_CORE]))


START = """
import os, resource, sys
words = sys.argv[1:]
while ":" in words[0]:
    number, soft, hard = map(int, words.pop(0).split(":"))
    resource.setrlimit(number, (soft, hard))
os.execv(words[0], words)
"""


def shown(limit):
    return "unlimited" if limit == resource.RLIM_INFINITY else str(limit)


THREADS = """
import resource, subprocess, sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from reseller import process
from reseller.mgr5 import programs

before = [resource.getrlimit(number) for number in (resource.RLIMIT_DATA, resource.RLIMIT_CORE)]
process.bound()
process.bound()
read = ["/bin/sh", "-c", "cat /proc/self/limits; /bin/sh -c 'cat /proc/self/limits'"]
with ThreadPoolExecutor(16) as pool:
    said = set(pool.map(lambda _: programs.run(read, 60).stdout, range(200)))
alone = subprocess.run(read, capture_output=True, check=True).stdout
assert len(said) == 1, said
assert said != {alone}
wants = Path("/proc/self/limits").read_text()
assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0, wants
assert resource.getrlimit(resource.RLIMIT_DATA)[0] == process.MEMORY_BYTES, wants
print(said.pop().decode())
"""


def test_many_threads_that_start_programs_give_each_the_same_and_keep_their_own():
    resource_text = Path("/proc/self/limits").read_text()
    start = [sys.executable, "-c", THREADS]
    before = f"resource.setrlimit(resource.RLIMIT_CORE, (4096, {resource.getrlimit(resource.RLIMIT_CORE)[1]}));"
    start[2] = f"import resource; {before}\n{THREADS}"
    done = subprocess.run(start, capture_output=True, text=True, timeout=world.WAIT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    assert limits_in(done.stdout)[0]["Max core file size"][0] == "4096"
    assert limits_in(done.stdout)[0]["Max data size"] == limits_in(resource_text)[0]["Max data size"]


GREEDY = """
from reseller import process
process.bound()
try:
    held = [bytes([1]) * 2**20 for _ in range(4096)]
except MemoryError:
    print("refused")
"""


def test_a_process_that_grows_without_end_is_refused_memory():
    done = subprocess.run([sys.executable, "-c", GREEDY], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "refused\n"


def test_a_program_that_does_not_answer_is_ended(tmp_path):
    from reseller.mgr5 import programs

    with pytest.raises(subprocess.TimeoutExpired):
        programs.run(["/bin/sh", "-c", f"echo $$ >{tmp_path}/pid; exec sleep 600"], 1)
    gone = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}")
    world.until(lambda: not gone.exists(), "it still runs", pause=CRON_PAUSE)
    assert programs.run(["/bin/cat"], 60, given=b"told").stdout == b"told"
