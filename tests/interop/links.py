"""Hosts behind access links: a network namespace each, on one bridge, with a shaped uplink and downlink.

The driver stands on the bridge with an address of its own, inside the private namespace that `network.py` made. A host's
namespace lives as long as the descriptor that this program holds of it, and with it go its devices: nothing is left
behind, whatever happens.
"""

import ctypes
import itertools
import os
import subprocess

BRIDGE = "spate-links"
DRIVER_IP = "10.78.0.1"
# Home routers queue about so much; less than a few segments would starve TCP on slow links.
QUEUE_MS = 200
BURST_BYTES = 16 * 1024
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


class Host:
    """A namespace with the address `ip` on its only device. `enter` moves the calling process into it."""

    # Never used again: the kernel takes its time to remove a namespace's devices.
    _numbers = itertools.count(1)

    def __init__(self, up_bytes_per_s=None, down_bytes_per_s=None):
        """Rates of None don't shape."""
        number = next(self._numbers)
        self.ip = f"10.78.{number // 250}.{number % 250 + 1}"
        self._namespace = _new_namespace()
        outside = f"link{number}"
        _run("ip", "link", "add", outside, "type", "veth", "peer", "name", "up0",
             "netns", f"/proc/{os.getpid()}/fd/{self._namespace}")
        _run("ip", "link", "set", outside, "master", BRIDGE, "up")
        if down_bytes_per_s:
            _shape(outside, down_bytes_per_s)
        for command in (["link", "set", "lo", "up"], ["link", "set", "up0", "up"],
                        ["addr", "add", f"{self.ip}/16", "dev", "up0"]):
            _run("ip", *command, inside=self)
        if up_bytes_per_s:
            _shape("up0", up_bytes_per_s, inside=self)

    def enter(self):
        """For a child between fork and exec."""
        _set_namespace(self._namespace)

    def close(self):
        os.close(self._namespace)


def lay_bridge():
    """Once, before the first host. Returns None, or the sentence that says why there can't be one."""
    try:
        if not os.path.exists(f"/sys/class/net/{BRIDGE}"):
            _run("ip", "link", "add", BRIDGE, "type", "bridge")
            _run("ip", "addr", "add", f"{DRIVER_IP}/16", "dev", BRIDGE)
            _run("ip", "link", "set", BRIDGE, "up")
        probe = Host(1 << 20, 1 << 20)
    except (OSError, RuntimeError) as error:
        return f"cannot make shaped links: {error}"
    probe.close()
    return None


def _new_namespace():
    """A descriptor of a fresh network namespace; the caller stays in its own."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _LIBC.unshare(_CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            _set_namespace(home)
    finally:
        os.close(home)


def _set_namespace(descriptor):
    if _LIBC.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _shape(device, bytes_per_s, inside=None):
    """What leaves through `device` does so at this rate, after waiting in one queue."""
    _run("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", f"{bytes_per_s * 8}bit",
         "burst", BURST_BYTES, "latency", f"{QUEUE_MS}ms", inside=inside)


def _run(*words, inside=None):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=10,
                          preexec_fn=inside.enter if inside else None)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
