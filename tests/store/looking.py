"""Readers and controls that are closed at the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from apiwatch.store import Control, Reader, open_control, open_reader


@asynccontextmanager
async def reading(db: Path) -> AsyncIterator[Reader]:
    reader = await open_reader(db)
    try:
        yield reader
    finally:
        await reader.close()


@asynccontextmanager
async def controlling(db: Path) -> AsyncIterator[Control]:
    control = await open_control(db)
    try:
        yield control
    finally:
        await control.close()
