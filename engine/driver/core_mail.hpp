#pragma once
// engine/driver/core_mail.hpp: what reaches a core thread from other threads.
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/driver/engine.hpp"
#include "engine/driver/torrent_files.hpp"
#include "engine/session/core_message.hpp"
#include "engine/session/core_outbox.hpp"
#include "engine/session/output.hpp"
#include "engine/session/shared_torrent.hpp"
#include "engine/tracker/announce.hpp"
#include "engine/tracker/tracker_list.hpp"
#include "io/mailbox.hpp"

namespace spate::driver {

struct AddTorrent {
    session::SharedTorrent* torrent = nullptr;
    std::shared_ptr<const TorrentFiles> files;
    tracker::TrackerList trackers;
    // For the home core.
    std::vector<Endpoint> peers;
    std::vector<Endpoint> told_peers;
};
struct StopTorrent {
    TorrentId torrent;
};
/// Hand over what was written to it and isn't on the disk yet, then mark the round.
struct SyncTorrent {
    TorrentId torrent;
    std::uint32_t round = 0;
};
struct SettlePieces {
    TorrentId torrent;
    session::PiecesChecked checked;
};
struct Announced {
    TorrentId torrent;
    std::string url;
    std::shared_ptr<const tracker::AnnounceResult> result;
};
/// Stop all torrents, finish writes, end.
struct ShutDown {};

using CoreMail = std::variant<session::CoreMessage, AddTorrent, StopTorrent, SyncTorrent,
                              SettlePieces, Announced, ShutDown>;

/// Mail with the sender's time.
struct CoreLetter {
    Time sent_at;
    CoreMail mail;
};

using CoreMailbox = io::Mailbox<CoreLetter, session::core_mailbox_capacity>;

}  // namespace spate::driver
