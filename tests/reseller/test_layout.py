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
#: who may call them: tries, which have asked Attempt.view() whose it is (lifecycle/whose.py); and who sets the key,
#: takes back an order by its key, hands over what is nobody's, or comes right after such a view
CALLERS = {
    "lifecycle/goals.py": "view()",
    "lifecycle/closing.py": "goals.py",
    "lifecycle/overtaken.py": "goals.py",
    "lifecycle/change.py": "view()",
    "lifecycle/term.py": "view()",
    "lifecycle/cancel.py": "view()",
    "lifecycle/licence_key.py": "see()",
    "lifecycle/power.py": "control.py",
    "lifecycle/password.py": "control.py",
    "lifecycle/reuse.py": "view()",
    "lifecycle/autorenewal.py": "its callers",
    "lifecycle/open.py": "its key",
    "linking/sides.py": "sets the key",
}
#: who may read the form of a remote service past that gate, and why
READERS = {
    "lifecycle/attempt.py": "the gate of tries",
    "lifecycle/whose.py": "the gate of everything else",
    "lifecycle/acquaintance.py": "to prove an account",
    "lifecycle/control_panel.py": "asks whose it is itself",
    "lifecycle/open.py": "to see its key",
    "lifecycle/reopen.py": "to see its key",
    "lifecycle/reuse.py": "of what is kept, which carries no key",
    "linking/moving.py": "to prove a link",
    "linking/plan.py": "to link it",
    "linking/repair.py": "to link it",
    "linking/sides.py": "sets the key",
    "swap.py": "asks whose it is itself",
    "lifecycle/autorenewal.py": "whether it has stopped renewing itself, after the gate",
    "sync/activate.py": "whether it is there",
    "sync/compare.py": "asks whose it is itself",
    "sync/mending.py": "whether it is there",
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
    allowed = {"lifecycle/attempt.py", "lifecycle/checks.py", "lifecycle/reorder.py", "sync/one.py"}
    allowed |= {"linking/plan.py", "linking/repair.py", "linking/sides.py"}
    root = Path(reseller.__file__).parent
    found = {
        file.relative_to(root).as_posix() for file in root.rglob("*.py") if "seller(item.module)" in file.read_text()
    }
    assert found <= allowed
