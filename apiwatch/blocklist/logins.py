"""Who is logged in, as `who` knows it: the hosts of user sessions in utmp(5)."""

import ipaddress
import struct

from apiwatch.blocklist.kernel import Address, plain_address

__all__ = ["login_hosts"]

_RECORD = struct.Struct("<hxxi32s4s32s256shhiii16s20s")
"""struct utmp of glibc, which has one form on 32 and 64 bits."""
_USER = 7


def login_hosts(content: bytes) -> list[Address]:
    """Addresses of the sessions in a utmp file, each once; ValueError when it is none.

    The address field says nothing of what it is when it is empty; then the host counts if it is an address.
    """
    if len(content) % _RECORD.size:
        raise ValueError("no utmp file")
    found: dict[Address, None] = {}
    for record in _RECORD.iter_unpack(content):
        kind, host, raw = record[0], record[5], record[11]
        if kind != _USER:
            continue
        named = plain_address(host.partition(b"\0")[0].decode("ascii", "replace"))
        packed = plain_address(str(ipaddress.ip_address(raw[:4] if not any(raw[4:]) else raw)))
        for address in (named, packed):
            if address is not None and not address.is_unspecified:
                found[address] = None
    return list(found)
