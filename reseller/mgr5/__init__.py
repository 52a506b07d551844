"""The panel we live in: its files, its database, its functions, and how it calls us."""
