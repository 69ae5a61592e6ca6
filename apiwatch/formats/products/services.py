"""Text logs of single servers and services (reference: formats, sections 4 and 6)."""

from apiwatch.formats.products.product import ASKED, built, iso, pattern, wall

__all__ = ["PRODUCTS"]

PRODUCTS = (
    pattern(
        "zoraxy",
        "Zoraxy",
        "2026/11/24 03:10:54 [2026-11-24 03:10:54.912318] [router:host-http] [origin:api.example.com] "
        "[client: 203.0.113.7] [useragent: curl/8.5] GET /orders/7?x=1 200",
        r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\d{4}-",
        (
            r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d",
            r" \[(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9})\]",
            r" \[router:[^\]\s]{1,64}\]",
            r" \[origin:(?P<host>[^\]\s]{0,255})\]",
            r" \[client: (?P<client>[^\]\s]{0,64})\]",
            r" \[useragent: (?P<agent>.*)\]",
            r" (?P<method>[^ ]++) (?P<target>[^ ]++) (?P<status>\d{3})",
        ),
        built(wall),
    ),
    pattern(
        "presto",
        "Presto and Trino (airlift)",
        "2026-11-24T03:10:54.551-08:00\t203.0.113.7\tGET\t/v1/orders/7\talice\tcurl/8.5\t200\t0\t612\t12\t9309c9523e\t"
        "HTTP/1.1\t0\t0\t-1\tnull",
        r"\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)\t",
        (
            r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}(?:Z|[+-]\d\d:\d\d))",
            r"\t(?P<client>[^\t]{1,255})",
            r"\t(?P<method>[A-Z]{2,20})",
            r"\t(?P<target>[^\t]++)",
            r"\t(?:null|(?P<user>[^\t]{0,255}))",
            r"\t(?:null|(?P<agent>[^\t]*+))",
            r"\t(?P<status>\d{3})",
            r"\t-?\d{1,19}\t(?P<bytes>-?\d{1,19})\t(?P<duration>-?\d{1,12})",
            r"\t.*",
        ),
        built(iso),
    ),
    pattern(
        "torchserve",
        "TorchServe",
        '2026-11-24T03:10:54,741 - /203.0.113.7:58654 "POST /predictions/7 HTTP/1.1" 200 10',
        r"\d{4}-\d\d-\d\d[T ][\d:]{8},\d{3} (?:\[INFO \] [^ ]{1,128} ACCESS_LOG )?- /",
        (
            r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d,\d{3})",
            r" (?:\[INFO \] [^ ]{1,128} ACCESS_LOG )?- /(?P<client>[^ ]{1,255}):\d{1,5}",
            r' "(?P<method>[^ ]++) (?P<target>[^ ]++) [^ ]{1,16}"',
            r" (?P<status>\d{3}) (?P<duration>\d{1,12})",
        ),
        built(wall),
    ),
    pattern(
        "kyototycoon",
        "Kyoto Tycoon",
        "2026-11-24T03:10:54.115938Z: [INFO]: (203.0.113.7:57666): GET /orders/7 HTTP/1.1: 200",
        r"\d{4}-\d\d-\d\dT[\d:.]{8,18}Z: \[",
        (
            r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z): \[[A-Z]{4,8}\]: ",
            r"\((?P<client>[^ ]{1,255}):\d{1,5}\): ",
            r"(?P<method>[^ ]++) (?P<target>[^ ]++) [^ ]{1,16}: (?P<status>\d{3})",
        ),
        built(iso),
    ),
    pattern(
        "harbor_proxy",
        "Harbor's proxy, which tells no time",
        '203.0.113.7 - "GET /api/orders/7 HTTP/1.1" 200 612 "-" "curl/8.5" 0.012 0.010 .',
        r"[^ ]{1,255} - \"",
        (
            r"(?P<client>[^ ]{1,255}) - ",
            ASKED,
            r" (?P<status>\d{3}) (?P<bytes>\d{1,19}|-)",
            r' (?:"(?P<referer>[^"]*+)" "(?P<agent>[^"]*+)"|".*")',
            r" (?P<duration>\d{1,9}\.\d{1,6}) [^ ]{1,255} [p.]",
        ),
        built(None, 1.0),
    ),
)
