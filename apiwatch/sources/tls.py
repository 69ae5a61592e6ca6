"""The TLS side of a syslog receiver (RFC 5425): its certificate, its key, and who may connect."""

import contextlib
import os
import ssl

from apiwatch.errors import InputError, UsageError
from apiwatch.sources.options import TlsFiles

__all__ = ["server_context"]

_CERTIFICATE = "--syslog-certificate"
_KEY = "--syslog-key"
_CLIENT_CA = "--syslog-client-ca"
_ROUND_TRIPS = 4


def server_context(files: TlsFiles, url: str) -> tuple[ssl.SSLContext, str]:
    """A context for the receiver at `url`, and a warning ('' for none): an expired certificate is used all the same.

    Reads files. Raises UsageError without a certificate, and InputError for files that cannot be used.
    """
    if files.certificate is None:
        raise UsageError(
            f"--syslog {url}: TLS needs a certificate and its key; name them with {_CERTIFICATE} and {_KEY}, "
            "or in the settings under `sources.syslog_tls`."
        )
    certificate, key = files.certificate, files.key or files.certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate, _CERTIFICATE)
    _require_readable(key, _KEY)
    _load_own(context, certificate, key)
    warning = _weakness(context, certificate)
    if files.client_ca is not None:
        _load_authorities(context, files.client_ca, _CLIENT_CA)
        context.verify_mode = ssl.CERT_REQUIRED
    return context, warning


def _require_readable(path: str, option: str) -> None:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise InputError(f"{option} {path}: cannot be read: {reason}; name a file in PEM form.") from None


def _load_authorities(context: ssl.SSLContext, path: str, option: str) -> None:
    _require_readable(path, option)
    try:
        context.load_verify_locations(cafile=path)
    except (ssl.SSLError, OSError):
        raise InputError(f"{option} {path}: holds no certificate in PEM form; name the file that does.") from None


def _load_own(context: ssl.SSLContext, certificate: str, key: str) -> None:
    asked: list[bool] = []

    def passphrase() -> str:
        asked.append(True)
        return ""

    try:
        context.load_cert_chain(certificate, key, passphrase)
    except (ssl.SSLError, OSError) as error:
        if asked:
            raise InputError(f"{_KEY} {key}: is locked with a passphrase; name a key without one.") from None
        reason = error.reason if isinstance(error, ssl.SSLError) else None
        if reason == "KEY_VALUES_MISMATCH":
            raise InputError(
                f"{_KEY} {key}: is not the key of {certificate}; name the one that belongs to it."
            ) from None
        if reason in (None, "PEM"):
            raise InputError(f"{_KEY} {key}: holds no private key in PEM form; name the file that does.") from None
        words = reason.replace("_", " ").lower()
        raise InputError(f"{_CERTIFICATE} {certificate}: cannot be used: {words}; make another one.") from None


def _weakness(server: ssl.SSLContext, certificate: str) -> str:
    """What a client that trusts exactly this certificate has against it.

    A handshake in memory: `ssl` does not tell the dates of one's own certificate.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(cafile=certificate)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    try:
        for _ in range(_ROUND_TRIPS):
            for end in ends:
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()
    except ssl.SSLCertVerificationError as error:
        return f"clients may refuse it: {error.verify_message}"
    except ssl.SSLError:
        return ""
    return ""
