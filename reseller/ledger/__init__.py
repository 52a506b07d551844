"""Our own tables in the panel's database: what was promised, sent, bought and seen."""
