#pragma once
// engine/driver/connection_io.hpp: the ring operations of one peer connection.
#include <array>
#include <memory>
#include <vector>

#include "engine/driver/core_context.hpp"
#include "engine/driver/serve_plan.hpp"
#include "engine/wire/receive_plan.hpp"
#include "io/socket_operations.hpp"

namespace spate::driver {

class ConnectionIo;

/// A scattered receive straight into piece buffers. Held only while it is in flight.
struct PlannedReceive : io::ReceiveOperation<2 * wire::ReceivePlan::blocks_max + 1> {
    PlannedReceive();
    ConnectionIo* connection = nullptr;
    wire::ReceivePlan plan;
};

/// Executes what the session wants of one connection: at most one receive and one send in flight.
/// Ends when close() was called and nothing is in flight. One thread.
class ConnectionIo {
public:
    ConnectionIo(CoreContext& core, ConnectionId id, io::FileDescriptor socket);
    ConnectionIo(const ConnectionIo&) = delete;
    ConnectionIo& operator=(const ConnectionIo&) = delete;
    ~ConnectionIo();

    /// An outgoing connection starts here; an accepted one with start_receiving().
    void connect(const Endpoint& remote);
    /// Unless a receive is in flight or the download limit says wait.
    void start_receiving();
    /// Its turn has come, after it was put into CoreContext::readable_connections.
    void receive_readable();
    /// Sends what the session has, unless a send is in flight.
    void transmit();
    void cancel_receive();
    /// What waited for descriptors or memory (Shortage).
    void try_again();
    void close();

private:
    friend struct PlannedReceive;
    friend struct OutgoingSend;

    void on_connected(std::int32_t result, std::uint32_t flags);
    void on_readable(std::int32_t result, std::uint32_t flags);
    void on_received(std::int32_t result, std::uint32_t flags);
    void on_planned_received(std::int32_t result);
    void on_populated(std::int32_t result, std::uint32_t flags);
    void on_sent(std::int32_t result);
    void on_memory_free();

    bool receiving() const {
        return receive_.in_flight() || planned_ != nullptr || poll_.in_flight() || readable_;
    }
    bool is_over(std::int32_t result) const;
    void receive();
    void after_receive(std::int32_t result);
    /// Brings cold payload into memory, then sends.
    void prepare_payload();
    void start_send();
    void submit_send();
    void resume_send();
    void bound_unsent();
    void record_submission();
    void finish_send();
    void lose();
    void payload_failed();
    void handle_trouble(FileTrouble trouble);
    void wait_for(const FileTrouble& trouble);
    void wait_for_memory(const char* what, int error);
    void finish_if_idle();

    CoreContext& core_;
    const ConnectionId id_;
    io::FileDescriptor socket_;
    bool closing_ = false;
    bool finished_ = false;
    std::uint32_t unsent_max_bytes_ = 0;  // as the socket was told
    bool waits_ = false;                  // in CoreContext::shortage
    bool readable_ = false;               // waits in CoreContext::readable_connections
    io::Bound<&ConnectionIo::on_connected, io::ConnectOperation> connect_{*this};
    io::Bound<&ConnectionIo::on_readable> poll_{*this};
    io::Bound<&ConnectionIo::on_received> receive_{*this};
    io::Bound<&ConnectionIo::on_populated> populate_{*this};
    std::unique_ptr<PlannedReceive> planned_;
    std::unique_ptr<OutgoingSend> send_;
};

}  // namespace spate::driver
