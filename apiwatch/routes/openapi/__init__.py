"""OpenAPI 3.0 and 3.1 files: which routes are meant to exist. `files.read_specification` reads them."""

from apiwatch.routes.openapi.specification import NOTHING, Match, Operation, Specification

__all__ = ["NOTHING", "Match", "Operation", "Specification"]
