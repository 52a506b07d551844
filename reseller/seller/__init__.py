"""The panel we buy from, as a client account sees it over HTTPS."""
