"""The archive for whoever helps from afar: complete enough to help, and without anything that names anybody."""

import json
import socket
import tarfile
from base64 import b64encode
from pathlib import Path

import pytest

from reseller.doctor import support
from reseller.doctor.scrub import Scrub
from reseller.mgr5.panel import Panel

CANARIES = {
    "password": "Zx9-kanarienvogel!7",
    "domain": "geheim-kunde.example.org",
    "client": "Olga Kanareykina",
    "cyrillic": "Канарейкина",
    "address": "203.0.113.77",
    "address6": "2001:db8::c0de:77",
    "mail": "kanarek@kunde.example.net",
    "host": "wirt-kanarek-3",
    "licence": "ABCD-KANAREK-4711",
    "digits": "49301234567890",
}


def unpacked(path):
    with tarfile.open(path) as archive:
        return {Path(each.name).name: archive.extractfile(each).read() for each in archive.getmembers()}


@pytest.fixture
def planted(shop, vds, request):
    """Canaries wherever somebody else's words end up: names, parameters, tasks, words of staff, problems, the log."""
    here, said = shop.here, " ".join(CANARIES.values())
    item = shop.item(vds)
    log = here.base / "var/reseller.log"
    kept = log.read_bytes()
    here.write("UPDATE item SET name = %s WHERE id = %s", said[:60], vds)
    for number, (kind, canary) in enumerate(CANARIES.items()):
        here.write("INSERT INTO itemparam (item, intname, value) VALUES (%s, %s, %s)", vds, f"canary_{kind}", canary)
        with log.open("a") as stream:
            stream.write(
                f"Nov 30 06:0{number % 10}:00 [77] reseller ERROR [00c0ffee] item {vds}: {kind} {canary} refused\n"
            )
            stream.write(
                f"Nov 30 06:0{number % 10}:01 [77] reseller INFO [00c0ffee] item {vds}: stop by {canary} from x\n"
            )
            stream.write(f'Nov 30 06:0{number % 10}:01 [77] reseller INFO [00c0ffee] elid={canary}&x="{canary}"\n')
    here.write(
        "INSERT INTO reseller_problem (subject, number, kind, module, error, params, here, there, touches, task, "
        "since, updated) VALUES ('service', %s, 'value', %s, 'reseller_drift_value', %s, %s, %s, %s, 0, NOW(), NOW())",
        *(vds, shop.module, json.dumps({"text": said}), said[:180], said[:180], str(vds)),
    )
    (here.base / "etc/reseller.conf").open("a").write(f"unheard_of {CANARIES['host']}\n")
    shop.ctl("stop", str(shop.module), "--why", said)
    yield vds
    here.write("DELETE FROM reseller_stop")
    here.write("DELETE FROM reseller_problem WHERE kind = 'value' AND number = %s", vds)
    here.write("DELETE FROM itemparam WHERE item = %s AND intname LIKE 'canary%%'", vds)
    here.write("UPDATE item SET name = %s WHERE id = %s", item["name"], vds)
    log.write_bytes(kept)


def encodings(canary):
    raw = canary.encode()
    return {raw, b64encode(raw).rstrip(b"="), json.dumps(canary)[1:-1].encode()}


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_nothing_that_names_anybody_is_in_the_archive(shop, planted, tmp_path, lang):
    path = tmp_path / "support.tar.gz"
    done = shop.ctl("support", str(path), "--lang", lang)
    assert done.returncode == 0, done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    found = unpacked(path)
    everything = b"\n".join(found.values())
    own = [shop.buyer, shop.there.url.split("//")[1].split(":")[0], socket.gethostname(), str(shop.here.base)]
    leaks = [
        word
        for canary in CANARIES.values()
        for word in (canary, *canary.split())
        if any(each in everything for each in encodings(word))
    ]
    assert leaks == []
    assert [word for word in own if len(word) > 5 and word.encode() in everything] == []
    assert b"<hidden 1>" in everything


def test_it_says_what_a_helper_has_to_know(shop, planted, tmp_path):
    path = tmp_path / "support.tar.gz"
    shown = json.loads(shop.ctl("support", str(path), "--json").stdout)
    found = unpacked(path)
    assert sorted(found) == sorted(shown["parts"])
    assert [name for name in found if name not in support.README and name != "README.txt"] == []
    document = {name[:-5]: json.loads(content) for name, content in found.items() if name.endswith(".json")}
    assert document["versions"]["python"].startswith("3.")
    assert {"item.expiredate"} <= set(document["doctor"]["facts"]["assumptions"]["assumptions"])
    [module] = [each for each in document["status"]["modules"] if each["module"] == shop.module]
    assert module["trouble"] == ""
    [problem] = [each for each in document["problems"] if each["kind"] == "value" and each["number"] == planted]
    assert (problem["error"], problem["touches"]) == ("reseller_drift_value", 1)
    assert document["settings"]["limits"]["run_seconds"] > 0
    assert document["settings"]["modules"][str(shop.module)]["acts"] is True
    assert document["settings"]["stopped"] == 1
    log = found["log.txt"].decode()
    assert f"reseller ERROR [00c0ffee] item {planted}: password <hidden" in log
    assert "checkevent:" in log


def test_a_panel_of_which_the_database_is_away_still_gives_an_archive(tmp_path, shop):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/xml").symlink_to(shop.here.base / "etc/xml")
    (tmp_path / "var").mkdir()
    (tmp_path / "etc/billmgr.conf").write_text(f"DBName nothing\nDBUser x\nDBSocket {tmp_path}/no.sock\n")
    found = {part.name: part.text for part in support.gather(Panel(tmp_path))}
    assert "failed" in json.loads(found["status.json"])
    assert found["versions.json"].count("3.") > 0
    assert len(found) == 7


@pytest.mark.parametrize(
    "text",
    [
        "item 15: suspend: done, 15-00c0ffee",
        "checkevent: 3 read, 0 changed in 2026-11-30 06:12:07",
        "v2.vds.order.param refused: access",
        "module 4: the run before did not come to its end",
        "модуль 4: продавец недоступен",
    ],
)
def test_what_is_our_own_is_shown(shop, text):
    shown = Scrub(shop.here.base).text(text)
    assert shown.count("<hidden") <= 0, shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to kunde.example.com.", "to <hidden 1>."),
        ("at 192.0.2.1 and 192.0.2.1:8080", "at <hidden 1> and <hidden 2>"),
        ("password=hunter2xyz", "password=<hidden 1>"),
        ("Hans Hans Petra", "<hidden 1> <hidden 1> <hidden 2>"),
        ("service.example.com", "<hidden 1>"),
        ("::1 fe80::1%eth0", "<hidden 1> <hidden 2>"),
    ],
)
def test_what_is_somebody_elses_is_a_mark(shop, text, shown):
    assert Scrub(shop.here.base).text(text) == shown
