"""A browser without a window: cookies, forms and redirects over plain HTTP."""

from __future__ import annotations

from typing import Any

import requests
from lxml import html


class Web:
    """Somebody who is logged in, or nobody; `page` is what he looks at."""

    def __init__(self, panel: Any, user: str | None) -> None:
        self.url = panel.facts["http_url"]
        self.http = requests.Session()
        self.http.headers["Accept"] = "text/html,application/xhtml+xml"
        self.page: Any = None
        if user:
            password = panel.accounts[user]["password"]
            self.post(func="auth", username=user, password=password)

    def get(self, **params: Any) -> Any:
        return self._read(self.http.get(self.url, params=params, timeout=60))

    def post(self, **data: Any) -> Any:
        return self._read(self.http.post(self.url, data=data, timeout=60))

    def send(self, **data: Any) -> Any:
        """With the token of the page before."""
        return self.post(_token=self.token, **data)

    def _read(self, answer: requests.Response) -> Any:
        self.answer = answer
        self.page = html.fromstring(answer.content) if answer.content else None
        tokens = self.page.xpath("//input[@name='_token']/@value")
        self.token = tokens[0] if tokens else ""
        return self.page

    def sends_back(self) -> dict[str, list[str]]:
        """What the form on the page would send if nothing were changed, by name."""
        fields: dict[str, list[str]] = {}
        for name, value in self.page.get_element_by_id("form").form_values():
            if name != "_token":
                fields.setdefault(name, []).append(value)
        return fields

    @property
    def error(self) -> str:
        return "".join(self.page.xpath("//p[@class='error']//text()"))
