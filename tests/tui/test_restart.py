"""The command that is offered when a collector is gone."""

from apiwatch.store.views import SourceView
from apiwatch.tui.owner import restart_command


def source(name: str, kind: str = "file", state: str = "following") -> SourceView:
    return SourceView(
        name=name, kind=kind, state=state, message="", format="", lines=0, requests=0, unparsed=0, skipped=0, late=0,
        cut=0, dropped=0, backlog_bytes=0, last_time=0.0,
    )  # fmt: skip


def test_command_names_every_kind_of_source() -> None:
    sources = [source("/var/log/a b.log"), source("journal:nginx", "journal"), source("udp://127.0.0.1:514", "syslog")]
    command = restart_command("state.db", sources)
    assert command == "apiwatch collect --db state.db --journal nginx --syslog udp://127.0.0.1:514 '/var/log/a b.log'"


def test_what_the_state_file_does_not_hold_is_left_open() -> None:
    assert restart_command("s", [source("/a")], "own.yaml") == "apiwatch collect --db s --config own.yaml /a"
    assert restart_command(None, [source("tls://0.0.0.0:6514", "syslog")]).endswith(" ...")
    assert restart_command(None, [source(name) for name in ("/a", "/b", "/c")]) == "apiwatch collect /a /b ..."
    assert restart_command(None, [source("/gone", state="ended"), source("-x")]) == "apiwatch collect ./-x"
