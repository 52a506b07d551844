"""The panel in which the add-on is installed: its files, its database, its functions, and how it calls a module."""
