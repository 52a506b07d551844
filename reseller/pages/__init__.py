"""One file a page or form of the panel; no rules of their own."""
