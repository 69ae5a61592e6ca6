"""Text that an attacker would write into a log, and a scenario that holds it everywhere."""

from dataclasses import replace

from apiwatch.model import Number, Subject
from apiwatch.store.views import BlockEntry, ClientDetail, FacetView, UnparsedView
from tests.tui import fakes

TEXT = (
    "\x1b]52;c;cm0gLXJmIH4=\x07\x1b[2J\x1b[31mred\x9b31mC1\x9d0;title\x9c[red]markup[/red][/x] $x\u202eevil\u2066\u200b"
    "\x00\x07\x08\r\n\udc80\udcff\U000e0041\u3164" + "e" + "\u0301" * 9 + "$(reboot)`id`" + "A" * 70_000
)
"""Clipboard and title writes, screen clear, C1, markup, bidi, zero width, NUL, invalid UTF-8, marks, 64 KiB."""

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


def scenario() -> fakes.Scenario:
    """Every string of every row is hostile; keys of rows too."""
    views = []
    for view in fakes.ALERTS:
        told = view.alert.explanation
        explanation = type(told)(
            detector=TEXT,
            family=TEXT,
            severity=told.severity,
            score=told.score,
            subject=Subject("ipv4", TEXT),
            host=TEXT,
            route=TEXT,
            since=TEXT,
            last=TEXT,
            numbers=(Number(TEXT, TEXT, TEXT, TEXT, 1.0),),
            why=TEXT,
            samples=(TEXT, TEXT),
            counter_evidence=(TEXT,),
            clears_when=TEXT,
            tags=told.tags,
        )
        alert = type(view.alert)(
            id=view.alert.id,
            detector=TEXT,
            family=TEXT,
            severity=view.alert.severity,
            score=view.alert.score,
            principal=TEXT,
            client=TEXT,
            clients=(TEXT,),
            clients_total=1,
            host=TEXT,
            route=TEXT,
            title=TEXT,
            first_seen=view.alert.first_seen,
            last_seen=view.alert.last_seen,
            count=view.alert.count,
            update=1,
            explanation=explanation,
        )
        views.append(replace(view, alert=alert, acknowledged_by=TEXT, note=TEXT))
    suspects = tuple(
        replace(
            row,
            detector=TEXT + str(index),
            client=TEXT,
            principal=TEXT,
            host=TEXT,
            route=TEXT,
            note=TEXT,
            parameter=TEXT,
        )
        for index, row in enumerate(fakes.SUSPECTS)
    )
    clients = tuple(replace(row, client=f"{TEXT}{index}", principal=TEXT) for index, row in enumerate(fakes.CLIENTS))
    lines = tuple(replace(row, source=TEXT, text=TEXT) for row in fakes.evidence("x"))

    def detail(client: str) -> ClientDetail:
        base = fakes.detail()
        facets = (FacetView(TEXT, 1, fakes.NOW),)
        return replace(
            base,
            row=replace(base.row, client=TEXT, principal=TEXT),
            peer=TEXT,
            points=((90, TEXT),),
            routes=tuple(replace(route, host=f"{TEXT}{n}", route=TEXT) for n, route in enumerate(base.routes)),
            user_agents=facets,
            users=facets,
            hosts=facets,
            alerts=tuple(views),
            suspects=suspects,
            evidence=lines,
        )

    return fakes.Scenario(
        health=fakes.health(owner=f"{TEXT}@{TEXT}", message=TEXT, bounds={TEXT: (9, 9, 9)}),
        sources=(replace(fakes.source(), name=TEXT, message=TEXT, state="gone"),),
        alerts=tuple(views),
        clients=clients,
        enumeration=suspects,
        auth=suspects,
        blocks=(BlockEntry("b1", TEXT, TEXT, (), TEXT, fakes.NOW, fakes.NOW + 60, "queued"),),
        unparsed=(UnparsedView(TEXT, 1, fakes.NOW, TEXT, 4, TEXT),),
        evidence=lines,
        detail=detail,
    )


def unread() -> fakes.Scenario:
    """Nothing parsed, with hostile lines, sources and messages."""
    base = fakes.not_parsed()
    return replace(base, sources=scenario().sources, unparsed=scenario().unparsed)
