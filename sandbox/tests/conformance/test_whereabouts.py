"""additions-2.md h.6, e.1: where programs look for the panel's database and versions without asking the panel."""

from pathlib import Path

import pymysql
import pytest

from sandbox.whereabouts import SOCKETS, SocketLinks


def name_of(**login):
    with pymysql.connect(**login) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM user WHERE level = 29")
        return cursor.fetchone()[0]


@pytest.fixture
def login(home):
    facts = home.reseller.facts
    return {"user": facts["dbuser"], "password": facts["dbpassword"], "database": "billmgr"}


@pytest.mark.fact("H6-01")
@pytest.mark.parametrize("socket", SOCKETS, ids=["run", "lib", "tmp"])
def test_the_database_is_found_at_the_usual_sockets(home, login, socket):
    assert name_of(unix_socket=str(socket), **login) == "admin"


@pytest.mark.fact("H6-02")
def test_my_cnf_has_the_user_on_line_2_and_the_password_on_line_3(home):
    lines = Path("/usr/local/mgr5/etc/my.cnf").read_text().splitlines()
    user, password = (line.split(" = ")[1] for line in lines[1:3])
    assert name_of(unix_socket=str(SOCKETS[0]), user=user, password=password, database="billmgr") == "admin"


@pytest.mark.fact("H6-03")
def test_db_conf_has_the_login_as_lines_of_key_and_value(home):
    file = Path("/usr/local/mgr5/etc/billmgr.conf.d/db.conf")
    known = dict(line.split(" ", 1) for line in file.read_text().splitlines())
    assert known["DBHost"] == "localhost"
    login = {"user": known["DBUser"], "password": known["DBPassword"], "database": known["DBName"]}
    assert name_of(unix_socket=str(SOCKETS[0]), **login) == "admin"


@pytest.mark.fact("H6-04")
def test_the_database_of_a_panel_at_its_place_has_the_name_that_programs_know(home):
    assert home.reseller.facts["database"] == "billmgr"
    assert home.seller.facts["database"] == "billmgr_seller"


def test_a_socket_of_somebody_else_is_left_alone(tmp_path, monkeypatch):
    mine, theirs, gone = tmp_path / "mine", tmp_path / "folder/theirs", tmp_path / "gone"
    places = (tmp_path / "new/free", theirs, gone)
    theirs.parent.mkdir()
    theirs.touch()
    gone.symlink_to(tmp_path / "ended")
    mine.touch()
    monkeypatch.setattr("sandbox.whereabouts.SOCKETS", places)
    links = SocketLinks(str(mine))
    links.take()
    assert links.taken == [places[0], gone]
    assert [place.readlink() for place in links.taken] == [mine] * 2
    links.leave()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "mine", "theirs"]
