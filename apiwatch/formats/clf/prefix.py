"""What stands before the time of a common-log line: client, ident and user, and what products put in front."""

import re

from apiwatch.formats.addresses import canonical, is_name
from apiwatch.formats.build import Builder
from apiwatch.patterns import late

__all__ = ["Who", "read_prefix"]

Who = tuple[str, str, str | None, str | None, str | None]
"""Client, peer, user, virtual host, and a list of addresses that stood before the peer (a forwarded-for list)."""

_BARE = late(r"[0-9a-fA-F.:]{2,45}", re.ASCII)
_QUOTED_LIST = late(r'(?:(\S+)[ \t]+)?"([^"]*)"[ \t]+(.*)', re.DOTALL)
_BARE_QUOTE = late(r'(?<!\\)"')
_RECORD = late(r'" \d{3} (?:\d|-)', re.ASCII)
"""A request line's end: Harbor writes the line behind `ADDRESS - `, and then the texts of a client."""
_HOST = late(r"(?!\d{4}-\d\d-\d\dT)[A-Za-z0-9_*\[][A-Za-z0-9_.:*\[\]-]{0,254}", re.ASCII)
_REQUEST_ID = late(r"[0-9a-f]{32}", re.ASCII)
_GAP = late(r"[ \t]+")
_LONGEST = 1 << 20
"""Characters; a user name may be as long as a server takes header lines, and nobody may hide behind one."""


def read_prefix(text: str, builder: Builder) -> Who | None:
    """Read `CLIENT IDENT USER` with variations; None when no client can be told from it.

    Taken are a virtual host, `-`, `[word]`, or a list of addresses (bare or quoted) in front, a missing ident, a host
    name in the place of ident (lighttpd), blanks in the user name, and a request id before the user (BunkerWeb).
    The first ident `-` counts: what follows it is the user's text, which must not move the client.
    """
    if not text or len(text) > _LONGEST or text[-1] not in " \t":
        return None
    if text.endswith(" - - ") and _BARE.fullmatch(text, 0, len(text) - 5) is not None:
        address = canonical(text[:-5])
        if address is not None:
            return address, address, None, None, None
    vhost = forwarded = None
    # Apache writes a quote in a user name as `\\"`; a bare one belongs to a list, to a name that morgan has written
    # behind address and ident, or to a line of another format.
    if _BARE_QUOTE.search(text) is not None:
        found = _QUOTED_LIST.fullmatch(text)
        if found is not None:
            vhost, forwarded, text = found.groups()
        else:
            front, _, name = text.partition(" - ")
            if canonical(front.rpartition(" ")[2]) is None or (
                name.startswith('"') and _RECORD.search(name) is not None
            ):
                return None
    # Not all that Python takes for a blank: the rest is part of names, which must not look alike.
    words = text.replace("\t", " ").split(" ")
    if "" in words:
        words = [word for word in words if word]
    number = len(words)
    if words and words[0][0] == "[" and words[0][-1] == "]" and words[0][1:-1].isalpha():
        del words[0]
    at = _ident(words)
    if at is None:
        return None
    client, user, before = words[at - 1], words[at + 1 :], words[: at - 1]
    if not _is_client(client):
        return None
    if before:
        if not (_is_site(client) or client in {"localhost", "unix:"}):
            return None
        if vhost is not None or forwarded is not None:
            return None
        vhost, forwarded, fits = _front(before)
        if not fits:
            return None
    elif vhost is None and at < len(words) and words[at] != "-" and _is_site(words[at]):
        vhost = words[at]
    if len(user) == 2 and before and (user[1] == "-" or _REQUEST_ID.fullmatch(user[0])):
        del user[0]
    if vhost is not None and vhost != "-" and _HOST.fullmatch(vhost) is None:
        return None
    address = builder.addresses.clean[client]
    return (
        builder.addresses.client(address, forwarded),
        address,
        builder.texts[" ".join(user) if "\t" not in text else _behind(text, number - len(user))],
        builder.hosts[vhost] if vhost is not None else None,
        forwarded,
    )


def _behind(text: str, words: int) -> str:
    """What follows so many words, with the tabs that are part of it."""
    return " ".join(word for part in _GAP.split(text.strip(" \t"), words)[words:] for word in part.split(" ") if word)


def _ident(words: list[str]) -> int | None:
    """Index of the ident: the first `-` behind the first word; without one, the word behind the first address.

    `ADDRESS WORD -` is read as client, ident and absent user, not as a virtual host and a client without user.
    """
    if len(words) == 1 and canonical(words[0]) is not None:
        return 1
    if len(words) < 2:
        return None
    if len(words) == 3 and words[1] != "-" and canonical(words[0]) is not None:
        return 1
    for index, word in enumerate(words[1:], start=1):
        if word == "-":
            return index
    if canonical(words[0]) is not None:
        return 1
    if canonical(words[1]) is not None:
        return 2 if len(words) > 3 else None
    return 1 if len(words) == 3 else None


def _front(words: list[str]) -> tuple[str | None, str | None, bool]:
    """(virtual host, list of addresses, whether the words are that) of the words before the client."""
    vhost = None
    if not words[0].endswith(","):
        if len(words) == 1:
            return (None if words[0] == "-" else words[0]), None, True
        if words[1].endswith(",") or canonical(words[1]) is not None:
            vhost, words = words[0], words[1:]
    if not any(word.endswith(",") for word in words):
        return None, None, False
    entries = " ".join(words).rstrip(",").split(",")
    return vhost, ",".join(entry.strip() for entry in entries), all(_is_client(entry.strip()) for entry in entries)


def _is_client(text: str) -> bool:
    return text == "-" or is_name(text) or canonical(text) is not None


def _is_site(text: str) -> bool:
    """Whether a word in the place of ident is a host: an address, or a name with a dot or a port."""
    return (is_name(text) and ("." in text or ":" in text)) or canonical(text) is not None
