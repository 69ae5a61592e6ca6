"""The state file: one collector writes it, viewers read it and append what operators say."""

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
    EvidenceView,
    FacetView,
    HealthView,
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
    "EvidenceView",
    "FacetView",
    "Filter",
    "FilterError",
    "HealthView",
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
