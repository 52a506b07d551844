"""What is loaded only when it is needed can be loaded."""

import importlib
import pkgutil

import reseller


def test_every_module_can_be_loaded():
    for found in pkgutil.walk_packages(reseller.__path__, "reseller."):
        importlib.import_module(found.name)
