#include "engine/session/core_outbox.hpp"

#include <utility>

#include "engine/base/assert.hpp"

namespace spate::session {
namespace {

/// The older message now says what both do.
void replace(CoreMessage& older, CoreMessage&& newer) {
    const auto add = [](std::vector<PieceIndex>& pieces, const std::vector<PieceIndex>& more) {
        pieces.insert(pieces.end(), more.begin(), more.end());
    };
    if (auto* const stored = std::get_if<PiecesStored>(&older))
        return add(stored->pieces, std::get<PiecesStored>(newer).pieces);
    if (auto* const changed = std::get_if<PiecesChanged>(&older))
        return add(changed->pieces, std::get<PiecesChanged>(newer).pieces);
    older = std::move(newer);
}

}  // namespace

std::optional<std::uint64_t> CoreOutbox::key_of(const CoreMessage& message) {
    const auto key = [&](std::uint32_t of) { return std::uint64_t{message.index()} << 32 | of; };
    if (const auto* interest = std::get_if<PeerInterest>(&message))
        return key(interest->peer.connection.value);
    if (const auto* choke = std::get_if<SetChoke>(&message)) return key(choke->connection.value);
    if (const auto* rates = std::get_if<PeerRates>(&message)) return key(rates->torrent.value);
    if (const auto* stored = std::get_if<PiecesStored>(&message)) return key(stored->torrent.value);
    if (const auto* changed = std::get_if<PiecesChanged>(&message))
        return key(changed->torrent.value);
    if (const auto* pause = std::get_if<PauseChanged>(&message)) return key(pause->torrent.value);
    return std::nullopt;
}

void CoreOutbox::add(CoreMessage message) {
    if (const auto key = key_of(message)) {
        const auto [known, is_new] = numbers_.try_emplace(*key, taken_ + messages_.size());
        if (!is_new) return replace(messages_[known->second - taken_], std::move(message));
    }
    messages_.push_back(std::move(message));
}

void CoreOutbox::pop_front() {
    SPATE_ASSERT(!messages_.empty());
    if (const auto key = key_of(messages_.front())) numbers_.erase(*key);
    messages_.pop_front();
    ++taken_;
}

}  // namespace spate::session
