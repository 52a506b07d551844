"""additions-2.md h over the wire: how clients of the real panel call it, and what they are answered."""

from urllib.parse import urlencode

import pytest
import requests


@pytest.mark.fact("H5-01")
def test_a_body_without_a_content_type_is_a_form(pair):
    seller = pair.seller
    who = f"buyer:{seller.accounts['buyer']['password']}"
    body = urlencode({"func": "whoami", "out": "bjson", "authinfo": who}).encode()
    prepared = requests.Request("POST", seller.facts["url"], data=body).prepare()
    assert "Content-Type" not in prepared.headers
    with requests.Session() as session:
        answer = session.send(prepared, verify=seller.facts["ca"], timeout=60)
    assert answer.json()["model"]["user"]["name"] == "buyer"
    prepared.headers["Content-Type"] = "text/plain"
    with requests.Session() as session:
        answer = session.send(prepared, verify=seller.facts["ca"], timeout=60)
    assert b"buyer" not in answer.content


@pytest.mark.fact("H12-01")
def test_a_client_makes_a_key_for_itself_only(pair):
    seller, key = pair.seller, "0123456789abcdef-self"
    assert seller.http("session.newkey", key=key).find("ok") is not None
    assert seller.http("auth", user="", username="buyer", key=key).find("auth") is not None
    assert seller.http("session.newkey", key=key, username="buyer").find("ok") is not None
    error = seller.http("session.newkey", key=key, username="client1").find("error")
    assert error.get("type") == "access"


@pytest.mark.fact("H12-02")
def test_root_makes_a_key_without_a_name(pair):
    seller, key = pair.seller, "0123456789abcdef-root"
    seller.call("session.newkey", key=key)
    assert seller.http("auth", user="", username="buyer", key=key).find("error") is not None
    seller.call("session.newkey", key=key)
    session = seller.http("auth", user="", username="root", key=key).find("auth")
    assert session.get("level") == "30"
    assert seller.http("whoami", user="", auth=session.get("id")).find("user").get("name") == "root"
    assert seller.http("auth", user="", username="root", key=key).find("error") is not None


@pytest.mark.fact("H12-03", "H19-01", "H19-03")
def test_a_licence_is_suspended_twice(pair, switch):
    seller = pair.seller
    item = seller.live("soft", ip="192.0.2.61")
    for _ in range(2):
        assert seller.http("soft.suspend", elid=item).find("ok") is not None
        seller.until_status(item, 3)
    assert len(seller.journal(item=item, forfunc="soft.suspend")) == 1
    seller.deliver()
    form = seller.http("soft.edit", elid=item)
    assert form.findtext("webdomains") == ""
    key = seller.http("soft.edit", elid=item, clicked_button="newkey", sok="ok").findtext("lickey")
    assert key.startswith(f"{item}-")


@pytest.mark.parametrize(("setting", "refused"), [("refused", True), ("ok", False)])
def test_what_another_suspended_service_answers_is_a_switch(pair, switch, setting, refused):
    switch(pair.seller, "suspend_again", setting)
    item = pair.seller.live()
    pair.seller.http("vds.suspend", elid=item)
    pair.seller.until_status(item, 3)
    assert (pair.seller.http("vds.suspend", elid=item).find("error") is not None) == refused


@pytest.mark.fact("H12-04")
def test_a_renewal_alone_brings_an_expired_licence_back(pair):
    seller = pair.seller
    item = seller.live("soft", ip="192.0.2.62")
    seller.call("sandbox.item", item=item, expiredate="2020-01-01", autoprolong="")
    seller.call("service.billdaily")
    seller.until_status(item, 3)
    seller.call("sandbox.item", item=item, expiredate=seller.call("sandbox.clock").findtext("today"))
    assert seller.http("service.prolong", elid=item, period=1, sok="ok").find("error") is None
    seller.until_status(item, 2)


@pytest.mark.fact("H21-03")
@pytest.mark.parametrize(("setting", "refused"), [("refused", True), ("taken", False)])
def test_what_a_service_in_process_accepts_is_a_switch(pair, switch, setting, refused):
    seller = pair.seller
    switch(seller, "calls_in_process", setting)
    with seller.paused():
        item = seller.bought()
        answers = [
            seller.http(func, elid=item, sok="ok", **more)
            for func, more in (("service.prolong", {"period": 1}), ("service.reboot", {}), ("vds.suspend", {}))
        ]
        assert [answer.find("error") is not None for answer in answers] == [refused] * 3
    seller.until_status(item, 2 if refused else 3)
