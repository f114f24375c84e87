#pragma once
// engine/driver/engine.hpp: the whole engine of one process: core threads, trackers, torrents.
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/driver/ledger.hpp"
#include "engine/driver/zero_copy.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/storage/resume_state.hpp"
#include "engine/swarm/choker.hpp"
#include "engine/swarm/piece_order.hpp"
#include "engine/swarm/playback.hpp"
#include "engine/tracker/tracker_list.hpp"
#include "hashing/hasher.hpp"

namespace spate::driver {

struct EngineOptions {
    /// Every core listens on each of them (SO_REUSEPORT). Port 0 lets the kernel choose one, the
    /// same for all cores.
    std::vector<Endpoint> listen;
    /// CPU numbers, one core thread each, pinned to it.
    std::vector<unsigned> cpus{0};
    bool pin_threads = false;
    std::uint32_t peers_max = 200;  // of a torrent; connections in all: four times as many
    std::uint32_t upload_slots = swarm::Choker::slots_default;
    swarm::LeechStrategy leech_strategy = swarm::LeechStrategy::tit_for_tat;
    swarm::SeedStrategy seed_strategy = swarm::SeedStrategy::round_robin;
    swarm::PieceMode piece_mode = swarm::PieceMode::rarest_first;
    bool super_seed = false;
    std::uint64_t up_bytes_per_s = 0;  // 0: unlimited
    std::uint64_t down_bytes_per_s = 0;
    bool loopback_only = false;
    std::uint64_t buffer_budget_bytes = 128ULL << 20;  // piece buffers of all cores
    /// Busy time of a core before it sleeps; lifts single-peer throughput on idle machines.
    Duration spin{};
    ZeroCopy zero_copy = ZeroCopy::automatic;
    /// False takes every piece for good unhashed: only to measure what the hashes cost.
    bool verify_pieces = true;
    /// 64 bits of the system's random source with each call. Asked before the threads start.
    std::function<std::uint64_t()> secret{};
};

/// Which files get their whole space when they are begun. Automatic: those that are written
/// directly and of which every piece is wanted.
enum class Allocation : std::uint8_t { automatic, sparse, full };

/// How pieces get to disk. Direct: past the page cache (O_DIRECT), for files where that is possible
/// (TorrentFiles::suits_direct_writes); cached: all through it.
enum class FileWrites : std::uint8_t { direct, cached };

struct TorrentSpec {
    /// With an info-hash only (no piece hashes) for a magnet link: MetadataReady follows.
    std::shared_ptr<const metainfo::Metainfo> metainfo{};
    /// Where the torrent's name lives (storage/file_layout.hpp).
    std::filesystem::path folder{};
    /// Pieces that are verified on disk. Empty: none.
    Bitfield have{};
    /// How the files looked before `have` was found out, nothing where there was none; empty: not
    /// known. A download writes to no file that looks otherwise or came since.
    std::vector<std::optional<storage::FileStamp>> stamps{};
    /// Pieces nobody wants, as the files that they touch weren't selected. Empty: none.
    Bitfield skipped{};
    /// False: it only gives what it has, and doesn't get again what is lost.
    bool downloads = true;
    /// Pieces that are got before all others. Empty: none.
    Bitfield preferred{};
    /// It is played while it comes.
    std::optional<swarm::Playback::Options> play{};
    /// This torrent's part of the engine's rates at most; 0: all of them.
    std::uint64_t up_bytes_per_s = 0;
    std::uint64_t down_bytes_per_s = 0;
    tracker::TrackerList trackers{};
    /// Called at once, and again when they are lost.
    std::vector<Endpoint> peers{};
    /// Likewise, but strangers named them.
    std::vector<Endpoint> told_peers{};
    Allocation allocation = Allocation::automatic;
    FileWrites writes = FileWrites::direct;
};

/// What a torrent does now; rates are for the caller to derive from two looks.
struct TorrentStatus {
    std::uint64_t total_bytes = 0;       // of wanted pieces
    std::uint64_t stored_bytes = 0;      // of wanted pieces, verified and written
    std::uint64_t downloaded_bytes = 0;  // payload since the start, wasted included
    std::uint64_t uploaded_bytes = 0;
    std::uint64_t wasted_bytes = 0;
    std::uint32_t peers = 0;
    std::uint32_t seeds = 0;
    std::uint32_t late_pieces = 0;  // of one that is played
    bool playing = false;           // there was enough to begin
    bool complete = false;
    bool operator==(const TorrentStatus&) const = default;
};

struct TorrentCompleted {
    TorrentId torrent;
};
/// The torrent stopped by itself; `reason` names the file. Others go on.
struct TorrentStopped {
    TorrentId torrent;
    std::string reason;
};
struct TrackerTrouble {
    TorrentId torrent;
    std::string url;
    std::string sentence;
};
/// The info dictionary of a magnet link, checked against its info-hashes, and the piece layers that
/// it needs besides. The torrent that fetched them is stopped; add() one with the metadata, and
/// these peers, whoever named them.
struct MetadataReady {
    TorrentId torrent;
    std::vector<std::byte> info_bytes;
    std::vector<metainfo::PieceLayer> layers{};
    std::vector<Endpoint> peers{};
};
/// A core lacks descriptors or memory: what needs them waits, and goes on when there are some.
struct ShortageBegan {
    std::string sentence;
};
/// Of the same core: nothing waits any more.
struct ShortageEnded {};
/// The torrent's download waits, as what it gets can't be written: `reason` names the file. It is
/// tried again now and then.
struct TorrentPaused {
    TorrentId torrent;
    std::string reason;
};
/// And it goes on.
struct TorrentResumed {
    TorrentId torrent;
};
/// A file isn't what was checked any more, or can't be read: pieces of it count as missing until
/// Engine::settle() says what has become of them.
struct FileDoubted {
    TorrentId torrent;
    std::uint32_t file = 0;
    std::string sentence;
};
/// After sync(): what was stored when it was asked for is on the disk.
struct TorrentSynced {
    TorrentId torrent;
};
using EngineEvent =
    std::variant<TorrentCompleted, TorrentStopped, TrackerTrouble, MetadataReady, ShortageBegan,
                 ShortageEnded, TorrentSynced, TorrentPaused, TorrentResumed, FileDoubted>;

/// What a resume record may claim of a torrent.
struct Recordable {
    Bitfield have;
    std::vector<std::optional<storage::FileStamp>> files;
};

/// Runs one session::Session a core on its own thread and ring, and does for them what they ask:
/// connections, files, hashes, announces. Owned by main, used from one thread; never blocks that
/// thread except in start() and stop().
class Engine {
public:
    /// Fails with one sentence for the user: what, why, and what to do.
    static std::expected<std::unique_ptr<Engine>, std::string> start(EngineOptions options,
                                                                     const hashing::Hasher& hasher);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// The addresses that are listened on, with the port that the kernel chose.
    const std::vector<Endpoint>& listening() const;

    /// Fails with a sentence: the folder can't be made or opened, a file can't be created.
    std::expected<TorrentId, std::string> add(TorrentSpec spec);
    /// Disconnects its peers and tells its trackers.
    void stop_torrent(TorrentId torrent);
    TorrentStatus status(TorrentId torrent) const;
    /// Verified and written, at this moment.
    Bitfield stored_pieces(TorrentId torrent) const;
    /// Brings what is stored now to the disk, beside everything else; TorrentSynced follows, or
    /// TorrentStopped when that fails.
    void sync(TorrentId torrent);
    /// Pieces that were there at the start or have been synced since, or all that are stored once
    /// stop() has returned; without those of files that didn't reach the disk. Of each file how it
    /// looked when it was checked, or after our last change to it, so that whatever another program
    /// has done to it since, or put in its place, doesn't match. A file that is just being written
    /// gets a stamp that nothing matches.
    Recordable recordable(TorrentId torrent) const;
    /// Those that wait for settle().
    Bitfield doubtful_pieces(TorrentId torrent) const;
    /// Files were looked at (`files`: how they looked before, nothing where there was none), then
    /// pieces of them hashed: those in `good` are there, others in `checked` aren't.
    struct Checked {
        std::vector<std::pair<std::uint32_t, std::optional<storage::FileStamp>>> files{};
        Bitfield checked{};
        Bitfield good{};
    };
    void settle(TorrentId torrent, const Checked& result);

    std::optional<EngineEvent> poll_event();
    /// What the process has spent so far.
    Ledger ledger() const;

    /// Stops all torrents, tells trackers, waits at most `patience` for them, ends the threads.
    /// What was reported as stored is on the disk, or told of as lost; poll_event() yields what is
    /// still to be told.
    void stop(Duration patience);

private:
    class Implementation;
    explicit Engine(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace spate::driver
