"""Text that is pasted: whoever wrote it may have put keys into it."""

__all__ = ["PastedText"]

_BEGIN, _END = "\x1b[200~", "\x1b[201~"
_BETWEEN = "\t\n\r"
_CONTROLS = {code: " " if chr(code) in _BETWEEN else None for code in (*range(0x20), *range(0x7F, 0xA0))}
"""All that is pasted goes into one line."""


class PastedText:
    """Takes control characters out of what a terminal marks as pasted (bracketed paste).

    Most terminals do so themselves. Where one does not, Textual 8.2.8 ends the paste at an escape character, and takes
    the rest for keys: Enter would answer a question.
    """

    def __init__(self) -> None:
        self._is_inside = False
        self._held = ""

    def cleaned(self, text: str) -> str:
        """The next piece of input, as it may be understood; what may be a part of the end mark waits for the rest."""
        text, self._held = self._held + text, ""
        found: list[str] = []
        while text:
            if not self._is_inside:
                before, mark, text = text.partition(_BEGIN)
                found.append(before + mark)
                self._is_inside = bool(mark)
                continue
            body, mark, rest = text.partition(_END)
            if not mark:
                kept = next((size for size in range(len(_END) - 1, 0, -1) if body.endswith(_END[:size])), 0)
                body, self._held = body[: len(body) - kept], body[len(body) - kept :]
            found.append(body.translate(_CONTROLS) + mark)
            self._is_inside = not mark
            text = rest
        return "".join(found)
