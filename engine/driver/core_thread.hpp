#pragma once
// engine/driver/core_thread.hpp: one core: its ring, its connections, its session.
#include <atomic>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/driver/connection_io.hpp"
#include "engine/driver/core_context.hpp"
#include "engine/driver/core_mail.hpp"
#include "engine/driver/file_sync_thread.hpp"
#include "engine/driver/hash_batch.hpp"
#include "engine/driver/piece_memory.hpp"
#include "engine/driver/piece_write.hpp"
#include "engine/driver/thread_times.hpp"
#include "engine/driver/wait_meter.hpp"
#include "engine/session/session.hpp"
#include "io/doorbell.hpp"
#include "io/spsc_queue.hpp"

namespace spate::driver {

/// Costs and drops of one core, as it reports them now and then.
struct CoreReport {
    CoreLedger ledger;
    session::DropCounts drops{};
};

/// Runs one session on a thread of its own: executes its outputs, feeds it completions, mail and
/// time. Made by the engine's thread; start() and join() are called there, everything else happens
/// on the core's own thread or through mailboxes.
class CoreThread {
public:
    struct Options {
        session::SessionOptions session;
        io::Features features;
        Duration spin{};
        ZeroCopy zero_copy = ZeroCopy::automatic;
        bool verify_pieces = true;
        std::optional<unsigned> pinned_cpu;
        std::size_t open_files_max = 256;  // idle; and as many being written
    };
    struct Surroundings {  // outlive the core
        TokenBucket& up;
        TokenBucket& down;
        const hashing::Hasher& hasher;
        /// Hands an announce to the helper thread; false when it takes no more.
        std::function<bool(CoreIndex core, const session::Announce&)> announce;
        FileSyncThread& syncs;
    };

    CoreThread(Options options, Surroundings surroundings, std::unique_ptr<io::Doorbell> doorbell,
               std::vector<io::FileDescriptor> listeners);
    ~CoreThread();

    /// Mailboxes of this core, by sender: the other cores, then main, then the announce thread.
    void add_mailbox(std::unique_ptr<CoreMailbox> mailbox) { inbox_.push_back(std::move(mailbox)); }
    CoreMailbox& mailbox(std::size_t sender) { return *inbox_[sender]; }
    io::Doorbell& doorbell() { return *doorbell_; }

    /// Starts the thread and waits until its ring works. Fails with a sentence. `others` are all
    /// cores of the process, this one included.
    std::expected<void, std::string> start(std::vector<CoreThread*> others);
    void join();
    bool running() const { return running_.load(std::memory_order_acquire); }

    // For the engine's thread.
    /// After join() to the last one.
    std::optional<EngineEvent> poll_event();
    CoreReport latest_report();
    /// A copy, as far as the core has come.
    session::StageLatencies latencies() const { return latencies_; }

private:
    class Accept;
    struct Executor;

    void run(const std::function<void(std::expected<void, std::string>)>& started);
    void loop();
    void turn();
    bool has_mail() const;
    void read_mail();
    void handle(CoreMail mail);
    void wait();
    void flush_backlogs();
    void send_letters(CoreIndex core);
    void pump();
    void receive_readable();
    bool is_behind() const;
    void accept_all();
    void on_accepted(Accept& accept, std::int32_t result, std::uint32_t flags);
    void connect(const session::Connect& order);
    void check_metadata(session::CheckMetadata& order);
    void finish_metadata(session::LayersReady ready);
    void announce(const session::Announce& order);
    void reap();
    void start_writes();
    void tend_failures();
    bool room_for_write() const;
    bool finished() const;
    void report(bool now);
    void account_time();
    std::optional<Time> next_deadline() const;
    ConnectionIo* find(ConnectionId id);
    void tell_main(EngineEvent event);

    const Options options_;
    const Surroundings surroundings_;
    std::unique_ptr<io::Doorbell> doorbell_;
    std::vector<io::FileDescriptor> listeners_;
    std::vector<std::unique_ptr<CoreMailbox>> inbox_;
    std::vector<CoreThread*> cores_;
    std::thread thread_;
    std::atomic<bool> running_{false};

    // Of the core's own thread, made in run().
    io::Clock clock_;
    std::unique_ptr<io::Ring> ring_;
    std::unique_ptr<io::BufferRing> idle_buffers_;
    PieceMemory piece_memory_;
    std::unique_ptr<session::Session> session_;
    FileTable file_table_;
    Shortage shortage_;
    FailingWrites failing_writes_;
    std::vector<FileDoubted> doubts_;
    CoreLedger ledger_;
    session::StageLatencies latencies_;
    Time woke_at_{};
    CoreLoad load_;
    WaitMeter waits_;
    std::optional<ThreadTimes> thread_times_;
    ThreadTimes::Times times_;  // at the last report, like `polled_`
    Duration polled_{};
    Pool<PlannedReceive> receives_;
    Pool<OutgoingSend> sends_;
    LingeringSends lingering_sends_;
    ZeroCopyChooser zero_copy_;
    std::uint64_t bytes_sent_before_ = 0;  // at the last report
    std::vector<std::shared_ptr<const TorrentFiles>> torrent_files_;
    Fifo<ConnectionId> readable_connections_;
    std::vector<ConnectionId> finished_connections_;
    std::optional<CoreContext> context_;
    std::unordered_map<ConnectionId, std::unique_ptr<ConnectionIo>> connections_;
    std::vector<std::unique_ptr<Accept>> accepts_;
    std::optional<Time> accept_again_at_;
    std::unordered_map<PieceWrite*, std::unique_ptr<PieceWrite>> writes_;
    std::deque<PieceWrite*> waiting_writes_;  // of writes_, for others to end
    std::vector<PieceWrite*> finished_writes_;
    std::uint64_t writing_bytes_ = 0;
    HashBatch hashes_;
    std::deque<EngineEvent> event_backlog_;
    bool shutting_down_ = false;
    Time reported_at_{};

    io::SpscQueue<EngineEvent, 256> events_;
    io::SpscQueue<CoreReport, 4> reports_;
    CoreReport final_report_;   // written before `running_` turns false, read after
    CoreReport latest_report_;  // the engine's thread's
};

}  // namespace spate::driver
