"""Which remote service is which service here: by hand, by a client's repair, by looking for likely pairs.

On the seller `remoteid` holds our key, on this panel the link lives in `reseller_link`; both are set together. What is
in the way is decided in one place (plan.py) and carried out in one (sides.py); everything else calls these.
"""
