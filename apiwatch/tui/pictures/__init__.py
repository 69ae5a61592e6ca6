"""Pictures: pure functions from data to lines, for a width and a height in terminal cells."""

from apiwatch.tui.pictures.bars import Bar, bars, gap_histogram, id_histogram, outcome_bars
from apiwatch.tui.pictures.columns import minutes_of, per_minute
from apiwatch.tui.pictures.gaps import gaps_of, regularity
from apiwatch.tui.pictures.heat import heat, heat_title
from apiwatch.tui.pictures.marks import Mark
from apiwatch.tui.pictures.scatter import IdPoint, Point, scatter
from apiwatch.tui.pictures.spark import bar, block_chart, spark
from apiwatch.tui.pictures.timeline import timeline, timeline_title

__all__ = [
    "Bar",
    "IdPoint",
    "Mark",
    "Point",
    "bar",
    "bars",
    "block_chart",
    "gap_histogram",
    "gaps_of",
    "heat",
    "heat_title",
    "id_histogram",
    "minutes_of",
    "outcome_bars",
    "per_minute",
    "regularity",
    "scatter",
    "spark",
    "timeline",
    "timeline_title",
]
