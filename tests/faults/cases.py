"""What can go wrong at each kind of operation: the errors that Linux documents for it, and the ways to do only a part."""

import dataclasses
import errno

# Over when others give back what they hold, or at once: nothing that runs may end because of it.
PASSING = {"EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EINTR", "ENOBUFS", "EBUSY", "partial", "late"}

_LACKS = ("EMFILE", "ENFILE", "ENOMEM")
_DISK = ("EIO", "ENOSPC", "EDQUOT")
_NETWORK = ("ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH")

WHATS = {
    "ring.read": ("EIO", "ENOMEM", "EAGAIN", "EINTR", "partial", "late"),
    "ring.event": ("EAGAIN", "EINTR", "ENOMEM", "late"),
    "ring.write": (*_DISK, "EFBIG", "EINVAL", "ENOMEM", "EAGAIN", "EINTR", "partial", "nothing", "late"),
    "ring.send": (*_NETWORK, "EPIPE", "EFAULT", "ENOBUFS", "ENOMEM", "EAGAIN", "EINTR", "partial", "late"),
    "ring.send_uncopied": ("ECONNRESET", "EPIPE", "EFAULT", "EOPNOTSUPP", "ENOBUFS", "ENOMEM", "EINTR", "partial", "late"),
    "ring.receive": (*_NETWORK, "ENOBUFS", "ENOMEM", "EAGAIN", "EINTR", "partial", "nothing", "late"),
    "ring.accept": (*_LACKS, "ENOBUFS", "ECONNABORTED", "EPERM", "EAGAIN", "EINTR", "late"),
    "ring.connect": ("ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EACCES", "EAGAIN",
                     "ENOMEM", "EINTR", "late"),
    "ring.poll": ("ENOMEM", "EAGAIN", "EINTR", "late"),
    "ring.sync": (*_DISK, "EINTR", "ENOMEM", "late"),
    "ring.allocate": (*_DISK, "EOPNOTSUPP", "EINTR", "late"),
    "ring.populate": ("EFAULT", "ENOMEM", "EAGAIN", "EINTR", "EBUSY", "late"),
    "ring.wake": ("EOVERFLOW", "ENOMEM", "EBADFD", "late"),
    "ring.timeout": ("ENOMEM", "late"),
    "ring.close": ("EIO", "EINTR"),
    "ring.other": ("ENOMEM", "EINTR", "late"),
    "ring.enter": ("EAGAIN", "EBUSY", "ENOMEM", "EINTR"),
    "ring.setup": (*_LACKS, "EPERM", "ENOSYS"),
    "ring.register": ("ENOMEM", "EINVAL"),
    "open": (*_LACKS, *_DISK, "EACCES", "ENOENT", "ELOOP", "EROFS", "EINTR"),
    "stat": ("EIO", "ENOMEM", "EACCES"),
    "statfs": ("EIO", "ENOMEM", "EINTR", "ENOSYS"),
    "truncate": (*_DISK, "EFBIG", "EPERM", "EINTR"),
    "allocate": (*_DISK, "EFBIG", "EOPNOTSUPP", "EINTR"),
    "sync": (*_DISK, "EINTR"),
    "sync_filesystem": _DISK,
    "rename": (*_DISK, "EACCES", "EROFS", "ENOMEM"),
    "make_directory": ("ENOSPC", "EACCES", "EROFS", "ENOMEM", "EMLINK"),
    "unlink": ("EIO", "EACCES", "EBUSY"),
    "link": ("ENOSPC", "EPERM", "EROFS"),
    "change_mode": ("EPERM", "EROFS", "EIO"),
    "access": ("EACCES", "EIO"),
    "map_file": ("ENOMEM", "EAGAIN", "ENODEV", "EACCES"),
    "map_memory": ("ENOMEM", "EAGAIN"),
    "advise": ("ENOMEM", "EAGAIN", "EINVAL"),
    "residency": ("ENOMEM", "EAGAIN", "ENOSYS", "EPERM"),
    "read": ("EIO", "EINTR", "EAGAIN", "partial", "nothing"),
    "write": (*_DISK, "EINTR", "EAGAIN", "partial"),
    "seek": ("EINVAL", "ENXIO"),
    "control": ("EMFILE", "EAGAIN", "ENOLCK", "EINTR"),
    "close": ("EIO", "ENOSPC", "EDQUOT", "EINTR"),
    "socket": (*_LACKS, "ENOBUFS", "EAFNOSUPPORT", "EACCES"),
    "bind": ("EADDRINUSE", "EADDRNOTAVAIL", "EACCES", "ENOMEM"),
    "listen": ("EADDRINUSE", "EOPNOTSUPP"),
    "accept": (*_LACKS, "ENOBUFS", "ECONNABORTED", "EINTR", "EPERM"),
    "connect": ("ECONNREFUSED", "ENETUNREACH", "EADDRNOTAVAIL", "EAGAIN"),
    "option": ("ENOPROTOOPT", "ENOMEM", "ENOBUFS", "EINVAL"),
    "name": ("ENOBUFS", "ENOTCONN"),
    "send": ("EPIPE", "ECONNRESET", "ENOBUFS", "EAGAIN", "EINTR", "partial"),
    "receive": ("ECONNRESET", "EAGAIN", "EINTR", "ENOMEM", "partial", "nothing"),
    "event": (*_LACKS, "EINVAL"),
    "poll": ("EINTR", "ENOMEM"),
    "pipe": ("EMFILE", "ENFILE"),
    "thread": ("EAGAIN",),
}


@dataclasses.dataclass(frozen=True)
class Case:
    """All numbers of one kind of operation with one fault, on one side of one transfer."""

    transfer: str
    side: str
    kind: str
    what: str

    def __str__(self):
        return f"{self.transfer}/{self.side}/{self.kind}/{self.what}"

    def plan(self, number):
        what = self.what if self.what in ("partial", "nothing", "late") else getattr(errno, self.what)
        return {"SPATE_FAULT": f"{self.kind}:{number}:{what}"}

    @property
    def is_passing(self):
        return self.what in PASSING
