"""The recovery family: who abuses resets of passwords and one-time codes."""
