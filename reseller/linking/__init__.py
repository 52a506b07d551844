"""Link services here with remote services: by hand, by a client's repair, or by searching for likely pairs.

At the seller `remoteid` holds our key, on this panel the link is a row of `reseller_link`; both are set together. One
file decides what stands in the way of a link (plan.py) and one sets both sides (sides.py); everything else calls these.
"""
