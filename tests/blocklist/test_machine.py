"""The protected set, read from files in the kernel's own format and from this machine."""

import shutil
import socket
from pathlib import Path

import pytest

from apiwatch.blocklist import gather_protected
from apiwatch.blocklist.machine import read_machine
from apiwatch.errors import GuardError
from tests.blocklist.kit import fake_root, guard_of, listed
from tests.blocklist.test_proxies import record


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return fake_root(tmp_path)


def addresses(root: Path, **environ: str) -> dict[str, str]:
    return {str(address): reason for address, reason in read_machine(root, environ).addresses}


def test_everything_this_machine_needs_is_found(root: Path) -> None:
    assert addresses(root) == {
        "203.0.113.200": "an established SSH peer of this machine",
        "203.0.113.203": "an established SSH peer of this machine",
        "203.0.113.204": "an established SSH peer of this machine",
        "2001:db8:9::5": "an established SSH peer of this machine",
        "198.51.100.10": "an address of this machine",
        "2001:db8:1::10": "an address of this machine",
        "fe80::fc:ff:fe00:1": "an address of this machine",
        "198.51.100.1": "a gateway of this machine",
        "2001:db8:1::1": "a gateway of this machine",
        "198.51.100.53": "a name server of this machine",
        "2001:db8:53::53": "a name server of this machine",
    }
    machine = read_machine(root, {})
    assert [str(network) for network in machine.networks] == ["198.51.100.0/24", "2001:db8:1::/64"]
    assert machine.unread == ()


def test_clients_of_other_servers_and_closed_connections_are_no_ssh_peers(root: Path) -> None:
    found = addresses(root)
    assert "203.0.113.202" not in found
    assert "203.0.113.201" not in found


def test_port_of_the_ssh_server_comes_from_its_settings_and_from_the_session(root: Path) -> None:
    shutil.rmtree(root / "etc" / "ssh")
    assert "203.0.113.200" not in addresses(root)
    found = addresses(root, SSH_CONNECTION="203.0.113.66 56141 198.51.100.10 2222")
    assert found["203.0.113.66"] == "the client of this SSH session"
    assert found["203.0.113.200"] == "an established SSH peer of this machine"


def test_port_of_the_ssh_server_comes_from_its_listening_socket(root: Path) -> None:
    shutil.rmtree(root / "etc" / "ssh")
    (root / "proc" / "777" / "fd" / "5").symlink_to("socket:[1069]")
    assert "203.0.113.200" in addresses(root)


def test_a_connection_that_an_ssh_process_holds_is_protected_whatever_its_port(root: Path) -> None:
    assert "203.0.113.203" in addresses(root)
    (root / "proc" / "777" / "comm").write_text("python3\n")
    assert "203.0.113.203" not in addresses(root)


@pytest.mark.parametrize("value", ["", "nonsense", "localhost 1 2 3", "203.0.113.66", "a b c d e"])
def test_odd_session_variables_are_left_out(root: Path, value: str) -> None:
    assert addresses(root, SSH_CONNECTION=value, SSH_CLIENT=value) == addresses(root)


def test_session_over_a_link_local_address_or_mapped_one(root: Path) -> None:
    found = addresses(root, SSH_CONNECTION="fe80::77%eth0 5 fe80::1%eth0 22", SSH_CLIENT="::ffff:203.0.113.67 5 22")
    assert "fe80::77" in found
    assert "203.0.113.67" in found


@pytest.mark.parametrize("name", ["fib_trie", "route", "tcp", "tcp6", "if_inet6", "ipv6_route"])
def test_what_cannot_be_read_is_said_with_every_network(root: Path, name: str) -> None:
    (root / "proc" / "net" / name).unlink()
    protected = gather_protected((), (), root=root, environ={})
    (finding,) = guard_of(protected=protected).check("203.0.113.7")
    assert (finding.code, finding.hard) == ("S0", False)
    assert f"/proc/net/{name} (No such file or directory)" in finding.text


def test_without_any_table_everything_unknown_is_said_and_nothing_is_refused_by_mistake(tmp_path: Path) -> None:
    protected = gather_protected((), (), root=tmp_path, environ={})
    (finding,) = guard_of(protected=protected).check("203.0.113.7")
    for what in ("SSH peers", "addresses", "networks", "gateways"):
        assert f"the {what} of this machine could not be read" in finding.text


def test_garbage_in_a_table_is_said(root: Path) -> None:
    (root / "proc" / "net" / "if_inet6").write_text(f"{'z' * 32} 02 40 00 80 eth0\n")
    assert read_machine(root, {}).unread == (
        "the addresses of this machine could not be understood in /proc/net/if_inet6",
    )


def test_kernel_without_ipv6_is_no_problem(root: Path) -> None:
    for name in ("tcp6", "if_inet6", "ipv6_route"):
        (root / "proc" / "net" / name).unlink()
    assert read_machine(root, {}).unread == ()


def test_unreadable_settings_of_the_ssh_server_are_said_unless_the_session_knows_the_port(root: Path) -> None:
    path = root / "etc" / "ssh" / "sshd_config"
    path.unlink()
    path.mkdir()  # reading it fails for root, too
    assert "the port of the SSH server could not be read" in read_machine(root, {}).unread[0]
    session = {"SSH_CONNECTION": "203.0.113.66 1 198.51.100.10 2222"}
    assert read_machine(root, session).unread == ()


def test_settings_and_machine_are_listed_with_reasons(root: Path) -> None:
    protected = gather_protected(("192.0.2.0/24",), ("203.0.113.9/32",), root=root, environ={})
    rows = listed(protected.entries)
    assert rows["192.0.2.0/24"] == "a trusted proxy of the settings"
    assert rows["203.0.113.9/32"] == "on the allow list of the settings"
    assert rows["127.0.0.0/8"] == "loopback"
    assert rows["198.51.100.10/32"] == "an address of this machine"
    assert "198.51.100.0/24" not in rows


def test_a_setting_that_is_no_network_is_refused() -> None:
    with pytest.raises(GuardError, match="office"):
        gather_protected((), ("office",), root=Path("/nonexistent"), environ={})


def test_this_machine_protects_the_peers_of_its_ssh_port() -> None:
    if not Path("/proc/net/tcp").exists():
        pytest.skip("no /proc/net/tcp here")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        environ = {"SSH_CONNECTION": f"203.0.113.200 50000 198.51.100.10 {port}"}
        assert "127.0.0.1" not in addresses(Path("/"), **environ)
        with socket.create_connection(("127.0.0.1", port)):
            assert addresses(Path("/"), **environ)["127.0.0.1"] == "an established SSH peer of this machine"


def test_this_machine_protects_its_own_address() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        try:
            way_out.connect(("203.0.113.1", 9))  # chooses the source address, sends nothing
        except OSError as error:
            pytest.skip(f"this machine has no route: {error.strerror}")
        own = way_out.getsockname()[0]
    assert addresses(Path("/"))[own] == "an address of this machine"


def test_who_is_logged_in_sends_logs_or_is_talked_to_is_protected(root: Path) -> None:
    (root / "run" / "utmp").write_bytes(record(7, b"203.0.113.77", b"") + record(7, b"tmux(42).%0", b""))
    found = gather_protected(
        (), (), hosts=("192.0.2.44", "127.0.0.1", "no-such-host.invalid"), log_ports={80}, root=root, environ={}
    )
    known = listed(found.entries)
    assert known["203.0.113.77/32"] == "where somebody is logged in from"
    assert known["203.0.113.202/32"] == "a sender of logs"
    assert known["192.0.2.44/32"] == "192.0.2.44, which apiwatch talks to"
    assert "127.0.0.1/32" not in known
    assert ["no-such-host.invalid" in text for text in found.unread] == [True]
    (root / "run" / "utmp").write_bytes(b"nonsense")
    assert "who is logged in could not be understood" in read_machine(root, {}).unread[0]
