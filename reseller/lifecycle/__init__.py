"""One file a decision in the life of a service."""
