"""The options that make a block one of some requests only."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from apiwatch.errors import UsageError

if TYPE_CHECKING:
    from apiwatch.model.condition import Condition

__all__ = ["condition_options", "typed_condition"]

Command = TypeVar("Command", bound=Callable[..., Any])


def condition_options(command: Command) -> Command:
    """`--host`, `--path` and `--agent`."""
    for option in (
        click.option("--agent", metavar="TEXT", help="Only user agents that contain this text, letter by letter."),
        click.option("--path", metavar="PREFIX", help="Only this path and what is below it: /users, not /users2."),
        click.option("--host", metavar="NAME", help="Only requests to this host, without a port."),
    ):
        command = option(command)
    return command


def typed_condition(host: str | None, path: str | None, agent: str | None) -> "Condition":
    """What was typed; an empty part is a mistake, such as an unset variable, and no block of everything."""
    from apiwatch.model.condition import condition_of

    for name, value in (("host", host), ("path", path), ("agent", agent)):
        if value == "":
            raise UsageError(f"--{name} is empty: say what it shall be, or leave it out to block every request")
    return condition_of(host or "", path or "", agent or "")
