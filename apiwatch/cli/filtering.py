"""--filter: the fields and words by which lists are narrowed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from apiwatch.errors import UsageError

if TYPE_CHECKING:
    from apiwatch.store import Filter

__all__ = ["filter_option", "mention_bound", "read_filter"]

F = TypeVar("F", bound=Callable[..., Any])

_ABOUT = """\b
The words of EXPR must all hold:
  sev>=high  score>50  reqs>1.5k  4xx>50  first:1h  since:10m     compare
  route:/users  ua:"python requests"  user:bob|alice  host=api    contain, equal
  203.0.113.7  client:203.0.113.0/24  2001:db8::/32               client or network
  anything                                                        in any column
  !word  -field:value  field!=value                               invert
An unknown field is answered with those that there are.
"""


def filter_option(command: F) -> F:
    """--filter EXPR, with completion of fields, and its syntax at the end of the help."""
    text = "Only rows that EXPR lets pass, such as 'sev>=high route:/users'."
    option = click.option("--filter", "wanted", metavar="EXPR", default="", help=text, shell_complete=_complete)
    done = option(command)
    target = getattr(done, "callback", None) or done
    target.__doc__ = f"{(target.__doc__ or '').rstrip()}\n\n    {_ABOUT}"
    return done


def read_filter(text: str, over: str) -> "Filter":
    """The filter of an option for the list `over`. Raises UsageError."""
    from apiwatch.store.filters import FilterError, List, parse

    try:
        return parse(text, List(over))
    except FilterError as error:
        raise UsageError(f"--filter: {error}") from None


def mention_bound(rows: list[Any], what: str) -> None:
    """Say on standard error when not all rows were looked at."""
    from apiwatch.cli.output import say

    among = getattr(rows, "among", 0)
    if among:
        say(f"found among the {among} {what} that matter most; a shorter window or another filter looks at others")


def _complete(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    from apiwatch.store.filters import List, completions

    name = context.info_name or ""
    return completions(begun, List(name)) if name in {each.value for each in List} else []
