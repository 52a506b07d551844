"""No password anywhere it can be read: logs, argument lists, URLs, errors, files. Looked for after a whole story."""

import pytest

from tests import world
from tests.watch import Watch, files_with

VDS = "vds"


def test_no_password_in_any_argument_list_log_url_error_or_file(shop, switch):
    name, password, service = "secretive", "Un1que-Pa55word-of-the-account", "Un1que-Pa55word-of-the-service"
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
    for row in shop.here.rows("SHOW TABLES"):
        table = next(iter(row.values()))
        rows = str(shop.here.rows(f"SELECT * FROM `{table}`"))
        assert password not in rows, table
        assert service not in rows, table


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
