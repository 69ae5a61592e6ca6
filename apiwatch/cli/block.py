"""`apiwatch block`: the queue of networks to block, the guard rails before it, and its export for a firewall."""

import click

from apiwatch.cli.blockadd import add
from apiwatch.cli.blockafter import expire, log, undo
from apiwatch.cli.blockapply import apply, confirm, plan, rollback
from apiwatch.cli.blockexport import export
from apiwatch.cli.blockfeed import serve_feed
from apiwatch.cli.blockguard import impact, protected
from apiwatch.cli.blockqueue import list_, remove
from apiwatch.cli.blockranges import ranges

__all__ = ["block"]


@click.group()
def block() -> None:
    """The block queue, its export for firewalls, and its way into them."""


for each in (
    *(add, remove, list_, export),
    *(plan, apply, confirm, undo, expire, rollback, log, impact, protected, ranges, serve_feed),
):
    block.add_command(each)
