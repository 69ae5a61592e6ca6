"""What clients send to every server: the usual, the odd and the hostile."""

from tests.programs.asking import SECRET, Ask, basic, request

__all__ = ["FORGED", "KEPT_ALIVE", "ODD"]

FORGED = "198.51.100.66"
"""Address of records that hostile text tries to forge."""

_SECRET = SECRET.encode()
_LINE = b'%s - - [24/Nov/2026:03:10:54 +0000] "GET /forged HTTP/1.1" 200 5 "-" "-"' % FORGED.encode()

KEPT_ALIVE = (
    request("first", b"/api/orders/1", User_Agent=b"curl/8.5"),
    request("second", b"/missing/2?x=1&x=2", User_Agent=b"curl/8.5"),
    request("third", b"/api/orders/3", method=b"HEAD", User_Agent=b"curl/8.5"),
)
"""Requests of one connection."""

ODD: tuple[Ask, ...] = (
    request("usual", b"/api/orders/7?x=1", User_Agent=b"curl/8.5", Referer=b"https://www.example.com/a?b=c"),
    request("post", b"/api/orders", method=b"POST", body=b'{"a":1}', User_Agent=b"curl/8.5"),
    request("delete", b"/api/orders/7", method=b"DELETE"),
    request("missing", b"/missing/7"),
    request("escapes", b"/a%20b%2Fc%22%5C%25%C3%BC?q=%27%0A"),
    request("nul", b"/a%00b"),
    request("dots", b"/a/../b/./c//d;v=1?"),
    request("climbing", b"/../../etc/passwd"),
    request("quotes", b'/q"uo\\te?x="y"'),
    request("blanks", b"/a b c"),
    request("blank at the end", b"/a "),
    request("umlauts", "/\u00fcn\u00ef/\u65e5\u672c?q=\u00e4".encode()),
    request("not utf-8", b"/\xff\xfe?\x80"),
    request("controls", b"/c\x01\x1b[2J\x7f"),
    request("tab", b"/a\tb"),
    request("long", b"/l/" + b"a" * 5_000),
    request("too long", b"/l/" + b"a" * 20_000),
    request("absolute", b"http://other.example.com:81/abs?x=1"),
    request("absolute with a password", b"http://joe:%s@other.example.com/abs" % _SECRET, names="target"),
    request("asterisk", b"*", method=b"OPTIONS"),
    request("old", b"/old", version=b" HTTP/1.0", Host=b"", User_Agent=b"ab/2.3"),
    request("unknown method", b"/x", method=b"GETI"),
    request("small letters", b"/x", method=b"get"),
    request("forged target", b'/x" 200 5 "-" "-"'),
    request("forged line", b"/%0A" + _LINE.replace(b" ", b"%20")),
    request("forged line in escapes", b"/?x=\\x0a" + _LINE.replace(b" ", b"+")),
    request("agent", b"/agent", User_Agent=b'say "hi" \\ \\" [x] \xc3\xbc\xff'),
    request("forged agent", b"/agent", User_Agent=b'x" 200 5 "-" "y"', Referer=b'" "' + _LINE),
    request("agent of one hyphen", b"/agent", User_Agent=b"-", Referer=b"-"),
    request("long agent", b"/agent", User_Agent=b"x" * 3_000),
    request("user", b"/basic/a", Authorization=basic(b"alice", b"right"), user=b"alice"),
    request("wrong password", b"/basic/a", Authorization=basic(b"alice", _SECRET), user=b"alice"),
    request("unknown user", b"/basic/a", Authorization=basic(b"no body", _SECRET), user=b"no body"),
    request("no user", b"/basic/a"),
    request(
        "forged user",
        b"/basic/a",
        Authorization=basic(_LINE.replace(b":", b";"), _SECRET),
        user=_LINE.replace(b":", b";"),
    ),
    request("bearer", b"/api/me", Authorization=b"Bearer " + _SECRET, names="header"),
    request("cookie", b"/api/me", Cookie=b"session=" + _SECRET, names="header"),
    request("key", b"/api/me?x=1&api_key=%s&y=2" % _SECRET, names="target"),
    request("password", b"/api/login?password=" + _SECRET),
    request("spoofed", b"/api/me", X_Forwarded_For=FORGED.encode() + b", 203.0.113.7"),
    request("host", b"/host", Host=b"Other.Example.COM:8080"),
    Ask("no version", b"GET /nine\r\n", b"GET", b"/nine"),
    Ask("tls", bytes.fromhex("16030100a5010000a1030352362c1012cf23628256e745e903cea696e9f62a60"), None, None),
    Ask("tls with a line end", b"\x16\x03\x01\x00\n\xa5\x01\r\n\r\n", None, None),
    Ask("word", b"HELP\r\n\r\n", None, None),
    Ask("line end", b"\r\n", None, None),
    Ask("nothing", b"", None, None),
)
"""Requests of connections of their own; the right password of `alice` below /basic is `right`."""
