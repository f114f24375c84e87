#pragma once
// engine/synthetic/greeting.hpp: a peer's bytes taken apart, without what they carry.
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/wire/handshake.hpp"
#include "engine/wire/message.hpp"

namespace spate::synthetic {

/// What a peer says, message by message, after the handshake that comes first. The bytes of
/// messages longer than `kept_bytes` are skipped as they come; only their length is told. One
/// connection.
class MessageReader {
public:
    struct Message {
        std::uint32_t length = 0;  // with the id; 0: keep-alive
        wire::MessageId id{};
        std::array<std::byte, 12> body{};  // its first bytes
    };

    /// Takes bytes from the front of `bytes` up to the end of the next message.
    std::optional<Message> next(Bytes& bytes);
    bool greeted() const { return handshake_left_ == 0; }

private:
    static constexpr std::size_t kept_bytes = 17;  // of a REQUEST, the longest that is looked at

    void skip(Bytes& bytes);

    std::uint32_t handshake_left_ = wire::handshake_size_bytes;
    std::uint32_t held_ = 0;
    std::uint32_t skip_left_ = 0;
    std::optional<Message> skipped_;
    std::array<std::byte, kept_bytes> header_{};
};

/// The handshake of synthetic peer `number`: no extension at all, which every client understands.
std::vector<std::byte> greeting(const InfoHash& info_hash, std::uint32_t number);

}  // namespace spate::synthetic
