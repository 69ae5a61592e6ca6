"""The terminal interface: the only place that knows Textual, Rich and plotext."""

from apiwatch.tui.app import ApiwatchApp

__all__ = ["ApiwatchApp"]
