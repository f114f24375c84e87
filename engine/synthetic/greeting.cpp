#include "engine/synthetic/greeting.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace spate::synthetic {
namespace {

constexpr std::uint32_t prefix_bytes = 4;
constexpr std::uint32_t id_end = prefix_bytes + 1;

}  // namespace

void MessageReader::skip(Bytes& bytes) {
    std::uint32_t& left = handshake_left_ != 0 ? handshake_left_ : skip_left_;
    const std::size_t part = std::min<std::size_t>(left, bytes.size());
    left -= static_cast<std::uint32_t>(part);
    bytes = bytes.subspan(part);
}

std::optional<MessageReader::Message> MessageReader::next(Bytes& bytes) {
    if (handshake_left_ != 0) skip(bytes);
    if (skip_left_ != 0) skip(bytes);
    if (skipped_ && skip_left_ == 0) return std::exchange(skipped_, std::nullopt);
    while (!bytes.empty()) {
        header_[held_++] = bytes.front();
        bytes = bytes.subspan(1);
        if (held_ < prefix_bytes) continue;
        const auto length = load_be<std::uint32_t>(header_.data());
        const std::uint32_t kept = std::min<std::uint32_t>(prefix_bytes + length, kept_bytes);
        if (held_ < kept) continue;
        Message message{.length = length};
        if (length != 0) message.id = static_cast<wire::MessageId>(header_[prefix_bytes]);
        std::copy(header_.begin() + id_end, header_.end(), message.body.begin());
        held_ = 0;
        skip_left_ = prefix_bytes + length - kept;
        if (skip_left_ == 0) return message;
        skipped_ = message;
        skip(bytes);
        if (skip_left_ == 0) return std::exchange(skipped_, std::nullopt);
    }
    return std::nullopt;
}

std::vector<std::byte> greeting(const InfoHash& info_hash, std::uint32_t number) {
    wire::Handshake handshake{.info_hash = info_hash, .peer_id = {}};
    const std::string id = fmt::format("-SB0100-{:012}", number);
    std::ranges::copy(as_bytes(id), handshake.peer_id.bytes.begin());
    const auto bytes = wire::encode(handshake);
    return {bytes.begin(), bytes.end()};
}

}  // namespace spate::synthetic
