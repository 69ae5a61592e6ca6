"""What `doctor` says about terminals of all kinds."""

import pytest

from apiwatch.cli.terminalchecks import checks_of

XTERM = {"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}


def found(environment: dict[str, str], size: tuple[int, int] = (120, 40), tmux: str = "") -> dict[str, tuple[str, str]]:
    return {check.name: (check.state, check.text) for check in checks_of(environment, *size, lambda: tmux)}


def test_good_terminal_has_nothing_to_note() -> None:
    checks = found({**XTERM, "COLORTERM": "truecolor"})
    assert {state for state, _ in checks.values()} == {"ok"}
    assert list(checks) == ["terminal", "encoding", "colours", "mouse", "clipboard"]
    assert checks["colours"][1] == "24 bit"


@pytest.mark.parametrize(
    ("environment", "tmux", "name", "state", "words"),
    [
        (XTERM, "", "colours", "ok", "256"),
        ({**XTERM, "TERM": "xterm"}, "", "colours", "ok", "16, those"),
        ({**XTERM, "TERM": "linux"}, "", "colours", "ok", "16, those"),
        ({**XTERM, "TERM": "linux"}, "", "encoding", "ok", "draws in ASCII"),
        ({**XTERM, "TERM": "linux"}, "", "mouse", "note", "none"),
        ({**XTERM, "NO_COLOR": "1"}, "", "colours", "ok", "NO_COLOR"),
        ({**XTERM, "LC_ALL": "C"}, "", "encoding", "note", "draws in ASCII"),
        ({**XTERM, "TMUX": "/run/tmux,1,0"}, "on", "clipboard", "ok", "tmux passes"),
        ({**XTERM, "TMUX": "/run/tmux,1,0"}, "external", "clipboard", "note", "set-clipboard is external"),
        ({**XTERM, "TMUX": "/run/tmux,1,0"}, "", "clipboard", "note", "unknown"),
        ({**XTERM, "STY": "1.x"}, "", "clipboard", "note", "GNU screen"),
        ({**XTERM, "TERM": "screen.xterm-256color"}, "", "clipboard", "note", "GNU screen"),
    ],
)
def test_odd_terminal_is_told_what_will_not_work(
    environment: dict[str, str], tmux: str, name: str, state: str, words: str
) -> None:
    checks = found(environment, tmux=tmux)
    assert checks[name][0] == state
    assert words in checks[name][1]


@pytest.mark.parametrize(
    ("size", "state", "words"),
    [
        ((80, 24), "ok", "80x24"),
        ((79, 24), "note", "wants"),
        ((59, 40), "note", "needs 60x15"),
        ((0, 0), "note", "stty"),
    ],
)
def test_size(size: tuple[int, int], state: str, words: str) -> None:
    told, text = found(XTERM, size)["terminal"]
    assert told == state
    assert words in text
