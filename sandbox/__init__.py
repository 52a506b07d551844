"""A stand-in BILLmanager, honest enough to run plug-ins and clients that were written for the real one.

One panel implementation, run as often as wanted: a BILLmanager sells to its clients *and* runs processing modules, so
a seller and a reseller are the same program with different data. It knows no plug-in by name and imports none.

Every behaviour cites the fact it stands on (`platform.md 5.2`, `selling-api.md 3.3`); what no source tells is a named
setting in `sandbox.switches`, never a silent guess.
"""
