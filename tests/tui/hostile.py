"""Text that an attacker would write into a log, and a scenario that holds it everywhere."""

from msgspec.structs import replace

from apiwatch.model import Number, Subject
from apiwatch.store.views import BlockEntry, ClientDetail, FacetView, UnparsedView
from tests.tui import fakes

TEXT = (
    "\x1b]52;c;cm0gLXJmIH4=\x07\x1b[2J\x1b[31mred\x9b31mC1\x9d0;title\x9c[red]markup[/red][/x] $x\u202eevil\u2066\u200b"
    "\x00\x07\x08\r\n\udc80\udcff\U000e0041\u3164" + "e" + "\u0301" * 9 + "$(reboot)`id`" + "A" * 70_000
)
"""Clipboard and title writes, screen clear, C1, markup, bidi, zero width, NUL, invalid UTF-8, marks, 64 KiB."""

WIDE = "日本語 한글 ｶﾅ и\u0301 שלום مرحبا 👩\u200d💻 🇩🇪 ❤\ufe0f 👍🏽 हिन्दी 한\u302f ☰ "
"""Two cells a letter, one, none, from right to left, and what terminals join or do not join."""

FORBIDDEN = (
    "\x1b]52",
    "\x1b[31mred",
    "\x9b",
    "\x9d",
    "\u202e",
    "\u2066",
    "\u200b",
    "\U000e0041",
    "\u3164",
    "\x00",
    "\x08",
    "\u0301" * 5,
)
"""None of these may be in what is sent to the terminal."""


def scenario(text: str = TEXT) -> fakes.Scenario:
    """Every string of every row is this text; keys of rows too."""
    views = []
    for view in fakes.ALERTS:
        told = view.alert.explanation
        explanation = type(told)(
            detector=text,
            family=text,
            severity=told.severity,
            score=told.score,
            subject=Subject("ipv4", text),
            host=text,
            route=text,
            since=text,
            last=text,
            numbers=(Number(text, text, text, text, 1.0),),
            why=text,
            samples=(text, text),
            counter_evidence=(text,),
            clears_when=text,
            tags=told.tags,
        )
        alert = type(view.alert)(
            id=view.alert.id,
            detector=text,
            family=text,
            severity=view.alert.severity,
            score=view.alert.score,
            principal=text,
            client=text,
            clients=(text,),
            clients_total=1,
            host=text,
            route=text,
            title=text,
            first_seen=view.alert.first_seen,
            last_seen=view.alert.last_seen,
            count=view.alert.count,
            update=1,
            explanation=explanation,
        )
        views.append(replace(view, alert=alert, acknowledged_by=text, note=text))
    suspects = tuple(
        replace(
            row,
            detector=text + str(index),
            client=text,
            principal=text,
            host=text,
            route=text,
            note=text,
            parameter=text,
        )
        for index, row in enumerate(fakes.SUSPECTS)
    )
    clients = tuple(replace(row, client=f"{text}{index}", principal=text) for index, row in enumerate(fakes.CLIENTS))
    lines = tuple(replace(row, source=text, text=text) for row in fakes.evidence("x"))

    def detail(client: str) -> ClientDetail:
        base = fakes.detail()
        facets = (FacetView(text, 1, fakes.NOW),)
        return replace(
            base,
            row=replace(base.row, client=text, principal=text),
            peer=text,
            points=((90, text),),
            routes=tuple(replace(route, host=f"{text}{n}", route=text) for n, route in enumerate(base.routes)),
            user_agents=facets,
            users=facets,
            hosts=facets,
            alerts=tuple(views),
            suspects=suspects,
            evidence=lines,
        )

    return fakes.Scenario(
        health=fakes.health(owner=f"{text}@{text}", message=text, bounds={text: (9, 9, 9)}),
        sources=(replace(fakes.source(), name=text, message=text, state="gone"),),
        alerts=tuple(views),
        clients=clients,
        enumeration=suspects,
        auth=suspects,
        blocks=(BlockEntry("b1", text, text, (), text, fakes.NOW, fakes.NOW + 60, "queued"),),
        unparsed=(UnparsedView(text, 1, fakes.NOW, text, 4, text),),
        evidence=lines,
        detail=detail,
    )


def unread() -> fakes.Scenario:
    """Nothing parsed, with hostile lines, sources and messages."""
    base = fakes.not_parsed()
    return replace(base, sources=scenario().sources, unparsed=scenario().unparsed)
