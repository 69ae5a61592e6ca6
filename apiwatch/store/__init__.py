"""The state file: one collector writes it, viewers read it and append what operators say."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiwatch.store.control import open_control
    from apiwatch.store.filters.terms import ANY, Filter, FilterError
    from apiwatch.store.locks import is_owned, live_owner
    from apiwatch.store.protocol import Acquired, Control, Reader, Writer
    from apiwatch.store.reader import open_reader
    from apiwatch.store.readonly import NOTHING_CHANGES, read_only_control
    from apiwatch.store.scope import EVERYTHING, Scope
    from apiwatch.store.troubles import Trouble, lag_of, troubles_of
    from apiwatch.store.views import (
        ActionView,
        AlertView,
        AllowEntry,
        Application,
        BlockEntry,
        ClientDetail,
        ClientView,
        Cut,
        EvidenceView,
        FacetView,
        HealthView,
        ImpactView,
        InventoryView,
        LineView,
        Listing,
        MinuteView,
        Mix,
        Overview,
        PointView,
        Pulse,
        RouteView,
        SourceView,
        SuspectView,
        TailView,
        UnparsedView,
        UserDetail,
    )
    from apiwatch.store.writer import open_writer

__all__ = [
    "ANY",
    "EVERYTHING",
    "NOTHING_CHANGES",
    "Acquired",
    "ActionView",
    "AlertView",
    "AllowEntry",
    "Application",
    "BlockEntry",
    "ClientDetail",
    "ClientView",
    "Control",
    "Cut",
    "EvidenceView",
    "FacetView",
    "Filter",
    "FilterError",
    "HealthView",
    "ImpactView",
    "InventoryView",
    "LineView",
    "Listing",
    "MinuteView",
    "Mix",
    "Overview",
    "PointView",
    "Pulse",
    "Reader",
    "RouteView",
    "Scope",
    "SourceView",
    "SuspectView",
    "TailView",
    "Trouble",
    "UnparsedView",
    "UserDetail",
    "Writer",
    "is_owned",
    "lag_of",
    "live_owner",
    "open_control",
    "open_reader",
    "open_writer",
    "read_only_control",
    "troubles_of",
]

_HOMES = {
    "control": ("open_control",),
    "filters.terms": ("ANY", "Filter", "FilterError"),
    "locks": ("is_owned", "live_owner"),
    "protocol": ("Acquired", "Control", "Reader", "Writer"),
    "reader": ("open_reader",),
    "readonly": ("NOTHING_CHANGES", "read_only_control"),
    "scope": ("EVERYTHING", "Scope"),
    "troubles": ("Trouble", "lag_of", "troubles_of"),
    "writer": ("open_writer",),
}
"""Module of this package -> public names in it; the others are in `views`. It is imported when a name is asked for: a
collector needs no reader, and who only asks for the owner of a file needs neither."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """A public name, from its module."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = next((home for home, names in _HOMES.items() if name in names), "views")
        found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
        return found
