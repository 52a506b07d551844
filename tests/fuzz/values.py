"""What somebody may say who is careless, broken or hostile: values, documents, bytes, arguments, environments."""

from __future__ import annotations

import base64
import copy
import gzip
import html
import random
import urllib.parse
from collections.abc import Callable, Sequence

from lxml import etree

#: of a document, so many are changed at most
MOST_CHANGES = 6
_DIGITS = "9" * 5000
#: texts where a number, a date, a status, an address or a name is expected
ODD = (
    *("", " ", "²", "٣", "-1", "0", "00", "1e999", "NaN", "0x10", "2147483648", "9" * 19, _DIGITS, "1.5", "+5", "5 5"),
    *("0000-00-00", "2026-02-30", "9999-12-31", "0001-01-01", "31.12.2036", "2026-11-29 25:61", "tomorrow"),
    *("2", "3", "4", "5", "5_suspend", "2_", "_", "on", "off", "null", "None", "true"),
    *("\x9b31m", "\u202egpj.exe", "\u2028", "\ufeff", "a\u0301" * 50, "\U0001f4b8" * 40, "ы" * 300, "x" * 100_000),
    *("' OR 1=1 -- ", '"; DROP TABLE item; --', "%s%s%n", "{0.__class__}", "__item__", "${HOME}", "$(id)", "`id`"),
    *("../../etc/passwd", "/dev/zero", "http://127.0.0.1:1/", "file:///etc/passwd", "javascript:alert(1)"),
    *("<b>&amp;</b>", "]]>", "&lt;doc&gt;", "\n[x] INFO fake line", "a=1&elid=2&sok=ok", "1, 2, 3", "1,2"),
    *("10.00", "1 000,00 EUR", "-10.0000", "1.234.567,89", "\u00a05", "€", "0.0000000000000000001"),
    *("198.18.0.1", "::1", "256.1.1.1", "a.example", "-a.example", "a" * 64 + ".example", "xn--", "ip: 1"),
)
#: what only an argument or an environment can hold
RAW = (*ODD, "\x1b]0;owned\x07", "\udcff\udcfe", "a\rb", "\t", "--item", "-", "=", "--", "@file")
SECRET_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    lambda secret: urllib.parse.quote(secret, safe=""),
    urllib.parse.quote_plus,
    html.escape,
    lambda secret: base64.b64encode(secret.encode()).decode(),
    " ".join,
)


def document(chance: random.Random, body: bytes, secrets: Sequence[str]) -> bytes:
    """The seller's answer, changed in some places; what is no document is given back as it is."""
    try:
        root = etree.fromstring(body)
    except etree.XMLSyntaxError:
        return body
    for _ in range(chance.randint(1, MOST_CHANGES)):
        nodes = [node for node in root.iter() if isinstance(node.tag, str)]
        chance.choice(_CHANGES)(chance, root, chance.choice(nodes), secrets)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _text(chance: random.Random, _: etree._Element, node: etree._Element, __: Sequence[str]) -> None:
    _put(node, chance.choice(ODD))


def _secret(chance: random.Random, _: etree._Element, node: etree._Element, secrets: Sequence[str]) -> None:
    _put(node, f"said: {chance.choice(SECRET_FORMS)(chance.choice(secrets))}.")


def _attribute(chance: random.Random, _: etree._Element, node: etree._Element, __: Sequence[str]) -> None:
    name = chance.choice([*node.attrib, "orig", "name", "type", "lang", "key"])
    _put(node, chance.choice(ODD), str(name))


def _drop(_: random.Random, root: etree._Element, node: etree._Element, __: Sequence[str]) -> None:
    parent = node.getparent()
    if node is not root and parent is not None:
        parent.remove(node)


def _double(chance: random.Random, root: etree._Element, node: etree._Element, __: Sequence[str]) -> None:
    is_small = len(etree.tostring(node)) < 100_000
    for _ in range(chance.choice((1, 2, 300)) if is_small and node is not root else 0):
        node.addnext(copy.deepcopy(node))


def _move(chance: random.Random, root: etree._Element, node: etree._Element, _: Sequence[str]) -> None:
    places = [place for place in root.iter() if isinstance(place.tag, str) and node not in place.iterancestors()]
    place = chance.choice(places)
    if node is not root and place is not node:
        place.append(node)


def _rename(chance: random.Random, root: etree._Element, node: etree._Element, _: Sequence[str]) -> None:
    if node is not root:
        node.tag = chance.choice(("elem", "id", "error", "doc", "status", "slist", "val", "msg", "x" * 300))


def _error(chance: random.Random, root: etree._Element, _: etree._Element, secrets: Sequence[str]) -> None:
    words = [*ODD[:40], chance.choice(SECRET_FORMS)(chance.choice(secrets))]
    kinds = ("value", "missed", "access", "auth", "db", "exists", "not_enough_money", "limit", "x" * 400, *ODD[:10])
    told = {"type": chance.choice(kinds), "object": chance.choice(words), "value": chance.choice(words)}
    node = etree.SubElement(chance.choice((root, etree.SubElement(root, "warning"))), "error")
    for name, value in told.items():
        _put(node, value, name)
    _put(etree.SubElement(node, "msg"), chance.choice(words))
    param = etree.SubElement(node, "param", name="value")
    _put(param, chance.choice(words))


def _deep(chance: random.Random, __: etree._Element, node: etree._Element, ___: Sequence[str]) -> None:
    for _ in range(chance.choice((10, 200, 2000))):
        node = etree.SubElement(node, "elem")


def _wide(chance: random.Random, _: etree._Element, node: etree._Element, __: Sequence[str]) -> None:
    for number in range(chance.choice((50, 3000))):
        node.set(f"a{number}", "1")


def _comment(chance: random.Random, root: etree._Element, node: etree._Element, _: Sequence[str]) -> None:
    if node is not root:
        node.addprevious(chance.choice((etree.Comment("x"), etree.ProcessingInstruction("x", "y"))))


_CHANGES: tuple[Callable[[random.Random, etree._Element, etree._Element, Sequence[str]], None], ...] = (
    *(_text,) * 6,
    *(_attribute,) * 2,
    *(_secret, _drop, _drop, _double, _move, _rename, _error, _deep, _wide, _comment),
)


def _put(node: etree._Element, text: str, attribute: str = "") -> None:
    """A text or an attribute, without what lxml would not write."""
    clean = "".join(sign for sign in text if sign >= " " or sign in "\t\n")
    if attribute:
        node.set(attribute, clean)
    else:
        node.text = clean


def raw(chance: random.Random, body: bytes) -> bytes:
    """The same bytes with some of them other ones, cut, doubled, in another encoding, or nothing like before."""
    return chance.choice(_RAW_CHANGES)(chance, body, chance.randrange(len(body) + 1))


def _odd_bytes(chance: random.Random, body: bytes, at: int) -> bytes:
    odd = (b"\x00", b"\x1b[2J", b"&#27;", b"&#0;", b"\xff\xfe", b"<!-- ", bytes(chance.choices(range(256), k=30)))
    return body[:at] + chance.choice(odd) + body[at:]


_RAW_CHANGES: tuple[Callable[[random.Random, bytes, int], bytes], ...] = (
    _odd_bytes,
    _odd_bytes,
    lambda _, body, at: body[:at],
    lambda chance, body, _: body.replace(b"UTF-8", chance.choice((b"UTF-16", b"KOI8-R", b"x", b"UTF-7"))),
    lambda _, body, __: b'<!DOCTYPE d [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]>' + body,
    lambda chance, body, _: body * chance.choice((2, 50)),
    lambda chance, _, __: b"<doc>" + b"<elem/>" * chance.choice((10, 200_000)) + b"</doc>",
    lambda chance, _, __: chance.choice((b"", b" ", b"<doc/>", b"null", b"{}", b"ok", b"<html>captcha</html>")),
    lambda _, __, ___: gzip.compress(b"\0" * 20_000_000),
)


def arguments(chance: random.Random, commands: Sequence[str], items: Sequence[int]) -> list[str]:
    """A command line of the module, more or less."""
    options = (
        *("--item", "--module", "--runningoperation", "--level", "--addon", "--lang", "--itemtype", "--intname"),
        *("--param", "--value", "--userid", "--password", "--panelkey", "--subcommand", "--id", "-i", "-m", "-t"),
    )
    words = ["--command", chance.choice((*commands, *RAW))]
    for _ in range(chance.randint(0, 4)):
        value = chance.choice((*RAW, *map(str, items), *map(str, items)))
        words += [chance.choice(options), value] if chance.random() < 0.9 else [value]
    if items and chance.random() < 0.5:
        words += ["--item", str(chance.choice(items))]
    return [word.replace("\x00", "")[:100_000] for word in words]


def environment(chance: random.Random, functions: Sequence[str], items: Sequence[int]) -> dict[str, str]:
    """The environment in which the panel starts a handler, more or less."""
    name = chance.choice((*functions, *functions, *RAW))
    found = {"ACTION_NAME": name, "PARAM_func": name, "EVENT_TYPE": "action", "AUTH_LEVEL": "30", "AUTH_USER": "root"}
    names = (
        *("elid", "value", "sok", "lang", "p_num", "p_cnt", "p_sort", "p_order", "remote", "force", "to", "why"),
        *("filter", "status", "kind", "clicked_button", "plid", "period", "since", "until", "pending", "func"),
    )
    for _ in range(chance.randint(0, 6)):
        found[f"PARAM_{chance.choice(names)}"] = chance.choice((*RAW, *map(str, items), "ok"))
    for key in chance.sample(sorted(found), 1) if chance.random() < 0.4 else ():
        found[key] = chance.choice(("", "16", "29", *RAW))
    return {key: value.replace("\x00", "")[:100_000] for key, value in found.items()}


def settings(chance: random.Random, names: Sequence[str]) -> str:
    """Lines of reseller.conf, more or less."""
    lines = (f"{chance.choice((*names, *ODD[:20]))} {chance.choice(RAW)}" for _ in range(chance.randint(1, 5)))
    return "\n".join(line.replace("\n", " ").replace("\r", " ") for line in lines)
