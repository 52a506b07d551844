"""What checkevent is measured against: the same answers fetched and parsed as they usually are at first.

    python bare_loop.py URL CAFILE USERNAME ITEMTYPE ROWS [FORMS FIRST]

A requests.Session, lxml, and nothing else: it reads the list of a type page by page, ROWS a page, until it has all rows
(0: it does not read the list at all), takes six fields of each row, then reads the forms of FORMS services from number
FIRST on, and takes the same six of each. It compares nothing, keeps nothing, and knows no doubt. Prints how many of
each it has, and the seconds that the forms took. The password is in the environment.
"""

import os
import sys
import time

import requests
from lxml import etree

URL, CAFILE, USERNAME, ITEMTYPE = sys.argv[1:5]
ROWS, FORMS, FIRST = ([int(word) for word in sys.argv[5:]] + [0, 0])[:3]
FIELDS = ("id", "status", "remoteid", "name", "pricelist", "expiredate")

session = requests.Session()


def ask(func, **fields):
    body = {"func": func, "out": "xml", "authinfo": f"{USERNAME}:{os.environ['PASSWORD']}", **fields}
    root = etree.fromstring(session.post(URL, data=body, verify=CAFILE, timeout=60).content)
    error = root.find("error")
    if error is not None:
        raise SystemExit(f"{func}: {error.findtext('msg')}")
    return root


services: dict[str, tuple[str, ...]] = {}
total, page = ROWS, 0
while len(services) < total:
    page += 1
    listed = ask(ITEMTYPE, p_num=page, p_cnt=ROWS)
    total = int(listed.findtext("p_elems"))
    for row in listed.iterfind("elem"):
        fields = tuple(row.findtext(name) for name in FIELDS)
        services[fields[0]] = fields

started = time.perf_counter()
forms = {}
for number in range(FIRST, FIRST + FORMS):
    form = ask(f"{ITEMTYPE}.edit", elid=number)
    forms[number] = tuple(form.findtext(name) for name in FIELDS)

print(len(services), len(forms), time.perf_counter() - started)
