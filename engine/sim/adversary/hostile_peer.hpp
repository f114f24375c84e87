#pragma once
// engine/sim/adversary/hostile_peer.hpp: one connection of an attacker.
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/sim/virtual_socket.hpp"
#include "engine/wire/extension_handshake.hpp"
#include "engine/wire/handshake.hpp"
#include "engine/wire/message.hpp"

namespace spate::sim {

class HostilePeer;

/// What a hostile peer does at the occasions it has. One a connection.
class Behaviour {
public:
    virtual ~Behaviour() = default;
    virtual void on_connected(HostilePeer&) {}
    virtual void on_handshake(HostilePeer&, const wire::Handshake&) {}
    virtual void on_message(HostilePeer&, wire::MessageId, Bytes) {}
    /// The time that it asked for (wake_in) has come.
    virtual void on_time(HostilePeer&) {}
};

/// Says whatever bytes its behaviour wants, in order, and hears whole messages; knows nothing of
/// what is allowed. Owned by its attacker. One thread.
class HostilePeer : public std::enable_shared_from_this<HostilePeer> {
public:
    using Words = std::vector<std::byte>;
    /// Said and not taken by the link.
    static constexpr std::size_t unsent_bytes_max = 4 << 20;

    HostilePeer(EventQueue& queue, std::shared_ptr<VirtualSocket> socket, const Endpoint& honest,
                std::unique_ptr<Behaviour> behaviour, std::uint64_t& bytes_said);
    /// Once it is owned. `ended` is called when the connection is over, whoever ended it.
    void start(std::function<void()> ended);

    void say(Bytes words);
    /// A message without a body.
    void say(wire::MessageId message);
    void hang_up();
    /// As if the cable had been cut.
    void be_lost();
    /// Hears nothing from now on, so that what is sent to it waits at the other end.
    void stop_reading() { reads_ = false; }
    void wake_in(Duration delay);

    bool over() const { return over_; }
    std::size_t unsent_bytes() const { return unsent_bytes_; }
    /// Of the honest end, as it listens.
    const Endpoint& honest() const { return honest_; }
    /// What the honest end said last of its extensions.
    const wire::ExtensionHandshake& theirs() const { return theirs_; }

private:
    void receive();
    void on_received(std::size_t count, bool over);
    void hear();
    void send();
    void end();

    EventQueue& queue_;
    const std::shared_ptr<VirtualSocket> socket_;
    const Endpoint honest_;
    const std::unique_ptr<Behaviour> behaviour_;
    std::uint64_t& bytes_said_;
    std::function<void()> ended_;
    std::deque<Words> unsent_;
    std::size_t unsent_bytes_ = 0;
    bool sending_ = false;
    Words incoming_ = Words(16 * 1024);
    Words heard_;
    bool greeted_ = false;
    bool reads_ = true;
    bool over_ = false;
    wire::ExtensionHandshake theirs_;
};

}  // namespace spate::sim
