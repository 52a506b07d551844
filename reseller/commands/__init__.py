"""One file per command of the panel, named as the panel names the command; reseller/processing.py has the table."""
