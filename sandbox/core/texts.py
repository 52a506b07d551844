"""Texts of errors: `msg_error_<type>` in the messages of the function, then in `msgerror` (platform.md 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.core.errors import ForeignError, PanelError, error_element

if TYPE_CHECKING:
    from lxml import etree

    from sandbox.core.plugins import Plugins

LANGUAGES = ("en", "ru")

_BUILT_IN: dict[str, dict[str, str]] = {
    "en": {
        "access": "Insufficient privileges to perform '__object__'",
        "auth": "Wrong user name or password",
        "auth_badip": "Access from this IP denied",
        "auth_ip": "Access from this IP denied",
        "auth_totp": "The second factor is required",
        "auth_second_factor": "The second factor is required",
        "value": "The '__object__' field has invalid value '__value__'. __desc__",
        "too_much": "It is too long or too large.",
        "missed": "'__object__' is missing: '__value__'",
        "exists": "'__object__' with value '__value__' already exists",
        "not_enough_money": "Insufficient funds: __amount__ __currency__ needed, __have__ __currency__ available, "
        "__deficit__ __currency__ short",
        "wizard_unavailable": "This step is not available without the one before it: '__object__'",
        "item_not_exists": "Service '__value__' does not exist",
        "pricelist_min_order": "The minimum order period for this service is __value__. __left__ are left",
        "value_prolong": "The service can be renewed only after __value__",
        "value_resource": "Resource change is forbidden by provider. Contact technical support",
        "stat_addon_over_limit": "The new limit of '__object__' is below its use of __value__",
        "promocode_not_use": "The promo code '__value__' cannot be used",
        "captcha_verification_failed": "The captcha has not been passed",
        "value_confirm": "The deletion has to be confirmed by phone",
        "plugin": "__object__ plugin terminated with an error or returned an invalid XML.",
        "process": "'__object__' failed: __value__",
        "unsupported": "'__object__' is not supported: '__value__'",
        "client": "Failed to call '__object__' at '__value__'",
        "no_suitable_module": "No suitable processing module for service '__value__'",
        "db": "Database error. __value__",
    },
    "ru": {
        "access": "У вас недостаточно прав на выполнение функции '__object__'",
        "auth": "Неверное имя пользователя или пароль",
        "auth_badip": "Доступ с этого IP-адреса запрещён",
        "auth_ip": "Доступ с этого IP-адреса запрещён",
        "auth_totp": "Требуется второй фактор",
        "auth_second_factor": "Требуется второй фактор",
        "value": "Поле '__object__' имеет недопустимое значение '__value__'. __desc__",
        "too_much": "Оно слишком длинное или слишком большое.",
        "missed": "'__object__' не найден: '__value__'",
        "exists": "'__object__' со значением '__value__' уже существует",
        "not_enough_money": "Недостаточно средств: требуется __amount__ __currency__, доступно __have__ __currency__, "
        "не хватает __deficit__ __currency__",
        "wizard_unavailable": "Шаг недоступен без предыдущего: '__object__'",
        "item_not_exists": "Услуга '__value__' не существует",
        "pricelist_min_order": "Минимальный период заказа этой услуги: __value__. Осталось: __left__",
        "value_prolong": "Услугу можно продлить только после __value__",
        "value_resource": "Изменение ресурса запрещено провайдером. Обратитесь в техническую поддержку",
        "stat_addon_over_limit": "Новый лимит '__object__' меньше использованного: __value__",
        "promocode_not_use": "Промокод '__value__' нельзя использовать",
        "captcha_verification_failed": "Проверка captcha не пройдена",
        "value_confirm": "Удаление нужно подтвердить по телефону",
        "plugin": "Плагин __object__ завершился с ошибкой или вернул некорректный XML.",
        "process": "Ошибка '__object__': __value__",
        "unsupported": "'__object__' не поддерживается: '__value__'",
        "client": "Не удалось вызвать '__object__' на '__value__'",
        "no_suitable_module": "Нет подходящего модуля обработки для услуги '__value__'",
        "db": "Ошибка базы данных. __value__",
    },
}


def chosen_lang(wanted: str) -> str:
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def template_for(error: PanelError, func: str, lang: str, plugins: Plugins) -> str:
    key = f"msg_error_{error.kind}"
    for section in (func, "msgerror"):
        for language in (lang, LANGUAGES[0]):
            found = plugins.message(language, section, key)
            if found is not None:
                return found
    built_in = _BUILT_IN[chosen_lang(lang)]
    known = built_in.get(f"{error.kind}_{error.object}") or built_in.get(error.kind)
    desc = error.params.get("desc", "")
    return (known or f"{error.kind} __object__ __value__").replace("__desc__", built_in.get(desc, desc)).strip()


def render(error: PanelError, func: str, lang: str, plugins: Plugins) -> etree._Element:
    if isinstance(error, ForeignError) and error.element.find("msg") is not None:
        return error_element(error, "", lang)
    return error_element(error, template_for(error, func, lang, plugins), lang)
