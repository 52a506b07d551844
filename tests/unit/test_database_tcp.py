"""A panel's database by TCP: a port, TLS that is verified, MySQL's log-in; and by the sockets that are usual."""

import contextlib
import tempfile
from pathlib import Path

import pymysql
import pytest
import trustme

from reseller.mgr5 import panel
from reseller.mgr5.panel import Panel
from reseller.wire.errors import ResellerError
from sandbox import servers
from sandbox.database import Network, connect
from sandbox.listeners import free_port
from tests.unit.peers import Listener

USER, PASSWORD = "billing", "a word"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    """One that listens, with a certificate; its login, and its port."""
    home = tmp_path_factory.mktemp("tcp")
    ca, certificate = home / "ca.pem", home / "server.pem"
    authority.cert_pem.write_to_path(ca)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tcp-") as short:
        running = servers.chosen()(home / "mysql", "pw", Path(short), Network(port, ca, certificate))
        running.start()
        with connect(running.login).cursor() as administrator:
            administrator.execute("CREATE DATABASE billmgr")
            for host in ("127.0.0.1", "localhost"):
                administrator.execute(f"CREATE USER {USER}@'{host}' IDENTIFIED BY '{PASSWORD}'")
                administrator.execute(f"GRANT ALL ON billmgr.* TO {USER}@'{host}'")
        yield running, port
        running.stop()


@pytest.fixture
def opened(tmp_path, server):
    """A connection as these lines of the panel's configuration and of ours say; what it says of its cipher."""
    running, _ = server

    def open_(*lines, conf=""):
        # Whoever has logged in once is let in without the part that is asked about here.
        with connect(running.login).cursor() as administrator:
            administrator.execute("FLUSH PRIVILEGES")
        (tmp_path / "etc").mkdir(exist_ok=True)
        words = ["DBName billmgr", f"DBUser {USER}", f"DBPassword {PASSWORD}", *lines]
        (tmp_path / "etc/billmgr.conf").write_text("\n".join(words) + "\n")
        (tmp_path / "etc/reseller.conf").write_text(conf)
        with contextlib.closing(Panel(tmp_path).database()) as db:
            return db.row("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[1]

    return open_


class Demanding(Listener):
    """A server that wants a log-in by this plug-in, in the words of its protocol."""

    def __init__(self, plugin):
        self.plugin = plugin
        super().__init__()

    def answer(self, there):
        salt = b"01234567890123456789"
        known = b"\xff\xf7" + b"\x2d" + b"\x02\x00" + b"\xff\x81" + b"\x15" + bytes(10)
        hello = b"\x0a11.8.2-MariaDB\0" + bytes(4) + salt[:8] + b"\0" + known + salt[8:] + b"\0mysql_native_password\0"
        self.send(there, 0, hello)
        there.recv(65536)
        self.send(there, 2, b"\xfe" + self.plugin + b"\0" + salt + b"\0")
        there.recv(65536)

    def send(self, there, number, content):
        there.sendall(len(content).to_bytes(3, "little") + bytes([number]) + content)


@pytest.mark.parametrize("plugin", [b"client_ed25519", b"parsec", b"authentication_webauthn_client"])
def test_a_log_in_that_no_way_to_the_server_would_make_possible_is_said_as_such(opened, plugin):
    with Demanding(plugin) as listening, pytest.raises(ResellerError) as caught:
        opened(f"DBHost 127.0.0.1:{listening.port}")
    assert caught.value.type == "reseller_database_plugin"
    assert plugin.removeprefix(b"client_").decode() in caught.value.params["text"]


def trusted(folder, authority):
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(file)
    return f"database_cafile {file}\n"


@pytest.mark.parametrize("form", ["DBHost 127.0.0.1:{port}", "DBHost 127.0.0.1\nDBPort {port}"])
def test_a_port_is_where_it_is_named_and_a_log_in_that_cannot_be_made_is_said(server, opened, monkeypatch, form):
    running, port = server
    lines = form.format(port=port)
    if running.name == "MySQL":
        # The stand-in has a library that the add-on's own environment lacks.
        monkeypatch.setattr(pymysql._auth, "_have_cryptography", False)  # noqa: SLF001
        with pytest.raises(ResellerError) as caught:
            opened(lines)
        assert (caught.value.type, caught.value.params["host"]) == ("reseller_database_login", "127.0.0.1")
    else:
        assert opened(lines) == ""


@pytest.mark.parametrize(
    ("host", "port", "found"),
    [
        ("", "", ("", 0)),
        ("db.example", "", ("db.example", 0)),
        ("db.example", "3307", ("db.example", 3307)),
        ("db.example:3308", "3307", ("db.example", 3308)),
        ("::1", "", ("::1", 0)),
        ("[::1]", "3307", ("::1", 3307)),
        ("[2001:db8::7]:3308", "", ("2001:db8::7", 3308)),
        ("db.example:x", "", ("db.example:x", 0)),
    ],
)
def test_a_host_may_be_named_with_its_port(host, port, found):
    assert panel.database_address({"DBHost": host, "DBPort": port}) == found


def test_with_an_authority_there_is_tls(server, opened, authority, tmp_path):
    assert opened(f"DBHost 127.0.0.1:{server[1]}", conf=trusted(tmp_path, authority))


def test_a_certificate_of_another_authority_is_refused(server, opened, tmp_path):
    with pytest.raises(ResellerError, match=r"reseller_database .*certificate"):
        opened(f"DBHost 127.0.0.1:{server[1]}", conf=trusted(tmp_path, trustme.CA()))


def test_an_authority_that_cannot_be_read_is_said(server, opened):
    with pytest.raises(ResellerError, match=r"reseller_database .*No such file"):
        opened(f"DBHost 127.0.0.1:{server[1]}", conf="database_cafile /nowhere/ca.pem\n")


@pytest.mark.parametrize("line", ["DBHost localhost", "DBHost", ""])
def test_localhost_without_a_socket_is_one_of_the_usual_sockets(server, opened, monkeypatch, line):
    running, _ = server
    monkeypatch.setattr(panel, "SOCKETS", ("/nowhere/mysqld.sock", str(running.socket)))
    assert opened(line) == ""
