"""No password anywhere it can be read: logs, argument lists, URLs, errors, files. Looked for after a whole story."""

import json
from base64 import b64encode
from html import escape
from urllib.parse import quote, urlencode

import pytest

from tests.support import telling, world
from tests.support.watch import Watch, files_with, tables_with

VDS = "vds"


SECRET = "Un1que & Pa55+word of <the> %41ccöunt"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        urlencode({"password": SECRET}),
        urlencode({"password": SECRET}).lower().replace("un1que", "Un1que").replace("pa55", "Pa55"),
        escape(f"<password>{SECRET}</password>"),
        json.dumps({"password": SECRET}),
        *(b64encode(f"{before}{SECRET}:more".encode()).decode() for before in ("", "u", "us", "use")),
    ],
)
def test_whatever_looks_for_a_secret_finds_it_in_each_way_of_writing(written):
    assert telling.shows(f"before{written}after".encode(), [SECRET])
    assert not telling.shows(f"before{written}after".encode(), [SECRET[::-1]])


def test_no_password_in_any_argument_list_log_url_error_or_file(shop, switch):
    name, password, service = "secretive", SECRET, "Un1que-Pa55word-of-the-service"
    switch(shop.there, "provision", "manual")
    shop.there.call("sandbox.client", name=name, secrets={"password": password}, balance=500)
    with Watch([password, service]) as watch:
        with pytest.raises(world.Refused) as refused:
            world.connect(shop.here, shop.there, name, password, cafile="")
        assert password not in str(refused.value)
        world.connect(shop.here, shop.there, name, password)
        item = shop.order(VDS)
        shop.rest(item)
        remote = shop.remotes(item)[0]["id"]
        shop.there.call("sandbox.provision", item=remote, secrets={"userpassword": service})
        shop.until_active(item)
        assert shop.here.call("vds.edit", elid=item).findtext("password") == service
    assert watch.looks > 20
    assert watch.seen == set()
    for panel in (shop.here, shop.there):
        assert files_with(panel.base, [password, service]) == []
    assert tables_with(shop.here, [password, service]) == []


def test_passwords_reach_mgrctl_only_by_environment(shop, tmp_path):
    """The finishing call as it was made, and as the panel logs it: its argument names a variable, the log masks it."""
    seen = tmp_path / "seen"
    mgrctl = shop.here.base / "sbin/mgrctl"
    kept = mgrctl.with_name("mgrctl.kept")
    mgrctl.rename(kept)
    mgrctl.write_text(f'#!/bin/sh\necho "$@" >>{seen}\nexec {kept} "$@"\n')
    mgrctl.chmod(0o755)
    try:
        item = shop.order(VDS)
        shop.until_active(item)
    finally:
        kept.rename(mgrctl)
    password = shop.here.call("vds.edit", elid=item).findtext("password")
    opened = [line for line in seen.read_text().splitlines() if "vds.open" in line]
    assert len(opened) == 1
    assert "-e password=$RESELLER_SECRET_0" in opened[0]
    assert password not in seen.read_text()
    assert "&password=********&" in (shop.here.base / "var/billmgr.log").read_text()
    assert oct((shop.here.base / "var/reseller.log").stat().st_mode & 0o777) == "0o640"


def test_the_seller_gets_the_credentials_in_the_body_and_never_in_the_url(shop):
    item = shop.order(VDS)
    shop.until_active(item)
    lines = [line for line in (shop.there.base / "var/access.log").read_text().splitlines() if "/billmgr" in line]
    assert any("POST /billmgr " in line for line in lines)
    assert not any("GET" in line or "?" in line for line in lines)
