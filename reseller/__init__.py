"""Reseller: an add-on for BILLmanager that resells the services of another BILLmanager."""

__version__ = "0.1.0"
