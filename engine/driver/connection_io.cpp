#include "engine/driver/connection_io.hpp"

#include <cerrno>
#include <poll.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "engine/base/probe.hpp"
#include "engine/driver/file_doubt.hpp"
#include "io/prepare.hpp"

namespace spate::driver {

using session::LatencyStage;

namespace {

/// A link that brings nothing through, or a peer that reads nothing, for so long is given up. Well
/// above what a peer with a slow link needs to take what its own kernel holds for it.
constexpr Duration dead_after = 60s;

}  // namespace

PlannedReceive::PlannedReceive()
    : ReceiveOperation([](io::Operation& operation, std::int32_t result, std::uint32_t) {
          static_cast<PlannedReceive&>(operation).connection->on_planned_received(result);
      }) {}

ConnectionIo::ConnectionIo(CoreContext& core, ConnectionId id, io::FileDescriptor socket)
    : core_(core), id_(id), socket_(std::move(socket)) {
    // Failures only cost speed: messages are small, and sends are gathered already.
    [[maybe_unused]] std::error_code ignored = io::set_no_delay(socket_.get());
    ignored = io::set_user_timeout(socket_.get(), dead_after);
}

ConnectionIo::~ConnectionIo() {
    if (planned_) core_.receives.give_back(std::move(planned_));
    if (send_) finish_send();
    // What the peer hasn't taken must not keep memory of ours until it does.
    if (core_.lingering_sends.forget(*this)) {
        [[maybe_unused]] const std::error_code ignored = io::set_reset_on_close(socket_.get());
    }
}

void ConnectionIo::connect(const Endpoint& remote) {
    connect_.start(core_.ring, socket_.get(), remote);
}

void ConnectionIo::on_connected(std::int32_t result, std::uint32_t) {
    if (closing_) return finish_if_idle();
    if (result < 0) return lose();
    core_.session.handle_connected(id_, core_.now());
    start_receiving();
}

// --- Receiving

void ConnectionIo::start_receiving() {
    if (closing_ || receiving() || connect_.in_flight()) return;
    if (!core_.session.may_receive(id_, core_.now())) return;
    if (!core_.session.should_await_bytes(id_)) return receive();
    core_.ring.submit(poll_,
                      [&](io_uring_sqe* entry) { io::prepare_poll(entry, socket_.get(), POLLIN); });
}

void ConnectionIo::on_readable(std::int32_t, std::uint32_t) {
    if (closing_) return finish_if_idle();
    readable_ = true;
    core_.readable_connections.push_back(id_);
}

void ConnectionIo::receive_readable() {
    readable_ = false;
    if (!closing_) receive();  // which tells when polling failed
}

void ConnectionIo::receive() {
    auto planned = core_.receives.take();
    if (core_.session.plan_receive(id_, planned->plan)) {
        planned->connection = this;
        planned->ranges().clear();
        for (const MutableBytes segment : planned->plan.segments()) planned->ranges().add(segment);
        planned->start(core_.ring, socket_.get());
        planned_ = std::move(planned);
        return;
    }
    core_.receives.give_back(std::move(planned));
    core_.ring.submit(receive_, [&](io_uring_sqe* entry) {
        io::prepare_receive_selected(entry, socket_.get(), core_.idle_buffers.group(), false);
    });
}

bool ConnectionIo::is_over(std::int32_t result) const {
    return result == 0 || (result < 0 && result != -ECANCELED && result != -EINTR &&
                           result != -EAGAIN && result != -ENOBUFS);
}

void ConnectionIo::after_receive(std::int32_t result) {
    if (closing_) return finish_if_idle();
    if (result == -ENOMEM) return wait_for_memory("receive", ENOMEM);
    if (is_over(result)) return lose();
    start_receiving();
}

void ConnectionIo::on_received(std::int32_t result, std::uint32_t flags) {
    if (const auto buffer = io::selected_buffer(flags)) {
        if (result > 0 && !closing_) {
            const auto count = static_cast<std::size_t>(result);
            core_.ledger.bytes_received += count;
            core_.session.handle_received(id_, core_.idle_buffers.at(*buffer).first(count),
                                          core_.now());
        }
        core_.idle_buffers.recycle(*buffer);
    }
    after_receive(result);
}

void ConnectionIo::on_planned_received(std::int32_t result) {
    std::unique_ptr<PlannedReceive> planned = std::move(planned_);
    const auto count = static_cast<std::size_t>(result > 0 ? result : 0);
    core_.ledger.bytes_received += count;
    core_.session.handle_planned(id_, planned->plan, count, core_.now());
    core_.receives.give_back(std::move(planned));
    after_receive(result);
}

void ConnectionIo::cancel_receive() {
    if (planned_) core_.ring.cancel(*planned_);
}

// --- Sending

void ConnectionIo::transmit() {
    if (closing_ || send_ || waits_ || connect_.in_flight()) return;
    auto send = core_.sends.take();
    if (!core_.session.take_send(id_, send->plan, core_.now())) {
        core_.sends.give_back(std::move(send));
        return;
    }
    send->core = &core_;
    send->connection = this;
    send->told_cold = false;
    send->begun = false;
    send_ = std::move(send);
    if (send_->plan.block_count == 0) return start_send();
    const TorrentId torrent = send_->plan.torrent;
    const TorrentFiles& files = *core_.torrent_files[torrent.value];
    auto built = send_->payload.build(send_->plan, files, core_.file_table, core_.now());
    if (!built) return handle_trouble(std::move(built.error()));
    core_.ledger.bytes_copied_user += send_->payload.bytes_copied();
    core_.ledger.bytes_sent_mapped += send_->payload.bytes_mapped();
    core_.ledger.bytes_sent_read += send_->payload.bytes_copied();
    prepare_payload();
}

void ConnectionIo::prepare_payload() {
    const auto cold = send_->payload.next_cold_read();
    if (!cold) return start_send();
    core_.ledger.bytes_read_files += cold->memory.size();
    ++core_.ledger.cold_reads;
    send_->submitted_at = core_.now();
    ++core_.load.cold_reads;
    // Reading ahead is one request to the disk; faulting in alone would make one of each page's
    // surroundings, as large as the system's read-ahead.
    core_.ring.submit_after(
        [&](io_uring_sqe* entry) {
            io::prepare_read_ahead(entry, cold->descriptor, cold->offset_bytes,
                                   static_cast<std::uint32_t>(cold->memory.size()));
        },
        populate_, [&](io_uring_sqe* entry) { io::prepare_populate(entry, cold->memory); });
}

void ConnectionIo::on_populated(std::int32_t result, std::uint32_t) {
    --core_.load.cold_reads;
    const Duration took = core_.now() - send_->submitted_at;
    core_.latencies.record(LatencyStage::cold_read, took);
    SPATE_PROBE(read_done, id_.value, send_->plan.block_count, result, took.count());
    if (closing_) {
        finish_send();
        return finish_if_idle();
    }
    if (result < 0 && result != -EAGAIN && result != -EINTR && result != -EBUSY &&
        result != -ENOMEM)
        return payload_failed();
    if (!std::exchange(send_->told_cold, true)) core_.session.handle_cold_read(id_, send_->plan);
    prepare_payload();
}

void ConnectionIo::start_send() {
    auto& ranges = send_->ranges();
    ranges.clear();
    if (!send_->plan.control.empty()) ranges.add(Bytes(send_->plan.control));
    for (std::size_t i = 0; i < send_->plan.block_count; ++i) {
        ranges.add(send_->payload.header(i));
        ranges.add(send_->payload.payload(i));
    }
    bound_unsent();
    record_submission();
    submit_send();
}

void ConnectionIo::submit_send() {
    send_->uncopied =
        core_.zero_copy.wants(send_->plan.payload_bytes()) && !core_.lingering_sends.full();
    if (!send_->uncopied) return send_->start(core_.ring, socket_.get());
    ++core_.ledger.zero_copy_sends;
    send_->start_zero_copy(core_.ring, socket_.get());
}

/// The rest of a send, or all of it once more; copied, as its memory may still be in use.
void ConnectionIo::resume_send() {
    if (send_->in_flight()) return;
    send_->uncopied = false;
    send_->start(core_.ring, socket_.get());
}

/// Of a send that isn't out in full.
void ConnectionIo::on_memory_free() {
    if (!closing_) return resume_send();
    finish_send();
    finish_if_idle();
}

void ConnectionIo::bound_unsent() {
    if (send_->plan.block_count == 0 || send_->plan.unsent_max_bytes == unsent_max_bytes_) return;
    unsent_max_bytes_ = send_->plan.unsent_max_bytes;
    [[maybe_unused]] const std::error_code ignored =
        io::set_unsent_max(socket_.get(), unsent_max_bytes_);  // costs only promptness
}

void ConnectionIo::record_submission() {
    const Time now = core_.now();
    send_->submitted_at = now;
    send_->counted = send_->plan.block_count > 0;
    core_.load.sends += send_->counted ? 1 : 0;
    for (std::size_t i = 0; i < send_->plan.block_count; ++i)
        core_.latencies.record(LatencyStage::request_to_send, send_->plan.asked_at[i].age(now));
    if (send_->counted)
        SPATE_PROBE(send_submitted, id_.value, send_->plan.block_count,
                    send_->plan.asked_at.front().age(now).count(),
                    send_->plan.asked_at[send_->plan.block_count - 1].age(now).count());
}

void ConnectionIo::on_sent(std::int32_t result) {
    if (result > 0) {
        core_.ledger.bytes_sent += static_cast<std::uint64_t>(result);
        send_->begun = true;
    }
    if (closing_) {
        finish_send();
        return finish_if_idle();
    }
    if (result == -EFAULT) return payload_failed();
    const bool refused = result == -ENOMEM || result == -ENOBUFS || result == -EOPNOTSUPP;
    if (refused && std::exchange(send_->uncopied, false)) {
        core_.zero_copy.on_refused(core_.now());
        return resume_send();
    }
    if (refused) return wait_for_memory("send", -result);
    if (result < 0 && result != -EINTR && result != -EAGAIN) {
        finish_send();
        return lose();
    }
    if (result < 0 || !send_->advance(result)) return resume_send();
    if (send_->counted) {
        const Duration took = core_.now() - send_->submitted_at;
        core_.latencies.record(LatencyStage::send, took);
        SPATE_PROBE(send_done, id_.value, send_->plan.block_count, result, took.count());
    }
    core_.session.handle_sent(id_, send_->plan, core_.now());
    finish_send();
    transmit();
}

void ConnectionIo::finish_send() {
    if (std::exchange(send_->counted, false)) --core_.load.sends;
    if (send_->in_flight()) return core_.lingering_sends.keep(std::move(send_));
    send_->payload.clear();
    core_.sends.give_back(std::move(send_));
}

void ConnectionIo::payload_failed() {
    handle_trouble(send_->payload.diagnose(*core_.torrent_files[send_->plan.torrent.value]));
}

void ConnectionIo::handle_trouble(FileTrouble trouble) {
    const TorrentId torrent = send_->plan.torrent;
    const auto pieces =
        doubted_pieces(trouble, send_->plan, core_.torrent_files[torrent.value]->map());
    // Half a message can't be taken back.
    const bool begun = send_->begun;
    if (!begun) core_.session.give_back_send(id_, send_->plan);
    finish_send();
    if (begun) lose();
    if (is_shortage(trouble.kind)) return wait_for(trouble);
    core_.file_table.close(torrent, trouble.file);
    if (core_.session.doubt_pieces(torrent, pieces, core_.now()) > 0)
        core_.doubts.push_back({torrent, trouble.file.value, std::move(trouble.sentence)});
    if (!closing_) transmit();  // what is left of it
}

void ConnectionIo::wait_for_memory(const char* what, int error) {
    wait_for({Trouble::memory,
              {},
              fmt::format("can't {}: {}", what, std::generic_category().message(error))});
}

void ConnectionIo::wait_for(const FileTrouble& trouble) {
    if (!std::exchange(waits_, true)) core_.shortage.hold(id_, trouble, core_.now());
}

void ConnectionIo::try_again() {
    waits_ = false;
    if (closing_) return;
    start_receiving();
    if (!send_) return transmit();
    if (!send_->in_flight() && !populate_.in_flight()) resume_send();
}

// --- Ending

void ConnectionIo::lose() {
    core_.session.handle_disconnected(id_, core_.now());
}

void ConnectionIo::close() {
    closing_ = true;
    core_.ring.cancel(connect_);
    core_.ring.cancel(poll_);
    core_.ring.cancel(receive_);
    if (planned_) core_.ring.cancel(*planned_);
    if (send_ && send_->in_flight()) core_.ring.cancel(*send_);
    finish_if_idle();
}

void ConnectionIo::finish_if_idle() {
    const bool busy = connect_.in_flight() || poll_.in_flight() || receive_.in_flight() ||
                      planned_ || populate_.in_flight() || (send_ && send_->in_flight());
    if (busy || finished_) return;
    finished_ = true;
    core_.finished_connections.push_back(id_);
}

}  // namespace spate::driver
