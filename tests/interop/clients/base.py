"""What every client of the harness can do."""

import itertools

import network
from process import Usage
from sandbox import seconds


class Client:
    """One running BitTorrent program with an address, a folder and logs of its own.

    Subclasses start their processes in `seed` and `download`; those return once the program runs, not when
    data flows. Each object does one of the two, once. Discovery of every kind is off: peers come from the
    torrent's tracker, or from `peers` ("ADDR:PORT") where the client can be told.
    """

    NAME = "?"
    # The Debian package; None for what we build ourselves.
    PACKAGE = "?"
    # Seconds after which it may start to serve: Transmission unchokes at its first rechoke.
    UNCHOKE_DELAY_S = 0.0
    # Transmission 3.00 never writes a file of no bytes.
    CREATES_EMPTY_FILES = True

    def __init__(self, sandbox, ip=None, core=None, host=None):
        self.sandbox = sandbox
        self._host_ports = itertools.count(6881)
        self.host = host
        self.ip = host.ip if host else ip or sandbox.fresh_ip()
        self.port = self.free_port()
        self.core = core
        self.dir = sandbox.subdir(self.NAME)
        self.process = None
        sandbox.clients.append(self)

    def free_port(self):
        """A port of its address: on a host of its own all are free."""
        return next(self._host_ports) if self.host else network.free_port(self.ip)

    @property
    def peer(self):
        """Its listening address, as `--peer` takes it."""
        return f"{network.url_host(self.ip)}:{self.port}"

    def seed(self, torrent, data_dir):
        """Serves the complete data of `torrent` (a Torrent) that lies in `data_dir`."""
        raise NotImplementedError

    def download(self, torrent, out_dir, peers=()):
        """Begins to fetch `torrent` into `out_dir`."""
        raise NotImplementedError

    def wait_complete(self, timeout_s):
        """Returns when everything is stored and verified; TimeoutError otherwise."""
        raise NotImplementedError

    def is_complete(self):
        """Whether everything is stored and verified by now; an exit before that is a failure."""
        raise NotImplementedError

    def leave(self):
        """Ends a complete one as its user would; returns the bytes that it gave to peers."""
        raise NotImplementedError

    def stop(self):
        """Ends it as its user would; returns the exit code."""
        return self.process.stop(timeout_s=seconds(15)) if self.process else None

    def startup_cpu_s(self):
        """CPU seconds that belong to the harness (an interpreter's start), not to the client."""
        return 0.0

    def abandon(self):
        """Releases what is not a process (pipes, mounts); the sandbox ends the processes."""

    def usage(self):
        """CPU and memory so far."""
        return self.process.usage() if self.process else Usage(0, 0, 0)

    def start(self, argv, **options):
        """Starts the program; a missing one is a failure that says what to install."""
        try:
            self.process = self.sandbox.start(self.NAME, argv, self.dir, core=self.core, host=self.host,
                                              **options)
        except FileNotFoundError as error:
            hint = f"apt-get install {self.PACKAGE}" if self.PACKAGE else "build it, or name it in $SPATE"
            raise AssertionError(f"{argv[0]} is missing ({hint})") from error
        return self.process
