"""checkevent: poll the seller and bring every change there to this panel."""
