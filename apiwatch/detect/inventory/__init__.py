"""The inventory family: what should be there, and what else answers."""
