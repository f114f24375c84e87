#include "engine/sim/sim_core.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/sim/sim_node.hpp"
#include "engine/sim/virtual_tracker.hpp"

namespace spate::sim {
namespace {

/// Between two cores of one process.
constexpr Duration mail_delay = 30us;
/// A core looks at all that the kernel has for it, and then does what follows.
constexpr std::uint64_t turn_ns_max = 60'000;
/// Of a core that has much to do, which one turn in so many is taken for.
constexpr std::uint64_t busy_turn_ns_max = 3'000'000;
constexpr std::uint64_t busy_turn_every = 8;
/// A piece waits for lane-mates, and is hashed.
constexpr Duration hash_delay = 3ms;
constexpr Duration announce_delay = 40ms;
/// How often a full disk is tried again.
constexpr Duration full_disk_retry = 5s;
/// The earliest that a timer that is due already fires.
constexpr Duration timer_delay_min = 1us;
/// Timers that do nothing but ask for the next one at once.
constexpr std::uint32_t hurried_timers_max = 1'000;
}  // namespace

MutableBytes SimMemory::allocate(std::size_t size_bytes) {
    if (shared_.empty()) return {new std::byte[size_bytes], size_bytes};
    SPATE_ASSERT(size_bytes <= shared_.size());
    return shared_.first(size_bytes);
}

void SimMemory::free(MutableBytes memory) {
    if (shared_.empty()) delete[] memory.data();
}

SimCore::SimCore(SimNode& node, session::SessionOptions options,
                 session::Session::RateLimits limits)
    : node_(node),
      queue_(node.queue()),
      index_(options.core),
      memory_(node.any_payload()),
      session_(options, limits, memory_, queue_.now()),
      letters_on_way_(options.core_count),
      lines_(std::in_place_type<ByteLines>, *this) {
    if (node.by_name()) lines_.emplace<NamedLines>(*this);
}

SimCore::~SimCore() {
    *alive_ = false;
    session_.close_all(now());
}

EventTag SimCore::tag(EventKind kind, std::uint64_t size) const {
    return {kind, node_.index(), index_.value, size};
}

// --- Turns

/// The first input of a turn says when it ends.
bool SimCore::joins_a_turn() {
    if (in_turn_) return true;
    if (!node_.options().turns || node_.chance().below(2) == 0) return false;
    in_turn_ = true;
    const bool busy = node_.chance().below(busy_turn_every) == 0;
    const Duration rest(
        static_cast<std::int64_t>(node_.chance().below(busy ? busy_turn_ns_max : turn_ns_max)));
    node_.queue().schedule_in(rest, tag(EventKind::turn, 0), [this, alive = alive_] {
        if (!*alive) return;
        in_turn_ = false;
        if (!killed_) settle();
    });
    return true;
}

void SimCore::settle() {
    pump();
    peaks_.letters = std::max(peaks_.letters, session_.letters_waiting());
    for (std::uint16_t core = 0; core < letters_on_way_.size(); ++core)
        send_letters(CoreIndex(core));
    pump();
    arm_timer();
    node_.check();
}

void SimCore::pump() {
    std::size_t outputs = 0;
    for (; auto output = session_.poll_output(); ++outputs) execute(std::move(*output));
    peaks_.outputs = std::max(peaks_.outputs, outputs);
}

void SimCore::send_letters(CoreIndex to) {
    std::size_t& on_way = letters_on_way_[to.value];
    while (session::CoreMessage* const message = session_.next_letter(to)) {
        if (on_way >= session::core_mailbox_capacity) return;
        ++on_way;
        node_.queue().schedule_in(mail_delay, tag(EventKind::mail, to.value),
                                  [this, alive = alive_, to, letter = std::move(*message)] {
                                      if (*alive) deliver(to, letter);
                                  });
        session_.handle_letter_taken(to);
    }
}

void SimCore::deliver(CoreIndex to, const session::CoreMessage& message) {
    const bool was_full = letters_on_way_[to.value]-- >= session::core_mailbox_capacity;
    node_.core(to).handle_message(message);
    if (was_full) run([] {});
}

void SimCore::arm_timer() {
    const auto next = session_.next_timeout();
    if (!next) return;
    const Time at = std::max(*next, now() + timer_delay_min);
    if (timer_at_ && *timer_at_ <= at) return;
    timer_at_ = at;
    node_.queue().schedule(at, tag(EventKind::timer, 0), [this, at, alive = alive_] {
        if (*alive && timer_at_ == at) on_timer(at);
    });
}

void SimCore::on_timer(Time at) {
    timer_at_.reset();
    hurried_timers_ = at - timer_ran_at_ <= timer_delay_min ? hurried_timers_ + 1 : 0;
    timer_ran_at_ = at;
    if (hurried_timers_ > hurried_timers_max) node_.report("a timer is due again and again");
    run([&] { session_.handle_timeout(now()); });
}

void SimCore::execute(session::Output output) {
    std::visit(
        [&]<class Order>(Order& order) {
            using std::is_same_v;
            const auto lines = [this](auto&& use) { std::visit(use, lines_); };
            if constexpr (is_same_v<Order, session::Connect>)
                lines([&](auto& on) { on.connect(order); });
            if constexpr (is_same_v<Order, session::Close>) {
                tell_of_close(order);
                lines([&](auto& on) { on.close(order.connection); });
            }
            if constexpr (is_same_v<Order, session::Transmit>)
                lines([&](auto& on) { on.transmit(order.connection); });
            if constexpr (is_same_v<Order, session::Receive>)
                lines([&](auto& on) { on.receive(order.connection); });
            if constexpr (is_same_v<Order, session::CancelReceive>)
                lines([&](auto& on) { on.cancel_receive(order.connection); });
            if constexpr (is_same_v<Order, session::HashPiece>) hash(order);
            if constexpr (is_same_v<Order, session::WritePiece>) write(order);
            if constexpr (is_same_v<Order, session::Announce>) announce(order);
            if constexpr (is_same_v<Order, session::CheckMetadata>) check_metadata(order);
            if constexpr (is_same_v<Order, session::LayersReady>) finish_metadata(order.torrent);
            if constexpr (is_same_v<Order, session::TorrentComplete>)
                node_.on_complete(order.torrent);
            if constexpr (is_same_v<Order, session::DownloadPaused>)
                node_.on_paused(order.torrent, std::move(order.reason));
            if constexpr (is_same_v<Order, session::TorrentFailed>)
                node_.on_failed(order.torrent, std::move(order.reason));
        },
        output);
}

void SimCore::tell_of_close(const session::Close& order) {
    const session::Connection* const connection = session_.find_connection(order.connection);
    if (connection != nullptr) node_.on_dropped(connection->remote, order.reason);
}

void SimCore::handle_message(const session::CoreMessage& message) {
    run([&] { session_.handle_message(message, now()); });
}

void SimCore::add_torrent(session::SharedTorrent& torrent, std::vector<Endpoint> peers) {
    run([&] {
        const bool home = torrent.home == index_;
        std::vector<std::vector<std::string>> tiers;
        if (home) tiers = {{VirtualTracker::url}};
        session_.add_torrent(torrent, std::move(tiers), now());
        if (home && !peers.empty())
            session_.handle_message(session::PeersFound{torrent.id, std::move(peers)}, now());
    });
}

void SimCore::stop() {
    run([&] {
        for (std::uint32_t id = 0; id < node_.torrent_count(); ++id)
            session_.stop_torrent(TorrentId(id), now());
        session_.close_all(now());
    });
}

void SimCore::kill() {
    killed_ = true;
    std::visit([](auto& on) { on.abandon_all(); }, lines_);
}

bool SimCore::accept(std::shared_ptr<VirtualSocket> socket, const Endpoint& remote) {
    return std::get<ByteLines>(lines_).accept(std::move(socket), remote);
}

bool SimCore::accept(LineEnd end, const Endpoint& remote) {
    return std::get<NamedLines>(lines_).accept(end, remote);
}

void SimCore::when_closed(ConnectionId id, std::move_only_function<void(ConnectionId)> forget) {
    node_.queue().schedule_in(timer_delay_min, tag(EventKind::closed, id.value),
                              [this, alive = alive_, id, forget = std::move(forget)]() mutable {
                                  if (!*alive) return;
                                  run([&] {
                                      session_.handle_closed(id);
                                      forget(id);
                                  });
                              });
}

// --- Pieces, trackers, metadata

void SimCore::hash(const session::HashPiece& order) {
    if (session_.buffers().pinned(order.buffer)) node_.report("a pinned buffer is hashed");
    node_.queue().schedule_in(
        hash_delay, tag(EventKind::hashed, order.piece.value), [this, alive = alive_, order] {
            if (!*alive) return;
            run([&] {
                if (session_.buffers().pinned(order.buffer))
                    node_.report("a buffer is pinned while it is hashed");
                const bool matches = hash_matches(order);
                session_.handle_piece_hashed(order.torrent, order.piece, matches, now());
            });
        });
}

bool SimCore::hash_matches(const session::HashPiece& order) {
    if (auto* const lines = std::get_if<NamedLines>(&lines_)) {
        const session::Torrent& torrent = *session_.find_torrent(order.torrent);
        return lines->settle(order.torrent, *torrent.picker->partials().at(order.piece));
    }
    const Bytes piece = session_.buffers().table().at(order.buffer).first(order.size_bytes);
    return node_.disk(order.torrent).content().matches(order.piece, piece);
}

void SimCore::write(const session::WritePiece& order) {
    write_after(order, node_.disk(order.torrent).options().write_delay);
}

void SimCore::write_after(const session::WritePiece& order, Duration delay) {
    node_.queue().schedule_in(delay, tag(EventKind::written, order.piece.value),
                              [this, alive = alive_, order] {
                                  if (!*alive) return;
                                  run([&] { write_or_wait(order); });
                              });
}

/// A piece that a full disk refuses is kept and tried again; others are given up meanwhile.
void SimCore::write_or_wait(const session::WritePiece& order) {
    const std::uint32_t id = order.torrent.value;
    const bool halted = session_.find_torrent(order.torrent)->halted;
    const auto probe = probes_.find(id);
    const bool is_probe = probe != probes_.end() && probe->second == order.piece;
    if (halted || write_to_disk(order)) {
        session_.handle_piece_written(order.torrent, order.piece, now());
        if (!is_probe) return;
        probes_.erase(probe);
        session_.resume_download(order.torrent, now());
        return;
    }
    if (probe != probes_.end() && !is_probe)
        return session_.handle_piece_unwritten(order.torrent, order.piece, now());
    if (!is_probe) {
        probes_.emplace(id, order.piece);
        session_.pause_download(order.torrent, "the disk is full", now());
    }
    write_after(order, full_disk_retry);
}

/// False when it is full.
bool SimCore::write_to_disk(const session::WritePiece& order) {
    VirtualDisk& disk = node_.disk(order.torrent);
    const Bytes piece = session_.buffers().table().at(order.buffer).first(order.size_bytes);
    if (!(node_.by_name() ? disk.write(order.piece) : disk.write(order.piece, piece))) return false;
    if (!disk.intact({order.piece, 0, order.size_bytes})) node_.report("a false piece was written");
    node_.on_written(order.torrent, order.piece);
    return true;
}

void SimCore::announce(const session::Announce& order) {
    node_.queue().schedule_in(
        announce_delay, tag(EventKind::announced, static_cast<std::uint64_t>(order.request.event)),
        [this, alive = alive_, order] {
            if (!*alive || killed_) return;
            const auto response = node_.announce(order.request);
            run([&] { session_.handle_announced(order.torrent, order.url, response, now()); });
        });
}

void SimCore::check_metadata(session::CheckMetadata& order) {
    const auto& torrent = *session_.find_torrent(order.torrent);
    const bool matches = metainfo::is_info_of(torrent.metainfo(), order.info_bytes);
    session_.handle_metadata_checked(order.torrent, matches, now());
    if (!matches) return;
    const auto missing = metainfo::missing_layers(order.info_bytes);
    if (missing && !missing->layers.empty())
        return session_.fetch_layers(order.torrent, std::move(order.info_bytes), *missing, now());
    finish_metadata(order.torrent);
}

void SimCore::finish_metadata(TorrentId torrent) {
    const auto peers = session_.known_peers(torrent);
    session_.retire_torrent(torrent, now());
    node_.on_metadata(torrent, peers);
}

}  // namespace spate::sim
