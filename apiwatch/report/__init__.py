"""The hand-over of an incident: gathered from the state file, written as Markdown or JSON."""

from apiwatch.report.document import markdown
from apiwatch.report.gathering import gather
from apiwatch.report.incident import Incident
from apiwatch.report.records import as_json, record

__all__ = ["Incident", "as_json", "gather", "markdown", "record"]
