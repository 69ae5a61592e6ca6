"""A dashboard on a fake reader, to be run in a pty: `python -m tests.tui.program SCENARIO [OPTION=VALUE ...]`.

Prints the farewell on standard output after the screen is gone, as the command line does.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace
from rich.cells import cell_len

from apiwatch.cli.terminal import Streams
from apiwatch.config.settings import Dashboard, Settings
from apiwatch.store.views import ClientDetail
from apiwatch.tui import ApiwatchApp
from apiwatch.tui.measured import measured
from tests.tui import fakes, guards, hostile


def busy() -> fakes.Scenario:
    """Rows whose figures change with every read."""
    return Ticking()


def crash() -> fakes.Scenario:
    """Opening a client raises inside the screen."""

    def broken(client: str) -> ClientDetail:
        return replace(fakes.detail(client), points=((None, None),))  # the fault under test

    return fakes.Scenario(detail=broken)


def narrow(text: str) -> str:
    """ASCII that takes the same cells: `%` for each of those that are none."""
    return "".join(char if char.isascii() else "%" * cell_len(char) for char in measured(text))


class Ticking(fakes.Scenario):
    """Counts up at every read."""

    def tick(self) -> None:
        self.version += 1
        self.total = replace(self.total, requests=self.total.requests + 1240)
        self.window = replace(self.window, requests=self.window.requests + 17)
        self.health = fakes.health(heartbeat=time.time(), watermark=time.time())
        every_third = [
            replace(row, window=replace(row.window, requests=row.window.requests + 31), last_seen=time.time())
            if index % 3 == 0
            else row
            for index, row in enumerate(self.clients)
        ]
        self.clients = tuple(every_third)


class TickingReader(fakes.FakeReader):
    """A store that another process commits to all the time."""

    async def changed(self) -> bool:
        if isinstance(self.scenario, Ticking):
            self.scenario.tick()
        return await super().changed()


SCENARIOS: dict[str, Callable[[], fakes.Scenario]] = {
    "incident": fakes.Scenario,
    "nothing": fakes.nothing,
    "unparsed": fakes.not_parsed,
    "hostile": hostile.scenario,
    "hostile-unread": hostile.unread,
    "wide": lambda: hostile.scenario(hostile.WIDE),
    "narrow": lambda: hostile.scenario(narrow(hostile.WIDE)),
    "busy": busy,
    "crash": crash,
}


def main() -> int:
    scenario = SCENARIOS[sys.argv[1]]()
    options = dict(argument.split("=", 1) for argument in sys.argv[2:])
    frozen = options.get("clock") == "frozen"
    if not frozen and scenario.health is not None:
        scenario.health = replace(scenario.health, heartbeat=time.time() + 3600, watermark=time.time() + 3600)
    flag = Path(options.get("ended", "/nonexistent"))
    app = ApiwatchApp(
        TickingReader(scenario),
        fakes.FakeControl(scenario),
        settings=Settings(
            db=options["db"], dashboard=Dashboard(ascii="ascii" in options, theme=options.get("theme", "dark"))
        ),
        actor="oncall",
        guard=guards.make_guard,
        compare=scenario.compare,
        ended=lambda: "the collector was killed by signal 9" if flag.exists() else None,
        owns_collector=options.get("owns") == "yes",
        clock=(lambda: fakes.NOW) if frozen else time.time,
    )
    app.run()
    Streams(0, 1, 2).print(app.farewell)
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
