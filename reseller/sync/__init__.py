"""checkevent: whatever changed at the seller is changed here."""
