"""Reseller: an add-on for BILLmanager that resells the services of another BILLmanager."""

from reseller import postponed

__version__ = "0.1.0"

postponed.postpone()
