"""Certificates that openssl makes."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.sources.programs import program

SETTINGS = """
[ca]
default_ca = one
[one]
database = {directory}/index
new_certs_dir = {directory}
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")


class Issued(NamedTuple):
    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a directory."""

    def __init__(self, directory: Path) -> None:
        self._openssl = program("openssl")
        self._directory = directory
        self._settings = directory / "ca.conf"
        self._settings.write_text(SETTINGS.format(directory=directory))
        (directory / "index").touch()
        self.own = Issued(directory / "ca.pem", directory / "ca.key")
        subject = ("-subj", "/CN=ca", "-keyout", str(self.own.key), "-out", str(self.own.certificate))
        self._run("req", "-x509", *NEW_KEY, *subject)

    @property
    def certificate(self) -> Path:
        return self.own.certificate

    def issue(self, name: str, *, until: str = "20400101000000Z") -> Issued:
        """A certificate for 127.0.0.1, valid from 2020 on."""
        issued = Issued(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        request = self._directory / f"{name}.request"
        address = ("-addext", "subjectAltName=IP:127.0.0.1")
        self._run("req", *NEW_KEY, "-subj", f"/CN={name}", *address, "-keyout", str(issued.key), "-out", str(request))
        signer = ("-config", str(self._settings), "-cert", str(self.certificate), "-keyfile", str(self.own.key))
        dates = ("-startdate", "20200101000000Z", "-enddate", until)
        files = ("-in", str(request), "-out", str(issued.certificate))
        self._run("ca", "-batch", "-notext", *signer, *dates, *files)
        return issued

    def lock(self, key: Path, passphrase: str) -> Path:
        """The key with a passphrase."""
        locked = key.with_suffix(".locked")
        self._run("pkey", "-in", str(key), "-aes256", "-passout", f"pass:{passphrase}", "-out", str(locked))
        return locked

    def _run(self, *arguments: str) -> None:
        subprocess.run([self._openssl, *arguments], check=True, capture_output=True)
