"""apiwatch: live detection of API abuse from access logs, in a terminal."""

__version__ = "0.1.0"
