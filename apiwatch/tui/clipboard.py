"""Copying: to the terminal's clipboard by OSC 52, and always to a file beside it, because no terminal answers.

OSC 52 is `ESC ] 52 ; c ; BASE64 BEL` (xterm's control sequences). tmux takes it from programs only with `set-clipboard
on`, and hands a wrapped one on with `allow-passthrough on`: it gets both. GNU screen knows neither, but hands device
control strings on, in pieces that its buffer holds.
"""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from apiwatch.text import plain

__all__ = ["LIMIT", "Copied", "copy", "sequences"]

LIMIT = 74_994
"""Most bytes that are sent: with these the sequence has 100 000 bytes, which is what common terminals take."""

_PIECE = 512
_MODE = 0o600


class Copied(Struct, frozen=True):
    """What became of a copy."""

    told: str
    """One sentence for the foot."""
    path: Path | None
    """The file that holds it; None when it could not be written."""


def copy(text: str, write: Callable[[str], None], environment: Mapping[str, str]) -> Copied:
    """Send a text to the terminal by `write`, and write it to `clipboard.txt` of the state directory (mode 0600).

    Each line of it is cleaned, and it has no line end behind it, so that pasting it into a shell runs nothing. A text
    above `LIMIT` goes to the file only. The file is replaced each time. Raises nothing for the disk's sake.
    """
    clean = "\n".join(plain(line, len(line) * 10 + 1) for line in text.splitlines())
    data = clean.encode("utf-8", "replace")
    path, problem = _keep(data, environment)
    where = f"to {_short(path, environment)}" if path is not None else f"to no file ({problem})"
    if len(data) > LIMIT:
        return Copied(f"{len(data):,} bytes are too many for a terminal's clipboard; copied only {where}", path)
    for sequence in sequences(data, environment):
        write(sequence)
    needs = "; tmux needs set-clipboard on" if environment.get("TMUX") else ""
    return Copied(f"copied {len(data):,} bytes by OSC 52, and {where}{needs}", path)


def sequences(data: bytes, environment: Mapping[str, str]) -> list[str]:
    """What is sent to the terminal: to a multiplexer in the form that it hands on."""
    plain_form = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    if environment.get("TMUX"):
        doubled = plain_form.replace("\x1b", "\x1b\x1b")
        return [plain_form, f"\x1bPtmux;{doubled}\x1b\\"]
    if environment.get("STY"):
        pieces = [plain_form[at : at + _PIECE] for at in range(0, len(plain_form), _PIECE)]
        return ["".join(f"\x1bP{piece}\x1b\\" for piece in pieces)]
    return [plain_form]


def _keep(data: bytes, environment: Mapping[str, str]) -> tuple[Path | None, str]:
    from apiwatch.blocklist.writing import replace_file

    home = environment.get("XDG_STATE_HOME") or f"{environment.get('HOME', '')}/.local/state"
    path = Path(home) / "apiwatch" / "clipboard.txt"
    try:
        if not path.is_absolute():
            return None, "there is no home directory"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, data, _MODE, keep=False)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return None, f"{plain(str(path))}: {plain(reason)}"
    return path, ""


def _short(path: Path, environment: Mapping[str, str]) -> str:
    home = environment.get("HOME", "")
    shown = plain(str(path))
    return f"~{shown[len(home) :]}" if home and shown.startswith(f"{home}/") else shown
