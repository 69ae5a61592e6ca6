"""Leaving something behind: tables, plain text and pictures of the dashboard as files that replace nothing."""

from apiwatch.tui.saving.pictures import svg_of
from apiwatch.tui.saving.places import Saved, places, save
from apiwatch.tui.saving.tables import csv_text, json_lines, plain_text, records

__all__ = ["Saved", "csv_text", "json_lines", "places", "plain_text", "records", "save", "svg_of"]
