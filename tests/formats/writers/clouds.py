"""Writers of Amazon's load balancers and S3 (reference: formats, section 5)."""

from collections.abc import Mapping
from dataclasses import replace

from apiwatch.model import Auth
from tests.formats.writers.clf import clf_time
from tests.formats.writers.escapes import apache, without
from tests.formats.writers.sample import Sample
from tests.formats.writers.writer import Writer, asked

__all__ = ["WRITERS"]


def _balanced(sample: Sample) -> str:
    address = f"[{sample.address}]" if ":" in str(sample.address) else str(sample.address)
    return (
        f"{address}:{sample.port} 192.0.2.10:80 0.000 {sample.seconds} 0.000 {sample.status} "
        f"{sample.status} 34 {sample.size} "
        f'"{sample.method} https://{sample.host}:443{apache(sample.target)} HTTP/1.1" "{apache(sample.agent or "-")}" '
        "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"
    )


def _alb(sample: Sample) -> str:
    return (
        f"https {sample.utc:%FT%T.%f}Z app/edge/50dc6c495c0c9188 {_balanced(sample)} "
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/73e2 "
        f'"Root=1-58337281-1d84f3d73c47" "{sample.host}" "arn:aws:acm:eu-west-1:1:certificate/c" 1 '
        f'{sample.utc:%FT%T.%f}Z "forward" "-" "-" "192.0.2.10:80" "{sample.status}" "-" "-" TID_1234abcd5678ef90'
    )


def _clb(sample: Sample) -> str:
    return f"{sample.utc:%FT%T.%f}Z edge {_balanced(sample)}"


def _asked(sample: Sample) -> Mapping[str, object]:
    return {"target": f"https://{sample.host}:443{asked(apache(sample.target))}", "host": sample.host}


def _s3(sample: Sample) -> str:
    return (
        f"79a59df900b949e5 bucket [{clf_time(sample)}] {sample.address} {sample.user or '-'} 3E57427F3EXAMPLE "
        f'REST.GET.OBJECT orders/7 "{sample.method} {sample.target} HTTP/1.1" {sample.status} - {sample.size} '
        f'{sample.size} {sample.duration // 1_000} 10 "{sample.referer or "-"}" "{sample.agent or "-"}" - '
        f"s9lzHYrFp76ZVxRcpX9= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader {sample.host} TLSv1.2"
    )


def _s3_tame(sample: Sample) -> Sample:
    """S3 escapes what a client may put into the URL; the reference says nothing of quotes in headers."""
    user = f"arn:aws:iam::123456789012:user/{sample.user.replace(' ', '_')}" if sample.user else None
    return without('"\\', "target", "referer", "user")(without('"', "agent")(replace(sample, user=user)))


def _stated(sample: Sample) -> Mapping[str, object]:
    """Requester `-` is nobody."""
    return {} if sample.user else {"auth": Auth.ANONYMOUS}


WRITERS = (
    Writer(
        "aws_alb",
        "alb",
        _alb,
        "client method target status bytes agent host duration",
        apache,
        tick=1,
        offset=0,
        also=_asked,
    ),
    Writer(
        "aws_clb",
        "clb",
        _clb,
        "client method target status bytes agent host duration",
        apache,
        tick=1,
        offset=0,
        also=_asked,
    ),
    Writer(
        "aws_s3",
        "s3",
        _s3,
        "client method target status bytes referer agent host user duration",
        tame=_s3_tame,
        also=_stated,
    ),
)
