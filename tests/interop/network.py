"""A network of our own, so that no test packet leaves the machine and every client accepts its peers.

Transmission ignores peers at 127/8 that a tracker tells it about. So the driver starts itself again inside a fresh
network namespace whose `lo` carries 10.77.0.0/16 and fd77::1; each client gets an address of its own there, because
some clients keep one connection per address only. The namespace vanishes with its last process.
"""

import itertools
import os
import shutil
import socket
import subprocess
import sys

INSIDE = "SPATE_INTEROP_NETWORK"
BASE_IP = "10.77.0.1"
BASE_IP6 = "fd77::1"
NOBODY = 65534

# Root first, then user namespaces; with a mount namespace (for the disk-full scenario) where there can be one. Inside
# a chroot the root is no mount point and cannot be made private, hence `--propagation unchanged` as the second choice.
_NAMESPACES = (
    ["--net", "--mount"],
    ["--net", "--mount", "--propagation", "unchanged"],
    ["--net"],
)
_WAYS = [["unshare", *how] for how in _NAMESPACES] + [["unshare", "--map-root-user", *how] for how in _NAMESPACES]


def enter_private_network():
    """Re-executes this program in a private namespace; returns inside it.

    Returns a sentence instead, outside, where the machine allows no namespace at all.
    """
    if os.environ.get(INSIDE):
        _set_up_loopback()
        return None
    for tool in ("unshare", "ip"):
        if not shutil.which(tool):
            return f"cannot make a private network: `{tool}` is missing (apt-get install util-linux iproute2)"
    for way in _WAYS:
        if subprocess.run([*way, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            os.execvpe(way[0], [*way, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    return ("cannot make a private network: this container forbids network namespaces "
            "(run as root, or allow user namespaces)")


def _set_up_loopback():
    if BASE_IP in subprocess.run(["ip", "-4", "addr", "show", "dev", "lo"], capture_output=True, text=True).stdout:
        return
    for command in (
        ["link", "set", "lo", "up"],
        ["addr", "add", f"{BASE_IP}/16", "dev", "lo"],
    ):
        subprocess.run(["ip", *command], check=True)
    subprocess.run(["ip", "-6", "addr", "add", f"{BASE_IP6}/64", "dev", "lo", "nodad"], stderr=subprocess.DEVNULL)


def has_ipv6():
    """True when fd77::1 could be given to `lo` (some containers have no IPv6 at all)."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind((BASE_IP6, 0))
        return True
    except OSError:
        return False


def has_other_users():
    """True when a process here may become `nobody`: as root, not in a user namespace of one id."""
    with open("/proc/self/uid_map", encoding="ascii") as mapping:
        return os.geteuid() == 0 and int(mapping.read().split()[2]) > NOBODY


# Below those that the kernel gives to outgoing connections, each handed out once.
_ports = itertools.cycle(range(10_000, 32_000))


def free_port(ip):
    """A port that is free for TCP and for UDP on `ip` at this moment, and that nobody else was given lately."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    for port in itertools.islice(_ports, 1_000):
        with socket.socket(family, socket.SOCK_STREAM) as tcp, socket.socket(family, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind((ip, port))
                udp.bind((ip, port))
                return port
            except OSError:
                continue
    raise RuntimeError(f"no free port on {ip}")


def url_host(ip):
    """`ip` as it stands in a URL or in ADDR:PORT."""
    return f"[{ip}]" if ":" in ip else ip


def loopback_bytes():
    """Bytes that have crossed this namespace's `lo` so far: what was fetched, whatever anybody reports."""
    with open("/proc/net/dev", encoding="ascii") as table:
        for line in table:
            name, _, fields = line.partition(":")
            if name.strip() == "lo":
                return int(fields.split()[0])
    raise RuntimeError("no `lo` in /proc/net/dev")
