"""A foreign processing module that writes down how it was called and does as it is told.

It knows the vendor's arguments and `sbin/mgrctl` of its directory, nothing of the sandbox. What it has to do for a
command stands in `tmp/<module>.todo` (JSON: calls, out, err, code); what it met is a line of `tmp/<module>.met`.
"""

from __future__ import annotations

import json

from sandbox.tests.panels import until

PROGRAM = r"""#!/usr/bin/python3 -SE
import json, os, subprocess, sys
base = os.path.dirname(os.path.dirname(os.path.abspath(sys.argv[0])))
name = os.path.basename(sys.argv[0])
words = sys.argv[1:]
options = {}
for place, word in enumerate(words):
    if word.startswith("--"):
        options[word[2:]] = words[place + 1] if place + 1 < len(words) else ""
command = options.get("command", "")
data = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
with open(base + "/tmp/" + name + ".met", "a") as file:
    file.write(json.dumps({"argv": words, "options": options, "stdin": data, "cwd": os.getcwd()}) + "\n")
try:
    with open(base + "/tmp/" + name + ".todo") as file:
        todo = json.load(file)
except FileNotFoundError:
    todo = {}
if command == "features" and "features" not in todo:
    print(open(base + "/tmp/" + name + ".features").read())
    sys.exit(0)
mine = todo.get(command, {})
for call in mine.get("calls", []):
    call = [word.format(**options) for word in call]
    done = subprocess.run([base + "/sbin/mgrctl", "-m", "billmgr", "-o", "xml"] + call, stdout=subprocess.PIPE)
    if b"<error" in done.stdout or done.returncode:
        sys.stdout.buffer.write(done.stdout)
        sys.exit(1)
sys.stdout.write(mine.get("out", ""))
sys.stderr.write(mine.get("err", ""))
sys.exit(mine.get("code", 0))
"""

COMMANDS = (
    "check_connection",
    "tune_connection",
    "usercreate",
    "open",
    "reopen",
    "resume",
    "suspend",
    "close",
    "setparam",
    "prolong",
    "prolong_addon",
    "cancel_prolong",
    "transfer",
    "update_ns",
    "whois",
    "get_contact_type",
    "tune_service",
    "tune_service_profile",
    "validate_service_profile",
    "service_profile_update",
    "sync_item",
    "sync_server",
    "sync_iplist",
    "sync_pricelist",
    "get_server_config",
    "stat",
    "import",
    "import_pricelist",
    "get_suitable_module",
    "check_param",
    "check_addon",
    "gen_key",
    "approver",
    "send_dv_dns",
    "send_dv_email",
    "tuning_param",
    "start",
    "stop",
    "reboot",
    "hardreboot",
    "changepassword",
    "addip",
    "delip",
    "transition_controlpanel",
    "pricelist_dynamic_settings_tune",
    "getbalance",
    "uploadext",
    "uploaddocs",
    "contactverify",
    "checkdomaindoc",
    "getauthcode",
    "change_owner",
)
POSTS = {
    "open": "service.postopen",
    "reopen": "service.postreopen",
    "resume": "service.postresume",
    "suspend": "service.postsuspend",
    "close": "service.postclose",
    "setparam": "service.postsetparam",
    "prolong": "service.postprolong",
    "transfer": "service.postopen",
    "start": "service.poststart",
    "stop": "service.poststop",
    "reboot": "service.postreboot",
    "hardreboot": "service.posthardreboot",
    "changepassword": "service.postchangepassword",
}
"""What a module calls when it has done the command (platform.md 5.2)."""

ORDER = {"certificate": {"CN": "c.example", "csr": "-----BEGIN CERTIFICATE REQUEST-----", "domain": "c.example"}}
"""What an order of a type must carry besides its tariff (selling-api.md 3.5)."""

ECHO = "<doc><seen/></doc>"


def features_document(commands=COMMANDS, itemtypes=("vds", "domain", "certificate", "box"), extra=""):
    types = "".join(f'<itemtype name="{name}"/>' for name in itemtypes)
    names = "".join(f'<feature name="{name}"/>' for name in commands)
    return (
        f"<doc><itemtypes>{types}</itemtypes><params><param name='url'/><param name='secret' crypted='yes'/>"
        f"{extra}</params><features>{names}</features>"
        "<templates><template name='op_1'/></templates></doc>"
    )


class Probe:
    """The module on a panel, with a tariff of each type it serves."""

    def __init__(self, panel, name="pmprobe", features=None, **settings):
        self.panel, self.name, self.id = panel, name, ""
        self.folder = panel.base / "tmp"
        (self.folder / f"{name}.features").write_text(features or features_document())
        panel.install("processing", name, PROGRAM)
        self.do()
        given = {"url": "here", "secret": "top secret", **settings}
        answer = panel.call("processing.add.settings", module=name, name=name, sok="ok", **given)
        self.id = answer.findtext("id")
        self.tariffs, self.open = {}, {}
        self.do()
        # Money for many services at once: setting it back after each test would cost more than the test.
        panel.call("sandbox.balance", user="client1", value=50000)

    def leave(self):
        """The client's money is what other tests expect."""
        self.panel.call("sandbox.balance", user="client1", value=500)

    def tariff(self, itemtype="vds", **more):
        if (itemtype, *more.items()) not in self.tariffs:
            if not self.panel.rows("SELECT id FROM itemtype WHERE intname = %s", itemtype):
                self.panel.call("sandbox.itemtype", intname=itemtype, orderparams="domain")
            given = {"itemtype": itemtype, "name": f"{self.name} {itemtype}", "price": 1, "module": self.id, **more}
            answer = self.panel.call("sandbox.tariff", zone=self.name, **given)
            self.tariffs[(itemtype, *more.items())] = answer.findtext("id")
        return self.tariffs[(itemtype, *more.items())]

    def do(self, **commands):
        """What to do for each command; without: nothing special but the vendor's call-back."""
        plan = {name: {"calls": [[func, "elid={item}", "sok=ok"]]} for name, func in POSTS.items()}
        plan["check_connection"] = {"out": "<doc/>"}
        plan["tune_connection"] = {"out": "<doc/>"}
        plan["get_suitable_module"] = {"out": f"<doc><modules><module id='{self.id}'/></modules></doc>"}
        (self.folder / f"{self.name}.todo").write_text(json.dumps({**plan, **commands}))

    def met(self, command=None):
        file = self.folder / f"{self.name}.met"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [line for line in lines if command in (None, line["options"].get("command"))]

    def last(self, command):
        return self.met(command)[-1]

    def ordered(self, itemtype="vds", **more):
        """An order by client1; its answer."""
        fields = {**ORDER.get(itemtype, {}), **more}
        params = {"pricelist": self.tariff(itemtype), "period": 1, "skipbasket": "on", "sok": "ok", **fields}
        return self.panel.call(f"{itemtype}.order.param", su="client1", **params)

    def service(self, itemtype="vds", **more):
        """An order by client1 that is open at the end."""
        item = int(self.ordered(itemtype, **more).findtext("id"))
        self.panel.until_status(item, 2)
        return item

    def kept(self, itemtype="vds"):
        """One open service of a type for all tests that leave it open."""
        if itemtype not in self.open:
            self.open[itemtype] = self.service(itemtype)
        return self.open[itemtype]

    def run(self, command, **params):
        """The command at once; the module's document."""
        if "item" not in params:
            params["module"] = self.id
        return self.panel.call("sandbox.module", command=command, **params)

    def queue(self, item, name, **params):
        """The command through the operation queue; its id."""
        return self.panel.call("sandbox.operation", item=item, name=name, **params).findtext("id")

    def over(self, item):
        until(lambda: not self.operations(item), f"the operation of {item} does not end")

    def operations(self, item):
        return self.panel.rows("SELECT * FROM runningoperation WHERE item = %s ORDER BY id", item)

    def tasks(self, item):
        return self.panel.rows("SELECT * FROM task WHERE item = %s ORDER BY id", item)

    def drop(self, item):
        for row in self.operations(item):
            self.panel.ask("runningoperation.delete", elid=row["id"])
