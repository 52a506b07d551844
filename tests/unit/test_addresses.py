"""Where a module's seller is called: as typed, and where it was for a module that was connected under the old rules."""

import pytest

from reseller.context import as_known
from reseller.ledger import accounts
from reseller.model import Settings
from reseller.seller.transport import endpoint
from reseller.wire.errors import ResellerError


def called(db, url, **more):
    """The address that a module with this address in its settings is called at."""
    chosen = as_known(db, Settings(module=1, name="", url=url, username="u", password="p", **more))
    return endpoint(chosen.url, allow_plain=chosen.plain)


@pytest.mark.parametrize(
    ("typed", "path", "former"),
    [
        ("", "/billmgr", "/billmgr"),
        ("/", "/billmgr", "/billmgr"),
        ("/manager", "/manager/billmgr", "/manager/billmgr"),
        ("/billmgr", "/billmgr", "/billmgr"),
        ("/billmgr/", "/billmgr", "/billmgr"),
        ("/manager/billmgr", "/manager/billmgr", "/manager/billmgr"),
        ("/billmgr-api", "/billmgr-api", "/billmgr-api/billmgr"),
        ("/billing/", "/billing", "/billing/billmgr"),
    ],
)
def test_a_path_is_taken_as_typed_unless_the_account_is_known_where_it_was(db, item, typed, path, former):
    host = f"https://h{item.id}.example"
    assert called(db, host + typed) == host + path
    before = accounts.number(db, host + former, "u")
    assert called(db, host + typed) == host + former
    assert accounts.number(db, called(db, host + typed), "u") == before
    # Another account there is another account.
    other = as_known(db, Settings(module=1, name="", url=host + typed, username="other", password="p"))
    assert other.url == host + path


def test_an_account_that_is_known_as_typed_stays_there(db, item):
    host = f"https://h{item.id}.example"
    for path in ("/billmgr-api", "/billmgr-api/billmgr"):
        accounts.number(db, host + path, "u")
    assert called(db, f"{host}/billmgr-api") == f"{host}/billmgr-api"
    assert called(db, f"{host}/billmgr-api/billmgr") == f"{host}/billmgr-api/billmgr"


def test_http_is_for_who_allows_it_and_for_who_was_connected_so(db, item):
    url = f"http://h{item.id}.example/billmgr"
    for more in ({}, {"verify": False}):
        with pytest.raises(ResellerError) as refused:
            called(db, url, **more)
        assert refused.value.type == "reseller_url_plain"
    assert called(db, url, plain=True) == url
    accounts.number(db, url, "u")
    assert called(db, url, verify=False) == url
    with pytest.raises(ResellerError):
        called(db, url)
