#include "engine/driver/engine.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <sys/resource.h>
#include <thread>

#include <fmt/format.h>

#include "engine/base/assert.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/token_bucket.hpp"
#include "engine/driver/core_thread.hpp"
#include "engine/driver/descriptor_budget.hpp"
#include "engine/driver/file_sync_thread.hpp"
#include "engine/driver/listeners.hpp"
#include "engine/driver/torrent_files.hpp"
#include "engine/driver/tracker/announce_thread.hpp"
#include "engine/wire/peer_id.hpp"
#include "io/probe.hpp"

namespace spate::driver {
namespace {

/// Below these, a core has no room for a few files and connections beside what it works with.
/// Below these, a core has no room for a few files and connections beside what it works with.
constexpr std::uint64_t descriptors_min = 40;
constexpr std::uint64_t descriptors_per_core_min = 12;

std::uint64_t descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

}  // namespace

class Engine::Implementation {
public:
    Implementation(EngineOptions options, const hashing::Hasher& hasher)
        : options_(std::move(options)),
          hasher_(hasher),
          up_(options_.up_bytes_per_s),
          down_(options_.down_bytes_per_s) {
        SPATE_ASSERT(options_.secret);
    }

    std::expected<void, std::string> start();
    const std::vector<Endpoint>& listening() const { return listening_; }
    std::expected<TorrentId, std::string> add(TorrentSpec spec);
    void stop_torrent(TorrentId id);
    TorrentStatus status(TorrentId id) const;
    Bitfield stored_pieces(TorrentId id) const {
        return torrents_[id.value].shared->pieces.stored_pieces();
    }
    void sync(TorrentId id);
    Recordable recordable(TorrentId id) const;
    Bitfield doubtful_pieces(TorrentId id) const;
    void settle(TorrentId id, const Checked& result);
    std::optional<EngineEvent> poll_event();
    Ledger ledger() const;
    void stop(Duration patience);

private:
    struct Entry {
        std::unique_ptr<session::SharedTorrent> shared;
        std::shared_ptr<const TorrentFiles> files;
        Bitfield synced{};   // pieces that are on the disk
        Bitfield syncing{};  // pieces that will be, when this round is over
        std::uint32_t sync_round = 0;
        std::uint64_t wanted_bytes = 0;
    };

    std::expected<void, std::string> make_cores(Listeners listeners, const io::Features& features);
    CoreThread::Options core_options(std::size_t core, const io::Features& features,
                                     const PeerId& peer_id, std::uint32_t tracker_key);
    bool announce(CoreIndex core, const session::Announce& order);
    std::optional<EngineEvent> handle(const SyncEvent& event);
    static void leave_out_lost(const Entry& entry, Bitfield& pieces);
    static bool covers(const Entry& entry, storage::FileIndex file, const Bitfield& checked);
    /// From main or the announce thread, each with a mailbox of its own.
    void send(std::size_t core, std::size_t sender, CoreMail mail);
    std::size_t main_sender() const { return cores_.size(); }
    std::size_t announce_sender() const { return cores_.size() + 1; }

    const EngineOptions options_;
    const hashing::Hasher hasher_;
    TokenBucket up_;
    TokenBucket down_;
    std::vector<Endpoint> listening_;
    std::vector<Entry> torrents_;  // by TorrentId
    OpenFolders folders_;
    std::unique_ptr<AnnounceThread> announces_;
    std::unique_ptr<FileSyncThread> syncs_;
    std::vector<std::unique_ptr<CoreThread>> cores_;
    bool stopped_ = false;
};

std::expected<void, std::string> Engine::Implementation::start() {
    const auto features = io::probe();
    if (!features) return std::unexpected(features.error().sentence());
    const std::size_t count = options_.cpus.size();
    const std::uint64_t needed = descriptors_min + count * descriptors_per_core_min;
    if (descriptor_limit() < needed)
        return std::unexpected(fmt::format(
            "a limit of {} open files is too low: {} at least are needed on {} core{}; raise it "
            "(ulimit -n, or LimitNOFILE= in the systemd unit)",
            descriptor_limit(), needed, count, count == 1 ? "" : "s"));
    const bool follow = follows_receive_queues(count, options_.pin_threads, receive_queue_count());
    auto listeners = listen_on_all(options_.listen, count,
                                   follow ? std::span(options_.cpus) : std::span<const unsigned>());
    if (!listeners) return std::unexpected(std::move(listeners.error()));
    listening_ = listeners->addresses;
    auto announces = AnnounceThread::start({.http = {}, .seed = options_.secret()});
    if (!announces) return std::unexpected(std::move(announces.error()));
    announces_ = std::move(*announces);
    return make_cores(std::move(*listeners), *features);
}

CoreThread::Options Engine::Implementation::core_options(std::size_t core,
                                                         const io::Features& features,
                                                         const PeerId& peer_id,
                                                         std::uint32_t tracker_key) {
    const std::size_t count = options_.cpus.size();
    const DescriptorBudget budget =
        DescriptorBudget::of_core(descriptor_limit(), count, options_.peers_max);
    CoreThread::Options result;
    result.session.core = CoreIndex(static_cast<std::uint16_t>(core));
    result.session.core_count = static_cast<std::uint16_t>(count);
    result.session.peer_id = peer_id;
    result.session.listen_port = listening_.empty() ? std::uint16_t{0} : listening_.front().port;
    result.session.tracker_key = tracker_key;
    result.session.connections_max = static_cast<std::uint32_t>(budget.connections);
    result.session.home.upload_slots = options_.upload_slots;
    result.session.home.leech_strategy = options_.leech_strategy;
    result.session.home.seed_strategy = options_.seed_strategy;
    result.session.home.uplink_bytes_per_s = options_.up_bytes_per_s;
    result.session.piece_mode = options_.piece_mode;
    result.session.super_seed = options_.super_seed;
    result.session.home.peers_max = options_.peers_max;
    result.session.buffer_budget_bytes = options_.buffer_budget_bytes / count;
    result.session.loopback_only = options_.loopback_only;
    result.session.seed = options_.secret();
    result.session.secrets = {.digest_key = {options_.secret(), options_.secret()},
                              .table_seed = options_.secret()};
    result.features = features;
    result.spin = options_.spin;
    result.zero_copy = options_.zero_copy;
    result.verify_pieces = options_.verify_pieces;
    if (options_.pin_threads) result.pinned_cpu = options_.cpus[core];
    result.open_files_max = static_cast<std::size_t>(budget.open_files);
    return result;
}

std::expected<void, std::string> Engine::Implementation::make_cores(Listeners listeners,
                                                                    const io::Features& features) {
    const std::size_t count = options_.cpus.size();
    syncs_ = std::make_unique<FileSyncThread>(count);
    Prng told_to_everybody(options_.secret());
    const PeerId peer_id = wire::make_peer_id(told_to_everybody);
    const auto tracker_key = static_cast<std::uint32_t>(options_.secret());
    for (std::size_t core = 0; core < count; ++core) {
        auto doorbell = io::Doorbell::open();
        if (!doorbell)
            return std::unexpected(
                fmt::format("can't make an eventfd: {}; raise the limit on open "
                            "files (ulimit -n)",
                            doorbell.error().message()));
        CoreThread::Surroundings surroundings{
            up_, down_, hasher_,
            [this](CoreIndex index, const session::Announce& order) {
                return announce(index, order);
            },
            *syncs_};
        cores_.push_back(std::make_unique<CoreThread>(
            core_options(core, features, peer_id, tracker_key), std::move(surroundings),
            std::move(*doorbell), std::move(listeners.by_core[core])));
        for (std::size_t sender = 0; sender < count + 2; ++sender)
            cores_.back()->add_mailbox(std::make_unique<CoreMailbox>(cores_.back()->doorbell()));
    }
    std::vector<CoreThread*> all;
    for (const auto& core : cores_) all.push_back(core.get());
    for (const auto& core : cores_)
        if (auto started = core->start(all); !started) return started;
    return {};
}

void Engine::Implementation::send(std::size_t core, std::size_t sender, CoreMail mail) {
    CoreMailbox& box = cores_[core]->mailbox(sender);
    CoreLetter letter{io::Clock().now(), std::move(mail)};
    // A refused letter stays whole, and the core empties its mailboxes every turn.
    while (!box.try_push(std::move(letter))) {  // NOLINT(bugprone-use-after-move)
        if (!cores_[core]->running()) return;
        std::this_thread::sleep_for(1ms);
    }
    box.notify();
}

bool Engine::Implementation::announce(CoreIndex core, const session::Announce& order) {
    return announces_->submit(
        {.id = order.torrent.value,
         .url = order.url,
         .origin = order.origin,
         .request = order.request,
         .time_max = order.others_wait ? announce_time_max_of_many : announce_time_max,
         .done = [this, core, torrent = order.torrent, url = order.url](
                     std::uint64_t, tracker::TrackerResult result) {
             tracker::AnnounceResult announced;
             if (result) {
                 announced = std::get<tracker::AnnounceResponse>(std::move(*result));
             } else {
                 announced = std::unexpected(std::move(result.error()));
             }
             send(core.value, announce_sender(),
                  Announced{torrent, url,
                            std::make_shared<const tracker::AnnounceResult>(std::move(announced))});
         }});
}

std::expected<TorrentId, std::string> Engine::Implementation::add(TorrentSpec spec) {
    const TorrentId id(static_cast<std::uint32_t>(torrents_.size()));
    const CoreIndex home(static_cast<std::uint16_t>(id.value % cores_.size()));
    Entry entry;
    entry.shared = std::make_unique<session::SharedTorrent>(id, home, spec.metainfo);
    entry.shared->preferred = std::move(spec.preferred);
    entry.shared->downloads = spec.downloads;
    entry.shared->play = spec.play;
    entry.shared->up_limit.set_rate(spec.up_bytes_per_s);
    entry.shared->down_limit.set_rate(spec.down_bytes_per_s);
    auto& pieces = entry.shared->pieces;
    std::uint64_t stored_bytes = 0;
    for (std::uint32_t i = 0; i < pieces.size(); ++i) {
        const PieceIndex piece(i);
        const std::uint32_t size = spec.metainfo->piece_size_bytes(piece);
        const bool have = spec.have.size() > i && spec.have.test(i);
        const bool skipped = !have && spec.skipped.size() > i && spec.skipped.test(i);
        if (have) {
            pieces.set_stored(piece);
            stored_bytes += size;
        } else if (skipped) {
            pieces.set_skipped(piece);
        }
        if (!skipped) entry.wanted_bytes += size;
    }
    entry.shared->counters.stored.store(stored_bytes);
    if (!entry.shared->awaits_metadata()) {
        const bool download = !pieces.complete();
        FileOptions options{
            .allocation = spec.allocation, .writes = spec.writes, .skipped = spec.skipped};
        options.writable = download || spec.downloads;
        if (options.writable) options.have = spec.have;
        (options.writable ? options.found : options.stamps) = std::move(spec.stamps);
        auto files = TorrentFiles::open(*spec.metainfo, spec.folder, download, options, folders_);
        if (!files) return std::unexpected(std::move(files.error()));
        entry.files = std::move(*files);
        if (download)
            if (auto made = entry.files->make_empty_files(); !made)
                return std::unexpected(std::move(made.error()));
    }
    entry.synced = pieces.stored_pieces();
    torrents_.push_back(std::move(entry));
    const Entry& added = torrents_.back();
    for (std::size_t core = 0; core < cores_.size(); ++core) {
        AddTorrent order{added.shared.get(), added.files, {}, {}, {}};
        if (core == home.value) {
            order.trackers = std::move(spec.trackers);
            order.peers = std::move(spec.peers);
            order.told_peers = std::move(spec.told_peers);
        }
        send(core, main_sender(), std::move(order));
    }
    return id;
}

void Engine::Implementation::stop_torrent(TorrentId id) {
    send(torrents_[id.value].shared->home.value, main_sender(), StopTorrent{id});
}

TorrentStatus Engine::Implementation::status(TorrentId id) const {
    const Entry& entry = torrents_[id.value];
    const session::TorrentCounters& counters = entry.shared->counters;
    return {.total_bytes = entry.wanted_bytes,
            .stored_bytes = counters.stored.load(),
            .downloaded_bytes = counters.downloaded.load(),
            .uploaded_bytes = counters.uploaded.load(),
            .wasted_bytes = counters.wasted.load(),
            .peers = counters.peers.load(),
            .seeds = counters.seeds.load(),
            .late_pieces = counters.late_pieces.load(),
            .playing = counters.playing_since.load() != Time{},
            .complete = !entry.shared->awaits_metadata() && entry.shared->pieces.complete()};
}

void Engine::Implementation::sync(TorrentId id) {
    Entry& entry = torrents_[id.value];
    entry.syncing = stored_pieces(id);
    ++entry.sync_round;
    for (std::size_t core = 0; core < cores_.size(); ++core)
        send(core, main_sender(), SyncTorrent{id, entry.sync_round});
}

std::optional<EngineEvent> Engine::Implementation::handle(const SyncEvent& event) {
    if (const auto* lost = std::get_if<WritesLost>(&event)) {
        if (!stopped_) stop_torrent(lost->torrent);
        return TorrentStopped{lost->torrent, lost->sentence};
    }
    const RoundSynced& round = std::get<RoundSynced>(event);
    Entry& entry = torrents_[round.torrent.value];
    if (round.round != entry.sync_round) return std::nullopt;  // a later one is under way
    entry.synced = entry.syncing;
    return TorrentSynced{round.torrent};
}

void Engine::Implementation::leave_out_lost(const Entry& entry, Bitfield& pieces) {
    const storage::PieceMap& map = entry.files->map();
    for (std::uint32_t i = 0; i < map.file_count(); ++i) {
        const storage::FileIndex file(i);
        if (!entry.files->written()->lost(file)) continue;
        const storage::PieceRange touched = map.pieces_of(file);
        for (PieceIndex piece = touched.first; piece != touched.end; ++piece)
            pieces.reset(piece.value);
    }
}

Recordable Engine::Implementation::recordable(TorrentId id) const {
    const Entry& entry = torrents_[id.value];
    const Bitfield stored = stored_pieces(id);
    Recordable result{stopped_ ? stored : entry.synced, {}};
    for (std::uint32_t piece = 0; piece < stored.size(); ++piece)
        if (!stored.test(piece)) result.have.reset(piece);
    if (!entry.files) return result;
    if (entry.files->written() != nullptr) leave_out_lost(entry, result.have);
    for (std::uint32_t i = 0; i < entry.files->files().size(); ++i) {
        const storage::FileIndex file(i);
        auto stamp = entry.files->known_stamp(file);
        const bool changing =
            !stamp && entry.files->written() != nullptr && entry.files->written()->touched(file);
        if (changing) stamp.emplace();
        result.files.push_back(stamp);
    }
    return result;
}

Bitfield Engine::Implementation::doubtful_pieces(TorrentId id) const {
    const swarm::PieceTable& pieces = torrents_[id.value].shared->pieces;
    Bitfield result(pieces.size());
    for (std::uint32_t piece = 0; piece < pieces.size(); ++piece)
        if (pieces.doubtful(PieceIndex(piece))) result.set(piece);
    return result;
}

/// A look that was taken before the check of these pieces says nothing of others that are stored.
bool Engine::Implementation::covers(const Entry& entry, storage::FileIndex file,
                                    const Bitfield& checked) {
    const storage::PieceRange range = entry.files->map().pieces_of(file);
    for (PieceIndex piece = range.first; piece < range.end; ++piece)
        if (!checked.test(piece.value) && entry.shared->pieces.stored(piece)) return false;
    return true;
}

/// The looks first: whoever serves a piece that is stored again goes by the new one.
void Engine::Implementation::settle(TorrentId id, const Checked& result) {
    Entry& entry = torrents_[id.value];
    for (const auto& [file, stamp] : result.files)
        if (covers(entry, storage::FileIndex(file), result.checked))
            entry.files->restamp(storage::FileIndex(file), stamp);
    session::PiecesChecked found;
    for (std::uint32_t piece = 0; piece < result.checked.size(); ++piece) {
        if (!result.checked.test(piece)) continue;
        (result.good.test(piece) ? found.good : found.bad).emplace_back(piece);
        if (result.good.test(piece)) continue;
        // Got again, it is on the disk when a sync that begins then is over.
        entry.synced.reset(piece);
        if (entry.syncing.size() != 0) entry.syncing.reset(piece);
    }
    send(entry.shared->home.value, main_sender(), SettlePieces{id, std::move(found)});
}

std::optional<EngineEvent> Engine::Implementation::poll_event() {
    while (const auto synced = syncs_ ? syncs_->poll_event() : std::nullopt)
        if (auto event = handle(*synced)) return event;
    for (const auto& core : cores_)
        if (auto event = core->poll_event()) return event;
    return std::nullopt;
}

Ledger Engine::Implementation::ledger() const {
    Ledger ledger;
    session::DropCounts drops{};
    for (const auto& core : cores_) {
        const CoreReport report = core->latest_report();
        ledger.cores.push_back(report.ledger);
        ledger.latencies.push_back(core->latencies());
        for (std::size_t i = 0; i < drops.size(); ++i) drops[i] += report.drops[i];
    }
    for (std::size_t i = 0; i < drops.size(); ++i)
        if (drops[i] != 0) ledger.drops.push_back({session::drop_reason_names[i], drops[i]});
    return ledger;
}

void Engine::Implementation::stop(Duration patience) {
    if (std::exchange(stopped_, true)) return;
    for (std::size_t core = 0; core < cores_.size(); ++core)
        if (cores_[core]->running()) send(core, main_sender(), ShutDown{});
    for (const auto& core : cores_) core->join();
    if (syncs_) syncs_->finish();
    if (announces_) announces_->shut_down(patience);
}

// --- The public face

Engine::Engine(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

Engine::~Engine() {
    implementation_->stop(Duration::zero());
}

std::expected<std::unique_ptr<Engine>, std::string> Engine::start(EngineOptions options,
                                                                  const hashing::Hasher& hasher) {
    SPATE_ASSERT(!options.cpus.empty() && options.cpus.size() <= swarm::cores_max);
    auto implementation = std::make_unique<Implementation>(std::move(options), hasher);
    std::unique_ptr<Engine> engine(new Engine(std::move(implementation)));
    if (auto started = engine->implementation_->start(); !started)
        return std::unexpected(std::move(started.error()));
    return engine;
}

const std::vector<Endpoint>& Engine::listening() const {
    return implementation_->listening();
}
std::expected<TorrentId, std::string> Engine::add(TorrentSpec spec) {
    return implementation_->add(std::move(spec));
}
void Engine::stop_torrent(TorrentId torrent) {
    implementation_->stop_torrent(torrent);
}
TorrentStatus Engine::status(TorrentId torrent) const {
    return implementation_->status(torrent);
}
Bitfield Engine::stored_pieces(TorrentId torrent) const {
    return implementation_->stored_pieces(torrent);
}
void Engine::sync(TorrentId torrent) {
    implementation_->sync(torrent);
}
Recordable Engine::recordable(TorrentId torrent) const {
    return implementation_->recordable(torrent);
}
Bitfield Engine::doubtful_pieces(TorrentId torrent) const {
    return implementation_->doubtful_pieces(torrent);
}
void Engine::settle(TorrentId torrent, const Checked& result) {
    implementation_->settle(torrent, result);
}
std::optional<EngineEvent> Engine::poll_event() {
    return implementation_->poll_event();
}
Ledger Engine::ledger() const {
    return implementation_->ledger();
}
void Engine::stop(Duration patience) {
    implementation_->stop(patience);
}

}  // namespace spate::driver
