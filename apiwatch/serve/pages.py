"""The few pages; none of them loads anything from another server."""

from html import escape

__all__ = ["HEADERS", "admitted", "dashboard", "login", "message"]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:;"
        " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "apiwatch",
}
"""On every answer. The picture holds text of attackers: nothing but our own files may run, load or frame it.

`unsafe-inline` is for the style sheets that xterm.js makes while it runs.
"""

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>apiwatch</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/page.css">
"""


def dashboard() -> str:
    """The page with the terminal; textual.js fills it, page.js tells it where its websocket is."""
    return (
        _HEAD
        + """<link rel="stylesheet" href="/static/textual/css/xterm.css">
<script src="/static/page.js" defer></script>
<script src="/static/textual/js/textual.js" defer></script>
</head>
<body>
<div id="terminal" class="textual-terminal" data-font-size="16"></div>
<p id="start">opening the dashboard ...</p>
<p id="closed">The dashboard has ended, or all places are taken. <a href="/">Open it again</a></p>
<noscript><p>The dashboard needs JavaScript; apiwatch attach in a terminal does not.</p></noscript>
</body>
</html>
"""
    )


def login(problem: str = "") -> str:
    """The form that asks for the token."""
    said = f"<p>{escape(problem)}</p>" if problem else ""
    return (
        _HEAD
        + f"""</head>
<body>
<form method="post" action="/login">
<h1>apiwatch</h1>
{said}<label>access token
<input type="password" name="token" autocomplete="current-password" autofocus required></label>
<button>open the dashboard</button>
</form>
</body>
</html>
"""
    )


def admitted() -> str:
    """Goes on to the dashboard by itself.

    A redirect would not do: it still belongs to the site whose link was followed, so that a browser would not send the
    SameSite=Strict cookie along.
    """
    again = '<meta http-equiv="refresh" content="0;url=/">\n</head>\n<body><a href="/">go on</a></body>\n</html>\n'
    return _HEAD + again


def message(text: str) -> str:
    """A sentence."""
    return f"{_HEAD}</head>\n<body><p>{escape(text)}</p></body>\n</html>\n"
