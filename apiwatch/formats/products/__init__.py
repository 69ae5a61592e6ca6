"""Text formats of single products."""
