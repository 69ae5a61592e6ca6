"""Verbs by which operators say what they think of alerts, and whom to let pass or to block."""

from apiwatch.tui.commands.context import CommandContext
from apiwatch.tui.commands.kinds import Argument, Kind
from apiwatch.tui.commands.verb import Args, Verb

__all__ = ["SAYING"]

_SUBJECT = Argument("subject", Kind.SUBJECT)
_NETWORK = Argument("network", Kind.NETWORK)
_DURATION = Argument("duration", Kind.DURATION)
_NOTE = Argument("note", Kind.TEXT)
_REASON = Argument("reason", Kind.TEXT)


def _ack(context: CommandContext, args: Args) -> None:
    context.ack(args.text("subject"), args.text("note"))


def _unack(context: CommandContext, args: Args) -> None:
    context.unack(args.text("subject"))


def _note(context: CommandContext, args: Args) -> None:
    context.note(args.text("subject"), args.text("note"))


def _mute(context: CommandContext, args: Args) -> None:
    context.mute(args.text("subject"), args.number("duration"), args.text("note"))


def _unmute(context: CommandContext, args: Args) -> None:
    context.unmute(args.text("subject"))


def _benign(context: CommandContext, args: Args) -> None:
    context.benign(args.text("subject"), args.number("duration"), args.text("note"))


def _allow(context: CommandContext, args: Args) -> None:
    context.allow(args.text("network"), args.number("duration"), args.text("reason"))


def _disallow(context: CommandContext, args: Args) -> None:
    context.disallow(args.text("network"))


def _block(context: CommandContext, args: Args) -> None:
    context.block(args.text("network"), args.number("duration"), args.text("reason"))


def _unblock(context: CommandContext, args: Args) -> None:
    context.unblock(args.text("network"))


SAYING = (
    Verb("ack", "acknowledge: you look after it", _ack, (_SUBJECT, _NOTE), ("acknowledge",), "acknowledge"),
    Verb("unack", "take an acknowledgement back", _unack, (_SUBJECT,)),
    Verb("note", "leave a note with the alert", _note, (_SUBJECT, Argument("note", Kind.TEXT, False))),
    Verb("mute", "do not tell of it again for a while", _mute, (_SUBJECT, _DURATION, _NOTE), binding="mute"),
    Verb("unmute", "end a mute", _unmute, (_SUBJECT,)),
    Verb("benign", "normal for this client on this route", _benign, (_SUBJECT, _DURATION, _NOTE)),
    Verb("allow", "put an address or network on the allow-list", _allow, (_NETWORK, _DURATION, _REASON)),
    Verb("disallow", "take it off the allow-list", _disallow, (_NETWORK,)),
    Verb("block", "queue for blocking; nothing is applied yet", _block, (_NETWORK, _DURATION, _REASON), (), "block"),
    Verb("unblock", "withdraw from the block queue", _unblock, (_NETWORK,)),
)
