"""One request of somebody who is logged in: pages, and the buttons of lists and forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from lxml import etree

from sandbox.browser import cells, drawing, filters, forms, icons, lists, menu, reports, words
from sandbox.browser.words import Words
from sandbox.core import dispatch, levels, pages
from sandbox.core.answer import Answer
from sandbox.core.merging import merge_node
from sandbox.core.request import Caller, Origin, Request

if TYPE_CHECKING:
    from sandbox.core.panel import Panel

SHOWN = ("list", "form", "report", "dashboard", "helpboard")
LIST_STATE = ("p_num", "p_cnt", "p_sort", "p_order", "p_col", "filter")
_WIZARD = ("order", "filter")
_STEP = ("sok", "snext", "sback", "clicked_button")
NOT_KEPT = ("func", "sok", "clicked_button", "sv_field", "snext", "sback", "password", "passwd", "confirm", "key")

LONGEST_ADDRESS = 4000
"""Characters that an address of a page takes along: every link of every row has it."""


@dataclass
class Sight:
    """A call's answer with the metadata and the texts it is drawn with."""

    call: dict[str, str]
    document: etree._Element
    metadata: etree._Element
    words: Words
    step: str = ""
    """Of a wizard's form: what led to it besides the call, as a query. The same shows it once more."""

    @property
    def error(self) -> str:
        found = self.document.find("error")
        return "" if found is None else found.findtext("msg", "") or found.get("type", "error")

    @property
    def done(self) -> bool:
        return self.document.find("ok") is not None


class Visit:
    def __init__(self, panel: Panel, caller: Caller, origin: Origin, lang: str, token: str) -> None:
        self._panel = panel
        self._caller = caller
        self._origin = origin
        self._lang = lang
        self._token = token
        self._own = words.own(lang)
        self._interface = panel.plugins.interface

    # Calls of the panel.

    def _request(self, call: Mapping[str, str]) -> Request:
        return Request(call.get("func", ""), dict(call), self._caller, self._origin, self._lang, "devel")

    def _call(self, call: Mapping[str, str]) -> Sight:
        """The function's answer; a form that was evaluated anew comes one document deeper (selling-api.md 3.4)."""
        request = self._request(call)
        document = dispatch.answer(self._panel, request)
        inner = document.find("doc")
        if inner is not None and call.get("sv_field"):
            document = inner
        metadata = self._metadata(request, document)
        return Sight(dict(call), document, metadata, Words(self._panel, request.func, self._lang, document))

    def _metadata(self, request: Request, document: etree._Element) -> etree._Element:
        """Those of the document; a built-in function's are what is declared with what the document adds."""
        shown = document.find("metadata")
        declared = self._interface.metadata(request.func)
        if declared is None or (shown is not None and request.func in self._panel.plugins.functions):
            return etree.Element("metadata") if shown is None else shown
        whole = etree.fromstring(etree.tostring(declared, with_tail=False))
        levels.cut_metadata(whole, pages.viewer(self._panel, request))
        if shown is not None:
            merge_node(whole, shown, self._interface.rule("metadata"))
        return whole

    def reads(self, func: str) -> bool:
        """Functions that show something: declared as a page, or an entry of the menu."""
        element = self._interface.metadata(func)
        if element is not None and element.get("type") in SHOWN:
            return True
        return self._in_menu(func)

    def _in_menu(self, func: str) -> bool:
        return any(node.get("name") == func for node in self._interface.menu().iter("node"))

    # Pages.

    def _page(self, template: str, title: str, status: int = 200, **values: object) -> Answer:
        desktop = dispatch.answer(self._panel, self._request({"func": "menu"}))
        return drawing.page(
            template,
            status,
            title=title,
            lang=self._lang,
            panel=self._panel.name,
            token=self._token,
            user=self._caller.name,
            role=self._own["admin" if self._caller.staff else "client"],
            groups=menu.read(desktop, Words(self._panel, "desktop", self._lang, desktop)),
            w=self._own,
            **{"error": "", "note": "", "func": "", "here": "", "section": self._section(values), **values},
        )

    def _section(self, values: Mapping[str, object]) -> str:
        """The entry of the menu that a page belongs to: its own, or that of the list above it."""
        func = str(values.get("func", ""))
        while func and "." in func and not self._in_menu(func):
            func = func.rpartition(".")[0]
        return func

    def home(self) -> Answer:
        """The menu as tiles; a client sees his money."""
        facts = []
        if not self._caller.staff:
            sight = self._call({"func": "usrparam"})
            facts = [(self._own["balance"], sight.document.findtext("balance", ""))] if not sight.error else []
        return self._page("home.html", self._own["home"], facts=facts)

    def notice(self, error: str, status: int = 200, **values: object) -> Answer:
        return self._page("home.html", self._own["error"], status, error=error, **values)

    def ask(self, call: Mapping[str, str]) -> Answer:
        """An address that would act, or is no page: only a button of this panel does it."""
        fields = [*call.items(), ("_press", "go")]
        return self._page("confirm.html", call.get("func", ""), question=self._own["call"], names=[], fields=fields)

    def show(self, call: dict[str, str], own: Mapping[str, str]) -> Answer:
        note = self._own["done"] if own.get("_done") else ""
        return self._draw(self._call(call), own.get("_back", ""), note=note)

    def _draw(self, sight: Sight, back: str, error: str = "", note: str = "") -> Answer:
        """A page by what it is declared as, and by what the document holds where nothing is declared."""
        error = error or sight.error
        kind = sight.metadata.get("type", "")
        found = sight.document
        if sight.error and (kind != "list" or not sight.done):
            return self._gone(sight, error, back)
        if kind == "form":
            return self._form(sight, back, error, note, {}, "")
        if kind == "report" or found.find("reportdata") is not None:
            return self._report(sight, error, note, {})
        if kind == "list" or found.find("elem") is not None or found.find("p_elems") is not None:
            return self._list(sight, error, note, [])
        return self._result(sight, back, error)

    def _title(self, sight: Sight) -> str:
        func = sight.call.get("func", "")
        new = "title_new" if not sight.call.get("elid") and sight.words.has("title_new") else "title"
        title = self._of_type(func, sight.words.maybe(new) or func)
        field = sight.metadata.find("form")
        name = field.get("title", "") if field is not None and new == "title" else ""
        value = sight.document.findtext(name, "") if name.isidentifier() else ""
        plname = sight.document.findtext("plname", "")
        return f"{title}: {value or plname}" if value or plname else title

    def _of_type(self, func: str, title: str) -> str:
        """Pages that each product type has say which it is."""
        itemtype, _, rest = func.partition(".")
        if itemtype not in self._panel.itemtypes():
            return title
        menu_words = Words(self._panel, "desktop", self._lang)
        kind = menu_words.maybe(f"menu_{itemtype}", f"modernmenu_{itemtype}")
        stock = title == Words(self._panel, "{itemtype}", self._lang).maybe("title")
        if not rest:
            return kind if kind and stock else title
        return f"{kind}: {title[:1].lower()}{title[1:]}" if kind and rest.partition(".")[0] in _WIZARD else title

    def _list(self, sight: Sight, error: str, note: str, marked: list[str]) -> Answer:
        document, metadata = sight.document, sight.metadata
        shown = lists.columns(document, metadata.find("coldata"), sight.words)
        found, paging = lists.paged(document, lists.ordered(document, sight.call, shown), sight.call)
        if not found and paging.number > paging.last:  # rows have gone since the link was drawn
            return self._list(self._call({**sight.call, "p_num": str(paging.last)}), error, note, marked)
        groups = lists.buttons(metadata, sight.words)
        rows = self._rows(sight, found, shown, groups)
        func = sight.call["func"]
        filtered = self._filtered(sight)
        stay = {name: value for name, value in in_an_address(sight.call).items() if name != "func"}
        default = next((one for group in groups for one in group if one.default and one.func), None)
        return self._page(
            "list.html",
            self._title(sight),
            columns=shown,
            rows=rows,
            toolbar=groups,
            paging=paging,
            default=default,
            marked=marked,
            func=func,
            stay=stay,
            sort=lists.order_of(document, sight.call, shown),
            link=lambda **more: "?" + urlencode({"func": func, **stay, **more}),
            opens=lambda elid: "?" + urlencode(self._opening(sight, default, elid)) if default else "",
            filter="" if filters.led_to(func, self._interface) else filters.name_of(func, self._interface),
            filter_icon=icons.shape("t-filter"),
            filtered=filtered,
            empty=self._empty(sight, groups),
            autoupdate=lists.whole(metadata.get("autoupdate", ""), 0),
            error=error,
            note=note,
            banners=_banners(sight),
            here=urlencode({"func": func, **stay}),
        )

    def _rows(
        self,
        sight: Sight,
        found: list[etree._Element],
        shown: list[lists.Column],
        groups: list[list[lists.Button]],
    ) -> list[lists.Row]:
        key = sight.metadata.get("key", "id")
        keyname = sight.metadata.get("keyname", key)
        rows = []
        for element in found:
            elid = cells.value(element, key)
            barred = [one.name for group in groups for one in group if not one.admits(element)]
            name = cells.value(element, keyname) or elid
            pale = cells.shadowed(element, sight.metadata.find("coldata"))
            rows.append(lists.Row(elid, name, lists.row_cells(element, shown, sight.words), element, barred, pale))
        return rows

    def _filtered(self, sight: Sight) -> list[tuple[str, str]]:
        """What the list is filtered by. A plug-in's filter is asked only when its list says that there is one."""
        func = sight.call["func"]
        name = filters.name_of(func, self._interface)
        told = sight.document.findtext("p_filter", "")
        if not name or (not told and func in self._panel.plugins.functions):
            return [("", told)] if told else []
        return filters.in_force(self._call, name) or ([("", told)] if told else [])

    def _empty(self, sight: Sight, groups: list[list[lists.Button]]) -> str:
        """What is said where no row is: the list's own words, or how the first row comes."""
        new = next((one for group in groups for one in group if one.type == "new"), None)
        own = self._own["empty"] if new is None else f"{self._own['empty']} {self._own['press']} «{new.label}»."
        return sight.words.maybe("msg_empty") or own

    def _opening(self, sight: Sight, button: lists.Button | None, elid: str) -> dict[str, str]:
        """The call of a button: the marked rows, and the list's own parent."""
        call = {"func": button.func if button else ""}
        if elid:
            call["elid"] = elid
        plid = sight.document.findtext("plid", "") or sight.call.get("plid", "") or sight.call.get("elid", "")
        return {**call, "plid": plid} if plid else call

    def _form(self, sight: Sight, back: str, error: str, note: str, given: Mapping[str, str], wrong: str) -> Answer:
        form = forms.read(sight.metadata, sight.document, sight.words, given, wrong)
        if sight.metadata.find("toolbar") is None and not form.pages and sight.document.find("elem") is not None:
            return self._list(sight, error, note, [])
        hidden = {name: value for name, value in sight.call.items() if name not in form.names and name not in NOT_KEPT}
        return self._page(
            "form.html",
            self._title(sight),
            form=form,
            hidden=hidden,
            back=back,
            step=sight.step,
            func=sight.call["func"],
            error=error,
            note=note,
            banners=_banners(sight),
            here=urlencode({**in_an_address({"func": sight.call["func"], **hidden}), "_back": back}),
        )

    def _report(self, sight: Sight, error: str, note: str, given: Mapping[str, str]) -> Answer:
        values = {**{name: value for name, value in sight.call.items() if name not in NOT_KEPT}, **given}
        form = forms.read(sight.metadata, sight.document, sight.words, values, "")
        return self._page(
            "report.html",
            self._title(sight),
            form=form,
            bands=reports.read(sight.metadata, sight.document, sight.words),
            hidden={name: value for name, value in values.items() if name not in form.names},
            func=sight.call["func"],
            error=error,
            note=note,
            banners=_banners(sight),
            here=urlencode(in_an_address({"func": sight.call["func"], **values})),
        )

    def _result(self, sight: Sight, back: str, error: str) -> Answer:
        """A document without a page of its own: what it says, field by field."""
        facts = [
            (sight.words(str(one.tag)), one.text or "; ".join(f"{name!s}={value!s}" for name, value in one.items()))
            for one in sight.document
            if isinstance(one.tag, str) and len(one) == 0 and one.tag not in ("ok", "elid", "slist")
        ]
        return self._page("result.html", self._title(sight), facts=facts, back=back, error=error, link="")

    # Buttons.

    def press(self, call: dict[str, str], own: Mapping[str, str]) -> Answer:
        kind, _, rest = own.get("_press", "").partition("|")
        kept = own.get("_private", "").split(", ") if call.get("elid") else []
        # What is stored and not shown stays when nothing was entered.
        call = {name: value for name, value in call.items() if value or name not in kept}
        back = own.get("_back", "")
        if kind == "button":
            return self._button(call, own, rest)
        if kind == "clear":
            call.pop("_rows", None)
            refusal = filters.clear(self._call, filters.name_of(call["func"], self._interface))
            return self._list(self._call(call), refusal, "", []) if refusal else _redirect({**call, "p_num": ""})
        if kind == "form":
            return self._submit(call, back, rest, own.get("_step", ""))
        if kind == "lang":
            return self._once_more(call, call, back, own.get("_step", ""))
        sight = self._call(call)
        return self._finish(sight, back) if sight.done else self._draw(sight, back)

    def _button(self, call: dict[str, str], own: Mapping[str, str], name: str) -> Answer:
        """A button of a list, checked against the rows as they are now."""
        chosen = [part for part in call.pop("_rows", own.get("_rows", "")).split(", ") if part]
        sight = self._call(call)
        if sight.error:
            return self.notice(sight.error)
        groups = lists.buttons(sight.metadata, sight.words)
        button = next((one for group in groups for one in group if one.name == name), None)
        if button is None:
            return self._list(sight, self._own["unknown_button"], "", chosen)
        shown = lists.columns(sight.document, sight.metadata.find("coldata"), sight.words)
        found = self._rows(sight, sight.document.findall("elem"), shown, groups)
        rows = [row for row in found if row.elid in chosen]
        refusal = self._refusal(button, chosen, rows)
        if refusal:
            return self._list(sight, refusal, "", chosen)
        if button.asks and own.get("_sure") != "yes":
            return self._sure(sight, button, chosen, rows, own)
        return self._do(sight, button, chosen)

    def _refusal(self, button: lists.Button, chosen: list[str], rows: list[lists.Row]) -> str:
        if button.rows == "one" and len(chosen) != 1:
            return self._own["one_row"]
        if button.rows == "some" and not chosen:
            return self._own["some_row"]
        barred = [row.name for row in rows if button.name in row.barred]
        if not barred or button.rows == "any":
            return ""
        return f"{self._own['not_for']} {', '.join(barred)}{'. ' * bool(button.why_off)}{button.why_off}"

    def _sure(
        self, sight: Sight, button: lists.Button, chosen: list[str], rows: list[lists.Row], own: Mapping[str, str]
    ) -> Answer:
        func = sight.call["func"]
        question = sight.words.maybe(f"msg_confirm_{button.name}", f"msg_{func}_{button.name}")
        names = [row.name if row.name == row.elid else f"{row.elid}  {row.name}" for row in rows] or chosen
        fields = [*sight.call.items(), ("_press", own["_press"]), ("_sure", "yes"), ("_rows", ", ".join(chosen))]
        return self._page(
            "confirm.html",
            button.label,
            question=question or f"{button.label}: {self._own['sure']}",
            names=names,
            fields=fields,
            func=func,
            here=urlencode(in_an_address(sight.call)),
        )

    def _do(self, sight: Sight, button: lists.Button, chosen: list[str]) -> Answer:
        here = urlencode(in_an_address(sight.call))
        if button.type == "refresh":
            return _redirect(sight.call)
        elid = ", ".join(chosen) if button.rows != "any" else ""
        call = self._opening(sight, button, elid)
        if button.type not in lists.CONFIRMED and self.reads(button.func):
            return _redirect({**call, "_back": here})
        done = self._call(call)
        if done.error:
            return self._list(self._call(sight.call), done.error, "", chosen)
        return self._finish(done, here) if done.done else self._draw(done, here)

    def _submit(self, call: dict[str, str], back: str, pressed: str, led_here: str) -> Answer:
        """A button of a form (platform.md 1.1, "Form requests"; 1.2)."""
        kind, name, func = ([*pressed.split("|", 2), "", ""])[:3]
        bare = {key: value for key, value in call.items() if key not in ("sok", "clicked_button", "sv_field")}
        if kind == "cancel":
            return _redirect(self._returning(call["func"], back), done=False)
        if kind == "reset":
            kept = {key: bare[key] for key in ("func", "elid", "plid") if bare.get(key)}
            return _redirect({**kept, "_back": back}, done=False)
        if kind == "setvalues":
            sight = self._call({**bare, "sv_field": name})
            sight.step = led_here
            if sight.error:
                return self._once_more(bare, call, back, led_here, sight)
            # What the function says now counts; what it does not speak of stays as it was entered.
            said = {str(one.tag) for one in sight.document}
            entered = {key: value for key, value in call.items() if key not in said}
            return self._again(sight, back, "", entered, "")
        step = {"next": {"snext": "ok"}, "back": {"sback": "ok"}}.get(kind, {})
        sent = {**bare, **step, "func": func or call["func"], "clicked_button": name or "ok", "sok": "ok"}
        sight = self._call(sent)
        if sight.error:
            return self._once_more(bare, call, back, led_here, sight)
        sight.step = urlencode({name: value for name, value in sent.items() if name in _STEP}) if step else ""
        sight.call = {key: value for key, value in sight.call.items() if key not in ("sok", "clicked_button")}
        return self._finish(sight, back) if sight.done else self._draw(sight, back)

    def _once_more(
        self, bare: dict[str, str], entered: Mapping[str, str], back: str, step: str, refused: Sight | None = None
    ) -> Answer:
        """The form as it was got, with what was entered and the panel's words."""
        shown = self._call({**bare, **dict(parse_qsl(step))})
        shown.call, shown.step = bare, step
        error = refused.document.find("error") if refused else None
        wrong = "" if error is None else error.get("object", "")
        said = refused.error if refused else ""
        if shown.error:
            return self._gone(shown, said or shown.error, back)
        return self._again(shown, back, said, entered, wrong)

    def _gone(self, sight: Sight, error: str, back: str) -> Answer:
        """No form to show an error in: where it can be gone on from."""
        return self.notice(error, back=urlencode(self._returning(sight.call.get("func", ""), back)))

    def _again(self, sight: Sight, back: str, error: str, call: Mapping[str, str], wrong: str) -> Answer:
        if sight.metadata.get("type") == "report":
            return self._report(sight, error, "", call)
        return self._form(sight, back, error, "", call, wrong)

    def _finish(self, sight: Sight, back: str) -> Answer:
        """`<ok type>func=...</ok>` says where to go; without it back to where one came from (platform.md 2.2)."""
        result = sight.document.find("ok")
        target = "" if result is None else (result.text or "").strip()
        kind = "" if result is None else result.get("type", "")
        if kind in ("url", "blank") or "://" in target:
            return self._page("result.html", self._own["result"], facts=[], back=back, link=target)
        if sight.document.findtext("billorder"):
            target = "func=basket"  # an order that is to be paid (selling-api.md 3.6)
        following = dict(parse_qsl(target))
        if following.get("func") and self.reads(following["func"]):
            return _redirect(following, done=kind != "form")  # the next step of a wizard: nothing is done yet
        told = [one for one in sight.document if one.tag not in ("ok", "id", "elid", "tparams", "metadata", "messages")]
        if any(one.text for one in told):
            return self._result(sight, back, "")
        return _redirect(self._returning(sight.call.get("func", ""), back), done=True)

    def _returning(self, func: str, back: str) -> dict[str, str]:
        known = dict(parse_qsl(back))
        if known.get("func"):
            return {name: value for name, value in known.items() if not name.startswith("_")}
        while "." in func:
            func = func.rpartition(".")[0]
            element = self._interface.metadata(func)
            if self._in_menu(func) or (element is not None and element.get("type") not in (None, "form")):
                return {"func": func}
        return {}


def in_an_address(call: Mapping[str, str]) -> dict[str, str]:
    """What a page's links carry: no secrets, nothing that acts, and only as much as fits into an address."""
    kept: dict[str, str] = {}
    for name, value in call.items():
        more = {**kept, name: value}
        if name == "func" or (name not in NOT_KEPT and len(urlencode(more)) <= LONGEST_ADDRESS):
            kept = more
    return kept


def _banners(sight: Sight) -> list[tuple[str, str]]:
    """`<banner id status>`: its text is the document's, or a message of its id with the banner's params."""
    found = []
    for one in sight.document.iterchildren("banner", "warning"):
        name = one.get("id", "")
        text = sight.words.maybe(f"banner_{name}", name) or one.findtext("msg", "") or (one.text or "")
        for param in one.iterchildren("param"):
            text = text.replace(f"__{param.get('name', '')}__", param.text or "")
        if text.strip():
            found.append((one.get("status", one.tag), text.strip()))
    return found


def _redirect(call: Mapping[str, str], done: bool = False) -> Answer:
    shown = {name: value for name, value in call.items() if value}
    query = urlencode({**shown, "_done": "1"} if done else shown)
    return Answer(b"", "text/html", 303, headers=(("Location", f"?{query}"),))
