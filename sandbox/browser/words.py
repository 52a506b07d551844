"""The texts of a page: the messages of its function, in the caller's language, else in English; and the front's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

    from sandbox.core.panel import Panel

FALLBACK = "en"

OWN: dict[str, dict[str, str]] = {
    "en": {
        "login": "Log in", "logout": "Log out", "username": "User name", "password": "Password", "home": "Start page",
        "session_over": "The session is over. Log in again.",
        "no_password": "Enter the user name and the password.", "menu": "Menu", "ok": "OK", "cancel": "Cancel",
        "next": "Next", "back": "Back", "yes": "Yes", "no": "No", "filter": "Filter", "filtered": "Filter:",
        "rows": "Rows", "of": "of", "page": "Page", "empty": "There is nothing here yet.",
        "all": "Mark all rows", "mark": "Mark row",
        "done": "Done.", "sure": "Are you sure?", "one_row": "Mark exactly one row first.",
        "some_row": "Mark at least one row first.", "not_for": "This button is not for:", "apply": "Apply",
        "stale": "This form is not from this session. Nothing was changed; open the page again.",
        "call": "This address changes something or is no page. Call it?", "follow": "Leave this panel for",
        "unknown_button": "The page has no such button.", "total": "Total", "result": "Result", "run": "Show",
        "client": "client", "admin": "employee", "required": "must be filled in", "rows_marked": "Rows",
        "null": "(nothing chosen)", "error": "Error", "skip": "To the content", "unfilter": "Clear the filter",
        "empty_filtered": "No row matches the filter.", "press": "The first one comes by", "balance": "Balance",
        "autoupdate": "Read anew every", "seconds": "s",
        "failed": "This page failed. What went wrong stands in the log of the panel.",
    },
    "ru": {
        "login": "Войти", "logout": "Выйти", "username": "Имя пользователя", "password": "Пароль",
        "home": "Начальная страница", "session_over": "Сеанс окончен. Войдите снова.",
        "no_password": "Введите имя пользователя и пароль.", "menu": "Меню", "ok": "OK",
        "cancel": "Отмена", "next": "Далее", "back": "Назад", "yes": "Да", "no": "Нет", "filter": "Фильтр",
        "filtered": "Фильтр:", "rows": "Строки", "of": "из", "page": "Страница", "empty": "Здесь пока ничего нет.",
        "all": "Отметить все строки", "mark": "Отметить строку", "done": "Готово.", "sure": "Вы уверены?",
        "one_row": "Сначала отметьте ровно одну строку.", "some_row": "Сначала отметьте хотя бы одну строку.",
        "not_for": "Эта кнопка не для:", "apply": "Применить",
        "stale": "Эта форма не из этого сеанса. Ничего не изменено; откройте страницу снова.",
        "call": "Этот адрес что-то меняет или не является страницей. Вызвать?", "follow": "Перейти из панели на",
        "unknown_button": "На странице нет такой кнопки.", "total": "Итого", "result": "Результат", "run": "Показать",
        "client": "клиент", "admin": "сотрудник", "required": "нужно заполнить", "rows_marked": "Строки",
        "null": "(не выбрано)", "error": "Ошибка", "skip": "К содержанию", "unfilter": "Сбросить фильтр",
        "empty_filtered": "Под фильтр не подходит ни одна строка.", "press": "Начните с кнопки", "balance": "Баланс",
        "autoupdate": "Обновляется каждые", "seconds": "с",
        "failed": "Сбой этой страницы. Причина записана в журнал панели.",
    },
}  # fmt: skip


def own(lang: str) -> dict[str, str]:
    return OWN.get(lang, OWN[FALLBACK])


class Words:
    """Texts by their name; a name without a text is shown as it is."""

    def __init__(self, panel: Panel, func: str, lang: str, document: etree._Element | None = None) -> None:
        self._texts: dict[str, str] = {}
        for language in dict.fromkeys((FALLBACK, lang)):
            self._texts.update(panel.plugins.messages(language, func))
        self.own = own(lang)
        if document is not None:
            for block in document.findall("messages"):
                self._texts.update({one.get("name", ""): one.text or "" for one in block.iterchildren("msg")})

    def has(self, name: str) -> bool:
        return name in self._texts

    def __call__(self, *names: str) -> str:
        """The text of the first name that has one."""
        return next((self._texts[name] for name in names if name in self._texts), names[0])

    def maybe(self, *names: str) -> str:
        return next((self._texts[name] for name in names if name in self._texts), "")
