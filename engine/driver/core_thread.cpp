#include "engine/driver/core_thread.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <pthread.h>
#include <utility>

#include <fmt/format.h>

#include "engine/base/assert.hpp"
#include "engine/base/probe.hpp"

namespace spate::driver {
namespace {

using session::LatencyStage;

/// After accept() ran out of descriptors or memory.
constexpr Duration accept_pause = 100ms;
constexpr Duration report_interval = 200ms;
constexpr Duration backlog_retry = 1ms;
/// How long a core that ends waits for what the kernel still does.
constexpr Duration drain_max = 10s;
constexpr io::BufferRingOptions idle_buffer_options{
    .group = 0, .buffers = 256, .buffer_bytes = 16 * 1024};
/// Receives into fresh memory: as many pieces as are hashed at once, if each brings one.
constexpr std::size_t receives_a_turn = HashBatch::lanes;
/// With so much on its way to the disk, and of so many pieces, no more memory is filled: a slow
/// disk has work for long, and a fast one needs less.
constexpr std::uint64_t writing_bytes_max = 16 << 20;
constexpr std::size_t writing_pieces_min = 4;
/// With so many events waiting for the engine's thread, trackers' troubles are no longer told.
constexpr std::size_t tracker_events_max = 4'096;
constexpr unsigned ring_entries = 4096;
constexpr unsigned ring_completions = 16384;

void pin_to(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
}

}  // namespace

/// One listening socket's accepts.
class CoreThread::Accept : public io::AcceptOperation {
public:
    Accept(CoreThread& core, int listener)
        : AcceptOperation([](io::Operation& operation, std::int32_t result, std::uint32_t flags) {
              auto& self = static_cast<Accept&>(operation);
              self.core_.on_accepted(self, result, flags);
          }),
          core_(core),
          listener_(listener) {}

    void arm(io::Ring& ring) { start(ring, listener_); }

private:
    CoreThread& core_;
    const int listener_;
};

CoreThread::CoreThread(Options options, Surroundings surroundings,
                       std::unique_ptr<io::Doorbell> doorbell,
                       std::vector<io::FileDescriptor> listeners)
    : options_(std::move(options)),
      surroundings_(std::move(surroundings)),
      doorbell_(std::move(doorbell)),
      listeners_(std::move(listeners)),
      file_table_(
          options_.open_files_max,
          [this](TorrentId torrent, storage::FileIndex index,
                 const std::shared_ptr<OpenFile>& file) {
              surroundings_.syncs.submit({torrent, index, torrent_files_[torrent.value], file});
          }),
      zero_copy_(options_.zero_copy, options_.features.zero_copy_send,
                 options_.features.zero_copy_reports_use),
      hashes_(surroundings_.hasher) {}

CoreThread::~CoreThread() {
    SPATE_ASSERT(!thread_.joinable());
}

std::expected<void, std::string> CoreThread::start(std::vector<CoreThread*> others) {
    cores_ = std::move(others);
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<std::expected<void, std::string>> outcome;
    running_.store(true, std::memory_order_release);
    thread_ = std::thread([&, this] {
        run([&](std::expected<void, std::string> result) {
            const std::lock_guard lock(mutex);
            outcome = std::move(result);
            changed.notify_one();
        });
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return outcome.has_value(); });
    return *outcome;
}

void CoreThread::join() {
    if (thread_.joinable()) thread_.join();
}

void CoreThread::run(const std::function<void(std::expected<void, std::string>)>& started) {
    ::pthread_setname_np(::pthread_self(),
                         fmt::format("spate-core-{}", options_.session.core.value).c_str());
    if (options_.pinned_cpu) pin_to(*options_.pinned_cpu);
    clock_.refresh();
    auto ring = io::Ring::open(
        options_.features,
        {.entries = ring_entries, .completion_entries = ring_completions, .spin = options_.spin});
    if (!ring) {
        running_.store(false, std::memory_order_release);
        return started(std::unexpected(ring.error().sentence()));
    }
    ring_ = std::move(*ring);
    auto buffers = io::BufferRing::open(*ring_, idle_buffer_options);
    if (!buffers) {
        ring_.reset();
        running_.store(false, std::memory_order_release);
        return started(std::unexpected(fmt::format("can't give receive buffers to the kernel: {}",
                                                   buffers.error().message())));
    }
    idle_buffers_ = std::move(*buffers);
    session::SessionOptions session_options = options_.session;
    session_options.latencies = &latencies_;
    try {
        session_ = std::make_unique<session::Session>(
            session_options, session::Session::RateLimits{surroundings_.up, surroundings_.down},
            piece_memory_, clock_.now());
    } catch (const std::bad_alloc&) {
        idle_buffers_.reset();
        ring_.reset();
        running_.store(false, std::memory_order_release);
        return started(std::unexpected("the system has no memory for pieces: free some"));
    }
    context_.emplace(CoreContext{*ring_, clock_, *session_, *idle_buffers_, file_table_, shortage_,
                                 failing_writes_, doubts_, ledger_, latencies_, load_, receives_,
                                 sends_, lingering_sends_, zero_copy_, torrent_files_,
                                 readable_connections_, finished_connections_});
    doorbell_->attach(*ring_);
    accept_all();
    started({});
    woke_at_ = reported_at_ = clock_.refresh();
    thread_times_.emplace();
    times_ = thread_times_->read();
    loop();
    doorbell_->detach();
    ring_->drain(clock_, drain_max);
    reap();
    file_table_.close_all();
    report(true);
    connections_.clear();
    accepts_.clear();
    session_.reset();
    idle_buffers_.reset();
    ring_.reset();
    running_.store(false, std::memory_order_release);
}

void CoreThread::loop() {
    while (!finished()) turn();
}

void CoreThread::turn() {
    read_mail();
    session_->handle_timeout(clock_.now());
    if (accept_again_at_ && *accept_again_at_ <= clock_.now()) {
        accept_again_at_.reset();
        accept_all();
    }
    pump();
    hashes_.run_if_due(*context_);
    pump();
    start_writes();
    receive_readable();
    tend_failures();
    // Before sleeping: a socket that is done with must close now, not at the next event.
    reap();
    pump();
    flush_backlogs();
    pump();  // what was held back goes on
    report(false);
    if (!finished()) wait();
    reap();
}

/// A piece's memory is in the cache from its first byte until it is written if few are begun before
/// those that are complete go on.
void CoreThread::receive_readable() {
    for (std::size_t i = 0; i < receives_a_turn && !readable_connections_.empty(); ++i) {
        if (is_behind()) return;  // what it waits for ends by itself
        const ConnectionId id = readable_connections_.front();
        readable_connections_.pop_front();
        if (ConnectionIo* const connection = find(id)) connection->receive_readable();
    }
}

bool CoreThread::is_behind() const {
    return hashes_.full_batch_waits() ||
           (writing_bytes_ >= writing_bytes_max && writes_.size() >= writing_pieces_min);
}

void CoreThread::wait() {
    const Time begin = clock_.refresh();
    latencies_.record(LatencyStage::loop, begin - woke_at_);
    load_.writes = static_cast<std::uint32_t>(writes_.size());
    load_.hashing = hashes_.deadline().has_value();
    load_.peers = session_->peer_waits();
    const CoreLoad load = load_;  // what completes ends the wait, and changes it
    const std::optional<Time> deadline = next_deadline();
    doorbell_->turn(clock_, deadline, [this] { return has_mail(); });
    woke_at_ = clock_.now();
    waits_.add(load, woke_at_ - begin);
}

bool CoreThread::finished() const {
    return shutting_down_ && connections_.empty() && writes_.empty() && !hashes_.deadline();
}

std::optional<Time> CoreThread::next_deadline() const {
    std::optional<Time> next = session_->next_timeout();
    const auto earlier = [&](std::optional<Time> time) {
        if (time) next = next ? std::min(*next, *time) : *time;
    };
    earlier(hashes_.deadline());
    earlier(accept_again_at_);
    earlier(shortage_.next_timeout());
    earlier(failing_writes_.next_timeout());
    if (!readable_connections_.empty() && !is_behind()) earlier(clock_.now());
    // A sync that ends doesn't wake a core up.
    const bool write_waits = !waiting_writes_.empty() && surroundings_.syncs.pending() > 0;
    if (!event_backlog_.empty() || session_->letters_waiting() > 0 || write_waits)
        earlier(clock_.now() + backlog_retry);
    return next;
}

// --- Mail

bool CoreThread::has_mail() const {
    return std::ranges::any_of(inbox_, [](const auto& box) { return !box->empty(); });
}

void CoreThread::read_mail() {
    if (has_mail()) clock_.refresh();  // it may be younger than the turn
    for (std::size_t sender = 0; sender < inbox_.size(); ++sender)
        // Bounded, so that a flood of mail can't starve the ring.
        for (std::size_t i = 0; i < session::core_mailbox_capacity; ++i) {
            auto letter = inbox_[sender]->try_receive();
            if (!letter) break;
            const Duration took = clock_.now() - letter->sent_at;
            latencies_.record(LatencyStage::mailbox, took);
            SPATE_PROBE(mail_received, options_.session.core.value, sender, letter->mail.index(),
                        took.count());
            handle(std::move(letter->mail));
        }
}

void CoreThread::handle(CoreMail mail) {
    const Time now = clock_.now();
    if (const auto* message = std::get_if<session::CoreMessage>(&mail)) {
        session_->handle_message(*message, now);
    } else if (auto* add = std::get_if<AddTorrent>(&mail)) {
        const TorrentId id = add->torrent->id;
        if (torrent_files_.size() <= id.value) torrent_files_.resize(id.value + 1);
        torrent_files_[id.value] = std::move(add->files);
        session_->add_torrent(*add->torrent, std::move(add->trackers), now);
        if (!add->peers.empty())
            session_->handle_message(session::PeersFound{id, std::move(add->peers), true}, now);
        if (!add->told_peers.empty())
            session_->handle_message(session::PeersFound{id, std::move(add->told_peers)}, now);
    } else if (const auto* stop = std::get_if<StopTorrent>(&mail)) {
        session_->stop_torrent(stop->torrent, now);
    } else if (const auto* sync = std::get_if<SyncTorrent>(&mail)) {
        file_table_.sync_torrent(sync->torrent);
        surroundings_.syncs.mark({sync->torrent, sync->round});
    } else if (const auto* settle = std::get_if<SettlePieces>(&mail)) {
        session_->settle_pieces(settle->torrent, settle->checked, now);
    } else if (const auto* announced = std::get_if<Announced>(&mail)) {
        session_->handle_announced(announced->torrent, announced->url, *announced->result, now);
    } else if (std::holds_alternative<ShutDown>(mail)) {
        shutting_down_ = true;
        for (std::uint32_t id = 0; id < torrent_files_.size(); ++id)
            session_->stop_torrent(TorrentId(id), now);
        session_->close_all(now);
    }
}

void CoreThread::flush_backlogs() {
    for (std::uint16_t core = 0; core < cores_.size() && session_->letters_waiting() > 0; ++core)
        send_letters(CoreIndex(core));
    while (!event_backlog_.empty() && events_.try_push(std::move(event_backlog_.front())))
        event_backlog_.pop_front();
}

void CoreThread::send_letters(CoreIndex core) {
    CoreMailbox& box = cores_[core.value]->mailbox(options_.session.core.value);
    bool sent = false;
    while (session::CoreMessage* const message = session_->next_letter(core)) {
        CoreLetter letter{clock_.now(), std::move(*message)};
        if (!box.try_push(std::move(letter))) {  // NOLINT(bugprone-use-after-move): it stays whole
            *message = std::move(std::get<session::CoreMessage>(letter.mail));
            break;
        }
        session_->handle_letter_taken(core);
        sent = true;
    }
    if (sent) box.notify(*ring_);
}

void CoreThread::tell_main(EngineEvent event) {
    // A tracker is asked again and again; the other events come a few times a torrent.
    if (std::holds_alternative<TrackerTrouble>(event) &&
        event_backlog_.size() >= tracker_events_max)
        return;
    event_backlog_.push_back(std::move(event));
}

// --- Connections that come

void CoreThread::accept_all() {
    if (accepts_.empty())
        for (const io::FileDescriptor& listener : listeners_)
            accepts_.push_back(std::make_unique<Accept>(*this, listener.get()));
    for (const auto& accept : accepts_)
        if (!accept->in_flight()) accept->arm(*ring_);
}

void CoreThread::on_accepted(Accept& accept, std::int32_t result, std::uint32_t flags) {
    if (result >= 0) {
        io::FileDescriptor socket(result);
        const auto remote = io::peer_endpoint(socket.get());
        const auto id = remote && !shutting_down_ ? session_->handle_accepted(*remote, clock_.now())
                                                  : std::nullopt;
        if (id) {
            auto& connection = connections_[*id];
            connection = std::make_unique<ConnectionIo>(*context_, *id, std::move(socket));
            connection->start_receiving();
        }
    }
    if (accept.in_flight() || ring_->draining() || result == -ECANCELED) return;
    const bool out_of_something =
        result == -EMFILE || result == -ENFILE || result == -ENOMEM || result == -ENOBUFS;
    if (out_of_something) {
        accept_again_at_ = clock_.now() + accept_pause;
    } else if (!io::is_armed(flags)) {
        accept.arm(*ring_);
    }
}

void CoreThread::reap() {
    for (const ConnectionId id : finished_connections_) {
        session_->handle_closed(id);
        connections_.erase(id);
    }
    finished_connections_.clear();
    while (!finished_writes_.empty()) {
        for (PieceWrite* const write : std::exchange(finished_writes_, {})) {
            writing_bytes_ -= write->size_bytes();
            writes_.erase(write);
        }
        start_writes();
    }
}

/// Each holds a file open, whatever the table of files has closed meanwhile; and so does each file
/// until it is synced.
bool CoreThread::room_for_write() const {
    return writes_.size() - waiting_writes_.size() < options_.open_files_max &&
           surroundings_.syncs.pending() < options_.open_files_max;
}

void CoreThread::start_writes() {
    while (!waiting_writes_.empty() && room_for_write()) {
        PieceWrite* const next = waiting_writes_.front();
        waiting_writes_.pop_front();
        next->start();
    }
}

/// What met a lack, or a disk that is full, tries again when it is time, and at once when the
/// process ends.
void CoreThread::tend_failures() {
    const Time now = clock_.now();
    if (auto sentence = shortage_.take_news()) tell_main(ShortageBegan{std::move(*sentence)});
    if (shortage_.take_want_of_descriptors()) session_->close_newest_idle(now);
    for (const Shortage::Waiter waiter :
         shutting_down_ ? shortage_.take_all() : shortage_.take_due(now)) {
        if (PieceWrite* const* const write = std::get_if<PieceWrite*>(&waiter))
            (*write)->try_again();
        else if (ConnectionIo* const connection = find(std::get<ConnectionId>(waiter)))
            connection->try_again();
    }
    if (shortage_.take_end(now)) tell_main(ShortageEnded{});
    for (PieceWrite* const write :
         shutting_down_ ? failing_writes_.take_all() : failing_writes_.take_due(now))
        write->try_again();
    for (FileDoubted& doubt : std::exchange(doubts_, {})) tell_main(std::move(doubt));
}

// --- The ledger

/// The interval since the last report: what of it was CPU time, the rest being waits.
void CoreThread::account_time() {
    const ThreadTimes::Times times = thread_times_->read();
    const Duration polled = ring_->counters().polled;
    const Duration interval = clock_.now() - reported_at_;
    const Duration cpu = (times.user - times_.user) + (times.system - times_.system);
    const Duration busy = std::clamp(cpu - (polled - polled_), Duration::zero(), interval);
    const Duration runnable =
        std::clamp(times.runnable - times_.runnable, Duration::zero(), interval - busy);
    waits_.settle(interval - busy - runnable);
    ledger_.loop_seconds += to_seconds(interval);
    ledger_.busy_seconds += to_seconds(busy);
    ledger_.cpu_wait_seconds += to_seconds(runnable);
    ledger_.wait_seconds = waits_.seconds();
    ledger_.cpu_user_seconds = to_seconds(times.user);
    ledger_.cpu_system_seconds = to_seconds(times.system);
    zero_copy_.on_interval(ledger_.bytes_sent - bytes_sent_before_, busy, clock_.now());
    bytes_sent_before_ = ledger_.bytes_sent;
    reported_at_ = clock_.now();
    times_ = times;
    polled_ = polled;
}

void CoreThread::report(bool now) {
    if (!now && clock_.now() - reported_at_ < report_interval) return;
    account_time();
    CoreReport report{ledger_, session_->drop_counts()};
    report.ledger.enter_calls = ring_->counters().enter_calls;
    report.ledger.ops_submitted = ring_->counters().ops_submitted;
    report.ledger.bytes_copied_user += session_->bytes_copied();
    report.ledger.connections = session_->connections_total();
    if (now) {
        final_report_ = report;
    } else {
        (void)reports_.try_push(report);
    }
}

std::optional<EngineEvent> CoreThread::poll_event() {
    if (auto event = events_.try_pop()) return event;
    if (thread_.joinable() || event_backlog_.empty()) return std::nullopt;
    EngineEvent event = std::move(event_backlog_.front());
    event_backlog_.pop_front();
    return event;
}

CoreReport CoreThread::latest_report() {
    if (!running()) {
        join();
        return final_report_;
    }
    while (auto report = reports_.try_pop()) latest_report_ = *report;
    return latest_report_;
}

}  // namespace spate::driver
