"""The command line: commands, exit codes, and decisions about the terminal. See `run.main`."""

from apiwatch.cli.run import main

__all__ = ["main"]
