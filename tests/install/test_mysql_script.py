"""`make mysql`: where it looks for a server is made of the sources that the machine has."""

import subprocess

from tests.support.world import ROOT


def sources(tmp_path, name, text):
    """What becomes of a file of apt's sources, as lines."""
    file = tmp_path / name
    file.write_text(text)
    done = subprocess.run([ROOT / "scripts/mysql.sh", "sources", file], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_line_keeps_its_options_and_its_place(tmp_path):
    text = """
# deb http://commented.invalid/debian stable main
deb [arch=amd64 signed-by=/keys/one.gpg] http://mirror.invalid/debian stable main contrib
deb http://mirror.invalid/debian stable-updates main
deb http://security.invalid/debian-security stable-security main
deb-src http://mirror.invalid/debian stable main
deb http://others.invalid/product product main
deb http://flat.invalid/ ./
"""
    assert sources(tmp_path, "one.list", text) == [
        "deb [arch=amd64 signed-by=/keys/one.gpg] http://mirror.invalid/debian sid main"
    ]


def test_a_stanza_keeps_its_key_and_its_options(tmp_path):
    text = """# of the installer
Types: deb deb-src
URIs: http://mirror.invalid/debian
Suites: testing testing-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY
Check-Valid-Until: no

Types: deb
URIs: http://security.invalid/debian-security
Suites: testing-security
Components: main

Types: deb
Enabled: no
URIs: http://off.invalid/debian
Suites: testing
Components: main

Types: deb-src
URIs: http://sources.invalid/debian
Suites: testing
Components: main
"""
    assert sources(tmp_path, "one.sources", text) == [
        "URIs: http://mirror.invalid/debian",
        "Signed-By:",
        " -----BEGIN PGP PUBLIC KEY BLOCK-----",
        " .",
        " mDMEY",
        "Check-Valid-Until: no",
        "Types: deb",
        "Suites: sid",
        "Components: main",
        "",
    ]


def test_suites_and_types_on_lines_of_their_own_are_read(tmp_path):
    text = "types:\n deb\nuris: http://mirror.invalid/debian\nsuites:\n unstable\n experimental\ncomponents: main\n"
    assert sources(tmp_path, "one.sources", text) == [
        "uris: http://mirror.invalid/debian",
        "Types: deb",
        "Suites: sid",
        "Components: main",
        "",
    ]
