"""libtorrent checks data or makes a torrent of it, through its Python binding, and says what that took.

    libtorrent_hash_host.py verify|create-v1|create-hybrid ROOT TORRENT THREADS

Prints {"wall_s", "cpu_s"} of the work itself, without the interpreter's start.
"""

import json
import sys
import time
from pathlib import Path

import libtorrent as lt

POLL_S = 0.01


def verify(root, torrent, threads):
    session = lt.session({
        "listen_interfaces": "", "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "aio_threads": 2 * threads, "hashing_threads": threads, "checking_mem_usage": 2048,
    })
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(str(torrent))
    params.save_path = str(root.parent)
    handle = session.add_torrent(params)
    while True:
        status = handle.status()
        if status.errc.value() != 0:
            raise SystemExit(f"libtorrent: {status.errc.message()}")
        if status.is_seeding:
            return
        if str(status.state) == "downloading":
            raise SystemExit("libtorrent found the data wrong")
        time.sleep(POLL_S)


def create(root, torrent, threads, hybrid):
    piece_bytes = lt.torrent_info(str(torrent)).piece_length()
    files = lt.file_storage()
    lt.add_files(files, str(root))
    creator = lt.create_torrent(files, piece_bytes) if hybrid else lt.create_torrent(
        files, piece_bytes, lt.create_torrent.v1_only)
    lt.set_piece_hashes(creator, str(root.parent))
    lt.bencode(creator.generate())


def main():
    what, root, torrent, threads = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    wall_s, cpu_s = time.monotonic(), time.process_time()
    if what == "verify":
        verify(root, torrent, threads)
    else:
        create(root, torrent, threads, what == "create-hybrid")
    print(json.dumps({"wall_s": time.monotonic() - wall_s, "cpu_s": time.process_time() - cpu_s}), flush=True)


if __name__ == "__main__":
    main()
