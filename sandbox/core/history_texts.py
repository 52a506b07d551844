"""The prose of service.history, told in the language of whoever reads it (selling-api.md 8.2)."""

from __future__ import annotations

import json

TEXTS = {
    "en": {
        "ordered": "The service has been ordered",
        "status": "The service status has been changed to {status}",
        "prolong": "The service validity period has been changed. The old value {old}. The new value {new}",
        "tariff": "The tariff plan has been changed. The old plan {old}. The new plan {new}",
        "addon": "The resource '{name}' has been changed. The old value {old}. The new value {new}",
        "autoprolong_on": "Auto-renewal period is set to {new}",
        "autoprolong_off": "Automatic renewal is disabled",
        "param": "The parameter {name} has been changed. The old value {old}. The new value {new}",
        "newkey": "A new licence key has been issued",
        "password": "The password has been changed",
        "ip_add": "The IP address {name} has been added",
        "ip_delete": "The IP address {name} has been deleted",
        "closeatend": "The service will be deleted at the end of the paid period",
    },
    "ru": {
        "ordered": "Услуга заказана",
        "status": "Статус услуги изменён на {status}",
        "prolong": "Срок действия услуги изменён. Старое значение {old}. Новое значение {new}",
        "tariff": "Тарифный план изменён. Старый тариф {old}. Новый тариф {new}",
        "addon": "Ресурс '{name}' изменён. Старое значение {old}. Новое значение {new}",
        "autoprolong_on": "Период автопродления: {new}",
        "autoprolong_off": "Автопродление выключено",
        "param": "Параметр {name} изменён. Старое значение {old}. Новое значение {new}",
        "newkey": "Выдан новый ключ лицензии",
        "password": "Пароль изменён",
        "ip_add": "Добавлен IP-адрес {name}",
        "ip_delete": "Удалён IP-адрес {name}",
        "closeatend": "Услуга будет удалена в конце оплаченного периода",
    },
}


def stored(key: str, params: dict[str, str]) -> str:
    """How a row keeps it; a text that is no key is kept, and told, as it is."""
    return json.dumps({"key": key, **params}, ensure_ascii=False) if key in TEXTS["en"] else key


def told(description: str, lang: str) -> str:
    if not description.startswith('{"key"'):
        return description
    params = json.loads(description)
    return TEXTS.get(lang, TEXTS["en"])[params.pop("key")].format_map(params)
