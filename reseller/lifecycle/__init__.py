"""One file per decision in the life of a service; the commands and checkevent share them."""
