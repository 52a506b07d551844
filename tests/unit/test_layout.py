"""What is loaded only when it is needed can be loaded."""

import ast
import importlib
import pkgutil
from pathlib import Path

import reseller


def test_every_module_can_be_loaded():
    for found in pkgutil.walk_packages(reseller.__path__, "reseller."):
        importlib.import_module(found.name)


#: what changes a remote service, in the modules of reseller/seller
CHANGES = {
    "controls": {"change_state", "power", "change_password", "new_key"},
    "changes": {"edit", "change_tariff"},
    "renewals": {"prolong", "no_autoprolong"},
    "keys": {"set_key"},
    "orders": {"remove_unpaid"},
}
#: who may call them: tries, which have asked Attempt.view() whose it is (lifecycle/ownership.py); and who sets the key,
#: takes back an order by its key, hands over what is nobody's, or comes right after such a view
CALLERS = {
    "lifecycle/state_change.py": "view()",
    "commands/suspend_resume_close.py": "state_change.py",
    "lifecycle/overtaken.py": "state_change.py",
    "commands/setparam.py": "view()",
    "commands/prolong.py": "view()",
    "commands/cancel_prolong.py": "view()",
    "commands/gen_key.py": "see()",
    "commands/power.py": "control.py",
    "commands/changepassword.py": "control.py",
    "lifecycle/kept_licences.py": "view()",
    "lifecycle/autorenewal.py": "its callers",
    "commands/open.py": "its key",
    "linking/sides.py": "sets the key",
}
#: who may read the form of a remote service past that gate, and why
READERS = {
    "lifecycle/attempt.py": "the gate of tries",
    "lifecycle/ownership.py": "the gate of everything else",
    "same_account.py": "to prove an account",
    "commands/transition_controlpanel.py": "asks whose it is itself",
    "commands/open.py": "to see its key",
    "commands/reopen.py": "to see its key",
    "lifecycle/kept_licences.py": "of what is kept, which carries no key",
    "linking/moving.py": "to prove a link",
    "linking/plan.py": "to link it",
    "linking/repair.py": "to link it",
    "linking/sides.py": "sets the key",
    "swap.py": "asks whose it is itself",
    "lifecycle/autorenewal.py": "whether it has stopped renewing itself, after the gate",
    "sync/activate.py": "whether it is there",
    "sync/compare.py": "asks whose it is itself",
    "audit/fix.py": "whether it is there",
}


def _calls():
    """File, module and function of each call `module.function(...)`, outside of reseller/seller."""
    root = Path(reseller.__file__).parent
    for file in root.rglob("*.py"):
        name = file.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if not name.startswith("seller/") else ():
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                yield name, called.value.id, called.attr


def test_every_change_of_a_remote_service_comes_after_the_question_whose_it_is():
    assert {file for file, module, name in _calls() if name in CHANGES.get(module, ())} == set(CALLERS)


def test_the_form_of_a_remote_service_is_read_through_the_gate_or_for_a_reason():
    found = {file for file, module, name in _calls() if (module, name) in {("service", "read"), ("remotes", "read")}}
    assert found == set(READERS)


def test_nothing_about_a_linked_service_asks_its_row_for_the_seller():
    """`item.module` leads to a seller only where nothing is linked yet."""
    allowed = {"lifecycle/attempt.py", "commands/check_param.py", "commands/reorder.py", "sync/sync_item.py"}
    allowed |= {"linking/plan.py", "linking/repair.py", "linking/sides.py"}
    root = Path(reseller.__file__).parent
    found = {
        file.relative_to(root).as_posix() for file in root.rglob("*.py") if "seller(item.module)" in file.read_text()
    }
    assert found <= allowed
