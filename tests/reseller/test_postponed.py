"""Standard modules that are loaded when they are used, in an interpreter of its own."""

import subprocess
import sys

import pytest

from reseller import postponed


def says(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("name", postponed.NAMES)
def test_a_postponed_module_becomes_the_real_one_when_it_is_used(name):
    use = {"getpass": "getpass", "inspect": "signature", "ssl": "create_default_context", "traceback": "format_exc"}
    code = f"""
import sys
sys.modules.pop('{name}', None)
import reseller, {name}
before = type(sys.modules['{name}']).__name__
{name}.{use[name]}, {name}.{use[name]}
import {name} as again
print(before, type(sys.modules['{name}']).__name__, again.{use[name]} is {name}.{use[name]})
"""
    assert says(code) == "Postponed module True"


def test_what_is_loaded_already_stays():
    assert says("import ssl, sys, reseller; print(sys.modules['ssl'] is ssl, type(ssl).__name__)") == "True module"


def test_the_import_system_is_told_nothing_of_what_is_not_there():
    code = (
        "import sys; sys.modules.pop('ssl', None)\nimport reseller, ssl\nprint(hasattr(ssl, '__path__'), ssl.__spec__)"
    )
    assert says(code) == "False None"
