"""One file a command of the panel, by the panel's name; reseller/processing.py is the table of them."""
