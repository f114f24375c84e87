#include "engine/driver/outgoing_send.hpp"

#include <utility>

#include "engine/base/assert.hpp"
#include "engine/driver/connection_io.hpp"
#include "io/kernel.hpp"
#include "io/prepare.hpp"

namespace spate::driver {

OutgoingSend::OutgoingSend()
    : SendOperation([](io::Operation& operation, std::int32_t result, std::uint32_t flags) {
          auto& send = static_cast<OutgoingSend&>(operation);
          if (io::is_notification(flags)) return send.on_memory_free(result);
          send.connection->on_sent(result);
      }) {}

void OutgoingSend::on_memory_free(std::int32_t result) {
    const bool copied = static_cast<std::uint32_t>(result) == io::notification_copied;
    core->ledger.zero_copy_copied += copied ? 1 : 0;
    core->zero_copy.on_notified(copied, core->now());
    if (!lingers) return connection->on_memory_free();
    std::unique_ptr<OutgoingSend> self = core->lingering_sends.release(*this);
    self->payload.clear();
    core->sends.give_back(std::move(self));
}

void LingeringSends::keep(std::unique_ptr<OutgoingSend> send) {
    OutgoingSend* const key = send.get();
    send->lingers = true;
    bytes_ += send->plan.payload_bytes();
    sends_.emplace(key, std::move(send));
}

std::unique_ptr<OutgoingSend> LingeringSends::release(OutgoingSend& send) {
    auto node = sends_.extract(&send);
    SPATE_ASSERT(!node.empty());
    send.lingers = false;
    bytes_ -= send.plan.payload_bytes();
    return std::move(node.mapped());
}

bool LingeringSends::forget(const ConnectionIo& connection) {
    bool found = false;
    for (const auto& [send, owner] : sends_) {
        if (send->connection != &connection) continue;
        send->connection = nullptr;
        found = true;
    }
    return found;
}

}  // namespace spate::driver
