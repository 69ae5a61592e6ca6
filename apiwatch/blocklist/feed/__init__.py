"""The block list over HTTP, for firewalls that fetch it: what is served, and the server."""

from apiwatch.blocklist.feed.contents import PATHS, Contents, Served
from apiwatch.blocklist.feed.server import Listening, serve

__all__ = ["PATHS", "Contents", "Listening", "Served", "serve"]
