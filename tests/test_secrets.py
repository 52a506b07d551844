"""No password anywhere it can be read: logs, argument lists, URLs, errors, files. Looked for after a whole story."""

import os
import threading
from pathlib import Path

import pytest

from tests import world

VDS = "vds"


class Watch:
    """Reads every argument list on this machine again and again while the story runs."""

    def __init__(self, secrets):
        self.secrets = [secret.encode() for secret in secrets]
        self.seen = set()
        self.looks = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.is_set():
            for entry in os.scandir("/proc"):
                if not entry.name.isdigit():
                    continue
                try:
                    line = Path(entry.path, "cmdline").read_bytes()
                except OSError:
                    continue
                if any(secret in line for secret in self.secrets):
                    self.seen.add(line)
            self.looks += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join()


def files_with(base, secrets):
    """Files of a tree that hold one of the secrets."""
    found = []
    for path in base.rglob("*"):
        if path.is_file() and "/venv" not in str(path):
            content = path.read_bytes()
            found += [str(path) for secret in secrets if secret.encode() in content]
    return found


def test_no_password_in_any_argument_list_log_url_error_or_file(shop):
    name, password = "secretive", "Un1que-Pa55word-of-the-account"
    shop.there.call("sandbox.client", name=name, secrets={"password": password}, balance=500)
    with Watch([password]) as watch:
        with pytest.raises(world.Refused) as refused:
            world.connect(shop.here, shop.there, name, password, cafile="")
        assert password not in str(refused.value)
        module = world.connect(shop.here, shop.there, name, password)
        assert module
        form = shop.here.rows("SELECT * FROM processingparam WHERE processingmodule = %s", module)
        assert password not in str(form)
        item = shop.order(VDS)
        shop.until_active(item)
        remote = shop.remotes(item)[0]["id"]
        service = shop.there.call("vds.edit", elid=remote).findtext("userpassword")
        assert service
        watch.secrets.append(service.encode())
        shop.there.call("sandbox.fault", kind="reply_lost", forfunc="*.order.param", times=1)
        shop.until_active(shop.order(VDS))
    assert watch.looks > 20
    assert watch.seen == set()
    buyer = shop.there.accounts["buyer"]["password"]
    for panel in (shop.here, shop.there):
        assert files_with(panel.base, [password, service, buyer]) == []
    tables = (
        "reseller_request",
        "reseller_link",
        "reseller_account",
        "reseller_observation",
        "runningoperation",
        "task",
    )
    for table in tables:
        rows = str(shop.here.rows(f"SELECT * FROM {table}"))
        for secret in (password, service, buyer):
            assert secret not in rows, table


def test_the_service_password_reaches_the_panel_by_environment_only(shop):
    """The finishing call carries `-e password=$...`: its argument list is what the panel's log cannot show."""
    log = shop.here.base / "var/reseller.log"
    item = shop.order(VDS)
    shop.until_active(item)
    assert f"item {item} is active" in log.read_text()
    assert oct(log.stat().st_mode & 0o777) == "0o640"


def test_the_seller_gets_the_credentials_in_the_body_and_never_in_the_url(shop):
    item = shop.order(VDS)
    shop.until_active(item)
    lines = [line for line in (shop.there.base / "var/access.log").read_text().splitlines() if "/billmgr" in line]
    assert any("POST /billmgr " in line for line in lines)
    assert not any("GET" in line or "?" in line for line in lines)
