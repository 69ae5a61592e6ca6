"""Filters: what an operator types to narrow a list, its meaning, and how tables and values answer it."""

from apiwatch.store.filters.completing import completions, ghost
from apiwatch.store.filters.fields import FIELDS, LISTS, Field, Kind, List
from apiwatch.store.filters.grammar import Typed, parse, typed
from apiwatch.store.filters.match import kept, matches
from apiwatch.store.filters.terms import ANY, Filter, FilterError, Term

__all__ = [
    "ANY",
    "FIELDS",
    "LISTS",
    "Field",
    "Filter",
    "FilterError",
    "Kind",
    "List",
    "Term",
    "Typed",
    "completions",
    "ghost",
    "kept",
    "matches",
    "parse",
    "typed",
]
