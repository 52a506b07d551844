"""HTTP calls of one seller account: a form is sent by POST, and a document is returned."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

from reseller.limits import Limits
from reseller.model import Settings
from reseller.seller.client import Client
from reseller.seller.proxies import Proxy
from reseller.wire import dates
from reseller.wire.bounds import FORM, Bounds
from reseller.wire.errors import Ambiguous, NotSent
from reseller.wire.texts import said


class Exchange:
    """Calls `url` with the account's settings; raises NotSent if their CA file or proxy cannot be used."""

    def __init__(self, url: str, settings: Settings, limits: Limits) -> None:
        self._url = url
        #: the seller's day according to its last answer with a `Date`, None before that
        self.day: dt.date | None = None
        self._most_bytes = limits.document_bytes
        try:
            way = Proxy.of(settings)
            self._client = Client(limits, verify=settings.verify, cafile=settings.cafile, proxy=way)
        except NotSent as error:
            error.params.setdefault("url", url)
            raise

    def post(
        self,
        body: Mapping[str, str],
        seconds: float,
        *,
        bounds: Bounds = FORM,
        fresh: bool = False,
        may_leave: Callable[[], None] | None = None,
    ) -> tuple[int, bytes]:
        """Send the form; status and content of the answer. The other parameters are those of Client.call().

        Raises NotSent or Ambiguous; a redirect is Ambiguous.
        """
        form = urlencode(body).encode("ascii")
        bounds = bounds._replace(bytes=min(bounds.bytes, self._most_bytes))
        answer = self._client.call(
            self._url, seconds=seconds, bounds=bounds, form=form, fresh=fresh, may_leave=may_leave
        )
        self.day = dates.of_header(answer.date) or self.day
        if answer.location:
            shown = "an impossible address"
            with contextlib.suppress(ValueError):
                parts = urlsplit(answer.location)
                host = parts.netloc.rpartition("@")[2]
                # Without a user, and without parameters, which could be our own.
                shown = said(f"{f'{parts.scheme}://{host}' if host else ''}{parts.path}", 200) or "nowhere"
            what = f"a redirect to {shown}, HTTP status {answer.status}"
            raise Ambiguous("reseller_bad_answer", what=what, url=self._url)
        return answer.status, answer.content
