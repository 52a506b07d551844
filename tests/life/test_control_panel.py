"""transition_controlpanel: off, until the seller's link was proven to open one service and not the account."""

import http.server
import os
import ssl
import subprocess
import threading

import pytest

from tests.support import world
from tests.support.keeping import fault, remote


class ServiceHost:
    """What stands at a service's own address: a web server with a certificate of its own, and one answer."""

    def __init__(self, address, folder):
        self.address = address
        self.status, self.headers, self.page, self.visits = 200, {}, b"<html>the machine's own panel</html>", []
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host.visits.append((self.path, dict(self.headers)))
                self.send_response(host.status)
                for name, value in host.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(host.page)

            def log_message(self, *args):
                pass

        key, cert = folder / "own.key", folder / "own.crt"
        subject = ["-subj", "/CN=own", "-keyout", key, "-out", cert]
        argv = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", *subject]
        subprocess.run(argv, capture_output=True, check=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server = http.server.ThreadingHTTPServer((address, 1500), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def host(shop, vds, tmp_path):
    """The virtual server's own address, with its panel at the port that the stand-in's links lead to."""
    number = os.getpid()
    address = f"127.{77 + number % 100}.{number // 250 % 250}.{number % 250 + 1}"
    shop.there.call("sandbox.item", item=remote(shop, vds), param_ip=address)
    own = ServiceHost(address, tmp_path)
    yield own
    own.server.shutdown()
    own.server.server_close()
    shop.ctl("panel", "vds", "--off")


def panel_on(shop, item, *more):
    """What resellerctl says to switching it on: nothing, or why not."""
    done = shop.ctl("panel", "vds", "--service", str(item), "--on", *more)
    assert (done.returncode == 0) == (done.stderr == b"")
    return done.stderr.decode()


def features(shop):
    return shop.here.run("processing/pmreseller", "--command", "features").stdout.decode()


def way_in(shop, item, option="panelkey"):
    """The command's answer; raises Refused."""
    shop.here.call("sandbox.switch", name="panel_key_option", value=option)
    return shop.here.call("sandbox.module", item=item, command="transition_controlpanel", panelkey="x")


def refused(shop, item):
    with pytest.raises(world.Refused) as error:
        way_in(shop, item)
    assert error.value.object == "item"
    return error.value.type


def test_a_panel_is_opened_only_after_its_link_was_proven(shop, vds, host):
    assert "transition_controlpanel" not in features(shop)
    assert refused(shop, vds) == "reseller_panel_closed"
    assert "cannot be found out" in panel_on(shop, vds)
    assert host.visits == []
    assert panel_on(shop, vds, "--unverified") == ""
    assert "authinfo" not in str(host.visits)
    assert "Cookie" not in host.visits[0][1]
    assert "transition_controlpanel" in features(shop)
    for option in ("panel_key", "panelkey"):
        answer = way_in(shop, vds, option)
        assert answer.findtext("url").startswith(f"https://{host.address}:1500/?func=auth")
        assert answer.findtext("panelcount") == "1"
        assert answer.find("panelname").get("keyname") == "x"
        assert answer.findtext("panelname").startswith("Control panel of n")
    assert f"{shop.module}" in shop.ctl("panel").stdout.decode()
    assert shop.ctl("panel", "vds", "--off").returncode == 0
    assert "transition_controlpanel" not in features(shop)
    assert refused(shop, vds) == "reseller_panel_closed"
    assert shop.ctl("panel", "vds", "--off").returncode == 1


@pytest.mark.parametrize("dead", ["access", "html"])
def test_a_link_into_the_account_is_never_opened(shop, vds, host, switch, dead):
    switch(shop.there, "dead_session", dead)
    switch(shop.there, "panel_link", "account")
    assert "not an address of the service" in panel_on(shop, vds, "--unverified")
    switch(shop.there, "panel_link", "account_key")
    assert "leads into the account" in panel_on(shop, vds, "--unverified")
    assert host.visits == []
    switch(shop.there, "panel_link", "service")
    assert panel_on(shop, vds, "--unverified") == ""
    switch(shop.there, "panel_link", "account")
    assert refused(shop, vds) == "reseller_panel_closed"
    assert "not an address of the service" in (shop.here.base / "var/reseller.log").read_text()


def test_where_a_link_leads_in_the_end_counts(shop, vds, host):
    seller = shop.there.url
    session = shop.there.call("session.newkey", username=shop.buyer, key="k" * 20) is not None and "k" * 20
    for status, headers, page, said in (
        (302, {"Location": seller}, b"", "not an address of the service"),
        (302, {"Location": "/round"}, b"", "too many redirects"),
        (500, {}, b"", "HTTP status 500"),
        (200, {"Set-Cookie": "billmgrses6=0123456789abcdef"}, b"", "leads into the account"),
        (200, {"Set-Cookie": f"other={session}"}, b"", "leads into the account"),
        (200, {}, f"<a href='{seller}'>".encode(), "leads into the account"),
    ):
        host.status, host.headers, host.page = status, headers, page
        assert said in panel_on(shop, vds, "--unverified"), said
    assert "transition_controlpanel" not in features(shop)


def test_a_panel_is_probed_with_a_fitting_service(shop, vds, soft, host):
    assert "is of type soft" in panel_on(shop, soft)
    shop.here.call("sandbox.item", item=vds, status=3)
    assert "is not active" in panel_on(shop, vds)
    shop.here.call("sandbox.item", item=vds, status=2)
    fault(shop, "html", "whoami", times=5)
    assert panel_on(shop, vds, "--unverified") != ""
    shop.there.call("sandbox.fault.clear")
    assert shop.ctl("panel", "vds", "--on").returncode == 2


def test_a_clients_domain_name_makes_nobody_elses_server_his(shop, vds, host, switch):
    """The seller's link leads to what the client has called his server: the address of another one."""
    number = remote(shop, vds)
    shop.there.call("sandbox.item", item=number, param_ip="203.0.113.77", param_domain=host.address)
    switch(shop.there, "panel_link", "domain")
    assert "not an address of the service" in panel_on(shop, vds, "--unverified")
    assert host.visits == []
    assert "transition_controlpanel" not in features(shop)


def test_a_panel_is_open_for_the_tariff_that_was_proven_and_at_assigned_addresses_alone(shop, vds, host, switch):
    number = remote(shop, vds)
    tariff = shop.there.value("SELECT pricelist FROM item WHERE id = %s", number)
    other = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-2' AND parent IS NULL")
    assert panel_on(shop, vds, "--unverified") == ""
    assert f"{tariff}" in shop.ctl("panel").stdout.decode()
    assert way_in(shop, vds).findtext("url").startswith(f"https://{host.address}:1500/")
    shop.there.call("sandbox.item", item=number, pricelist=other)
    assert refused(shop, vds) == "reseller_panel_closed"
    shop.there.call("sandbox.item", item=number, pricelist=tariff)
    # The client names his server after another one, and the seller's link goes by names.
    shop.there.call("sandbox.item", item=number, param_domain="203.0.113.9")
    switch(shop.there, "panel_link", "domain")
    assert refused(shop, vds) == "reseller_panel_closed"
    # A proof from before there were tariffs in it proves nothing.
    (shop.here.base / "etc/reseller.panels").write_text(f"{shop.module} vds 2026-11-01 service {vds} remote {number}\n")
    switch(shop.there, "panel_link", "service")
    assert refused(shop, vds) == "reseller_panel_closed"
