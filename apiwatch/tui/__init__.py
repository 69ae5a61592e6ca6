"""The terminal interface: the only place that knows Textual, Rich and plotext."""

import os

# Milliseconds that Esc waits for the rest of an escape sequence: tmux waits 10, htop 25; Textual's own 100 can be felt.
# It is read when Textual is imported.
os.environ.setdefault("ESCDELAY", "15")

from apiwatch.tui.app import ApiwatchApp

__all__ = ["ApiwatchApp"]
