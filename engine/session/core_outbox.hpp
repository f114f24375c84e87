#pragma once
// engine/session/core_outbox.hpp: what a core has to tell another one, until that one takes it.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "engine/session/core_message.hpp"

namespace spate::session {

/// Letters on their way from one core to another; the rest waits in the outbox.
inline constexpr std::size_t core_mailbox_capacity = 1024;

/// A queue that holds the newest state and not its history: a peer's interest, its choking, a
/// torrent's rates and its stored pieces stand in it once each, however often they change before
/// the other core takes them. What must arrive as it is (a peer that joined or left, a call) stands
/// in it each time; of those there are as many as connections begin and end. Nothing is lost. One
/// thread.
class CoreOutbox {
public:
    void add(CoreMessage message);
    /// The oldest message; nullptr when there is none. Its kind and what it names must stay.
    CoreMessage* front() { return messages_.empty() ? nullptr : &messages_.front(); }
    void pop_front();

    std::size_t size() const { return messages_.size(); }
    bool empty() const { return messages_.empty(); }

private:
    /// What a newer message of the same kind replaces; empty: it stands for itself.
    static std::optional<std::uint64_t> key_of(const CoreMessage& message);

    std::deque<CoreMessage> messages_;
    std::uint64_t taken_ = 0;  // messages_.front() is the one with this number
    std::unordered_map<std::uint64_t, std::uint64_t> numbers_;  // by key
};

}  // namespace spate::session
