r"""How products escape the texts of clients (reference: formats, sections 2 to 7)."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.formats.writers.sample import Sample

__all__ = ["apache", "backslashed", "go_json", "haproxy", "logfmt", "nginx", "quoted", "w3c", "without"]


def nginx(text: str) -> str:
    r"""escape=default: `"`, `\`, control bytes and all from 0x7F up are `\xHH` in upper case [T]."""
    return "".join(chr(byte) if _harmless(byte) else f"\\x{byte:02X}" for byte in text.encode())


_C_STYLE = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def apache(text: str) -> str:
    r"""ap_escape_logitem: `\"`, `\\`, C-style white space, other unprintable bytes `\xhh` in lower case [T]."""
    return "".join(
        _C_STYLE.get(chr(byte)) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in text.encode()
    )


def backslashed(text: str) -> str:
    r"""Only `"` is escaped, as `\"` (gunicorn, Traefik) [S]."""
    return text.replace('"', '\\"')


def quoted(text: str) -> str:
    r"""`\"` and `\\`."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def haproxy(text: str) -> str:
    """Unprintable bytes, `"`, `#` (in captures also `{|}`) become `#HH`, a backslash stays [T]."""
    return "".join(
        chr(byte) if 0x20 <= byte < 0x7F and chr(byte) not in '"#{|}' else f"#{byte:02X}" for byte in text.encode()
    )


def w3c(text: str) -> str:
    """`+` stands for a blank in a value; bytes are UTF-8 [D]."""
    return text.replace(" ", "+")


def logfmt(text: str) -> str:
    """A value: quoted, with `\\"` and `\\\\`, when it holds anything but plain characters."""
    return text if re.fullmatch(r"[\w./:-]+", text) else f'"{quoted(text)}"'


def go_json(value: Mapping[str, object]) -> str:
    r"""An object as Go's encoding/json writes it: UTF-8 as it is, `<`, `>` and `&` as `\u00xx`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def without(characters: str, *fields: str, instead: str = "_") -> Callable[[Sample], Sample]:
    """Replace characters in fields of a sample."""
    table = str.maketrans(dict.fromkeys(characters, instead))

    def tame(sample: Sample) -> Sample:
        values = {name: getattr(sample, name) for name in fields}
        return replace(sample, **{name: value.translate(table) for name, value in values.items() if value is not None})

    return tame


def _harmless(byte: int) -> bool:
    return 0x20 <= byte < 0x7F and byte not in b'"\\'
