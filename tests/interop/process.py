"""Child processes that always end, and that say what they cost."""

import ctypes
import dataclasses
import os
import signal
import subprocess
import time

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
LOG_TAIL_LINES = 25


@dataclasses.dataclass
class Usage:
    """What a process used so far: seconds of CPU, and the highest resident size in bytes."""

    user_s: float
    sys_s: float
    peak_rss_bytes: int

    @property
    def cpu_s(self):
        return self.user_s + self.sys_s


class Process:
    """One child. Its standard output and error go to `<dir>/<name>.{out,err}`.

    It dies with this program (PDEATHSIG), is ended by its pid only, and every wait is bounded. With a
    `links.Host` it runs in that host's network.
    """

    def __init__(self, name, argv, log_dir, env=None, core=None, user_id=None, host=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.out_path = log_dir / f"{name}.out"
        self.err_path = log_dir / f"{name}.err"
        self.exit_code = None
        self.final_usage = None
        parent = os.getpid()

        def in_child():
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
            if host is not None:
                host.enter()
            if core is not None:
                os.sched_setaffinity(0, {core})
            if user_id is not None:
                os.setgid(user_id)
                os.setuid(user_id)

        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self._child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env={**os.environ, **(env or {})}, preexec_fn=in_child,
            )
        self.pid = self._child.pid

    def poll(self):
        """The exit code (negative: the signal that ended it), or None while it runs."""
        if self.exit_code is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.exit_code = self._child.returncode = os.waitstatus_to_exitcode(status)
                self.final_usage = Usage(used.ru_utime, used.ru_stime, used.ru_maxrss * 1024)
        return self.exit_code

    def wait(self, timeout_s):
        """Waits for the end; returns the exit code or raises TimeoutError."""
        return wait_until(self.poll, timeout_s, f"{self.name} to exit", accept=lambda code: code is not None)

    def send(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def stop(self, number=signal.SIGTERM, timeout_s=10.0):
        """Ends it: politely, then not. Returns the exit code."""
        self.send(number)
        try:
            return self.wait(timeout_s)
        except TimeoutError:
            self.send(signal.SIGKILL)
            return self.wait(10.0)

    def usage(self):
        """What it has used: exact after its end, to the clock tick before."""
        if self.poll() is not None:
            return self.final_usage
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        peak_bytes = 0
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    peak_bytes = int(line.split()[1]) * 1024
        return Usage(int(fields[11]) / _TICKS_PER_S, int(fields[12]) / _TICKS_PER_S, peak_bytes)

    def log_tail(self):
        """The last lines of what it printed, for a failure's report."""
        parts = [f"--- {self.name} (pid {self.pid}, exit {self.exit_code}): {' '.join(self.argv)}"]
        for path in (self.out_path, self.err_path):
            lines = path.read_text(errors="replace").splitlines()
            parts += [f"  {path.suffix[1:]}: {line[:400]}" for line in lines[-LOG_TAIL_LINES:]]
        return "\n".join(parts)


def wait_until(probe, timeout_s, what, accept=bool, interval_s=0.02):
    """Calls `probe` until `accept` likes its answer and returns that; TimeoutError names `what`."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = probe()
        if accept(answer):
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(interval_s)
