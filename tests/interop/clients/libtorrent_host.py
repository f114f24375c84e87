"""Runs libtorrent sessions from a JSON list of jobs and prints one event a line until SIGTERM.

A job: ip, port, save_path, and torrent (a path) or magnet; optional seed (bool), peers ("ADDR:PORT"), settings.
Events: {"event": "up", "cpu_s": the interpreter's start}, {"event": "seeding"|"complete"|"error", "job": N, ...}.
"""

import json
import signal
import sys
import time

import libtorrent as lt

POLL_S = 0.03


def settings_for(job):
    host = f"[{job['ip']}]" if ":" in job["ip"] else job["ip"]
    return {
        "listen_interfaces": f"{host}:{job['port']}",
        "outgoing_interfaces": job["ip"],
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": False, "enable_outgoing_utp": False,
        "allow_multiple_connections_per_ip": True,
        "announce_to_all_tiers": True,
        "active_seeds": -1, "active_downloads": -1, "active_limit": -1,
        "alert_mask": lt.alert.category_t.error_notification,
        **job.get("settings", {}),
    }


def add(session, job):
    if "magnet" in job:
        params = lt.parse_magnet_uri(job["magnet"])
    else:
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(job["torrent"])
    params.save_path = job["save_path"]
    off = lt.torrent_flags.disable_dht | lt.torrent_flags.disable_lsd | lt.torrent_flags.disable_pex
    params.flags = (params.flags | off) & ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
    if job.get("seed"):
        params.flags |= lt.torrent_flags.seed_mode
    handle = session.add_torrent(params)
    for peer in job.get("peers", ()):
        ip, _, port = peer.rpartition(":")
        handle.connect_peer((ip.strip("[]"), int(port)))
    return handle


def say(**event):
    print(json.dumps(event), flush=True)


def main():
    say(event="up", cpu_s=time.process_time())
    jobs = json.loads(sys.argv[1])
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    sessions = [lt.session(settings_for(job)) for job in jobs]
    handles = [add(session, job) for session, job in zip(sessions, jobs)]
    reported = set()
    while not ending:
        for number, (session, handle) in enumerate(zip(sessions, handles)):
            status = handle.status()
            if status.is_seeding and number not in reported:
                reported.add(number)
                say(event="seeding" if jobs[number].get("seed") else "complete", job=number,
                    payload_down=status.total_payload_download)
            for alert in session.pop_alerts():
                say(event="error", job=number, message=alert.message())
        time.sleep(POLL_S)


if __name__ == "__main__":
    main()
