"""64 peers of four clients download one torrent from one seed on two cores."""

import data
from clients import Aria2, LibtorrentCrowd, Spate, Transmission
from sandbox import seconds
from scenario import Scenario

LIBTORRENT_PROCESSES, SESSIONS_A_PROCESS = 4, 5
ARIA2, TRANSMISSION, SPATE = 4, 4, 36
PEERS = LIBTORRENT_PROCESSES * SESSIONS_A_PROCESS + ARIA2 + TRANSMISSION + SPATE
SWARM_TIMEOUT_S = 80


class SixtyFour(Scenario):
    def test_64_peers_of_four_clients_finish_from_a_seed_on_two_cores(self):
        self.assertEqual(PEERS, 64)
        tracker = self.spate_tracker()
        self.folder, root, torrent = self.make(data.single("hot.bin", 4 * data.MIB, 64 * data.KIB), [tracker.http_url])
        seeder = Spate(self.box, cores=2, options=["--upload-slots", "unlimited"])
        seeder.seed(torrent, self.folder)
        outs = self.start_swarm(torrent)
        for client in list(self.swarm):
            client.wait_complete(seconds(SWARM_TIMEOUT_S))
        for out in outs:
            self.assert_same(root, out / root.name)
        self.assert_both_cores_served(seeder, torrent)

    def start_swarm(self, torrent):
        """Returns the 64 output folders; `self.swarm` holds the clients, the slow to unchoke first."""
        self.swarm, outs = [], []
        for client_type, count in ((Transmission, TRANSMISSION), (Aria2, ARIA2), (Spate, SPATE)):
            for _ in range(count):
                outs.append(self.box.subdir("out"))
                self.swarm.append(client_type(self.box))
                self.swarm[-1].download(torrent, outs[-1])
        for _ in range(LIBTORRENT_PROCESSES):
            folders = [self.box.subdir("out") for _ in range(SESSIONS_A_PROCESS)]
            outs += folders
            self.swarm.append(LibtorrentCrowd(self.box))
            self.swarm[-1].download(torrent, folders)
        return outs

    def assert_both_cores_served(self, seeder, torrent):
        seeder.stop()
        summary = seeder.summary()
        self.assertGreaterEqual(summary["bytes_up"], torrent.total_bytes)
        cores = summary["ledger"]["cores"]
        self.assertEqual(len(cores), 2)
        for core in cores:
            self.assertGreater(core["connections"], 0, f"a core without connections: {cores}")
