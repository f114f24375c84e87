#include "engine/session/metadata_collection.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/wire/metadata_message.hpp"

namespace spate::session {
namespace {

std::size_t part_size(std::uint32_t size_bytes, std::uint32_t part) {
    const std::size_t at = std::size_t{part} * wire::metadata_piece_size_bytes;
    return std::min<std::size_t>(wire::metadata_piece_size_bytes, size_bytes - at);
}

}  // namespace

std::optional<std::uint32_t> MetadataCollection::next_request(ConnectionId peer, Time now) {
    const auto part = next_part(peer, now);
    if (part) asked_[*part].push_back({peer, now});
    return part;
}

std::optional<std::uint32_t> MetadataCollection::next_part(ConnectionId peer, Time now) {
    if (!again_.empty()) {
        const std::uint32_t part = again_.front();
        again_.pop_front();
        return part;
    }
    if (next_ < wire::metadata_piece_count(size_bytes_)) return next_++;
    for (auto& [part, askers] : asked_)
        if (may_have_another(askers, peer, now)) return part;
    return std::nullopt;
}

/// The oldest asker is the first.
bool MetadataCollection::may_have_another(std::vector<Asker>& askers, ConnectionId peer, Time now) {
    const bool late = now - askers.front().asked_at >= request_timeout;
    if (!late || std::ranges::find(askers, peer, &Asker::peer) != askers.end()) return false;
    if (askers.size() < askers_max) return true;
    if (now - askers.front().asked_at < asker_patience) return false;
    askers.erase(askers.begin());
    return true;
}

std::size_t MetadataCollection::asked_count(ConnectionId peer) const {
    std::size_t count = 0;
    for (const auto& [part, askers] : asked_)
        count += static_cast<std::size_t>(std::ranges::count(askers, peer, &Asker::peer));
    return count;
}

MetadataCollection::Asked::iterator MetadataCollection::find_asked(ConnectionId peer,
                                                                   std::uint32_t part) {
    const auto found = asked_.find(part);
    const bool was_asked =
        found != asked_.end() &&
        std::ranges::find(found->second, peer, &Asker::peer) != found->second.end();
    return was_asked ? found : asked_.end();
}

/// A part that nobody is asked for any more is asked for again.
void MetadataCollection::remove_asker(Asked::iterator asked, ConnectionId peer) {
    std::erase_if(asked->second, [&](const Asker& asker) { return asker.peer == peer; });
    if (!asked->second.empty()) return;
    again_.push_back(asked->first);
    asked_.erase(asked);
}

bool MetadataCollection::on_data(const Source& from, std::uint32_t part, Bytes data) {
    const auto asked = find_asked(from.connection, part);
    if (asked == asked_.end() || data.size() != part_size(size_bytes_, part)) return false;
    asked_.erase(asked);
    const auto known = std::ranges::find(sources_, from);
    const auto source = static_cast<std::uint32_t>(known - sources_.begin());
    if (known == sources_.end()) sources_.push_back(from);
    received_[part] = {{data.begin(), data.end()}, source};
    received_bytes_ += data.size();
    return true;
}

bool MetadataCollection::on_reject(ConnectionId peer, std::uint32_t part) {
    const auto asked = find_asked(peer, part);
    if (asked == asked_.end()) return false;
    remove_asker(asked, peer);
    return true;
}

void MetadataCollection::release(ConnectionId peer) {
    for (auto asked = asked_.begin(); asked != asked_.end();) {
        const auto next = std::next(asked);
        if (std::ranges::find(asked->second, peer, &Asker::peer) != asked->second.end())
            remove_asker(asked, peer);
        asked = next;
    }
}

MetadataCollection::Whole MetadataCollection::take(const SipKey& digest_key) {
    SPATE_ASSERT(complete());
    Whole whole;
    whole.bytes.reserve(size_bytes_);
    whole.parts.sources = std::move(sources_);
    for (const auto& [number, part] : received_) {
        whole.bytes.insert(whole.bytes.end(), part.bytes.begin(), part.bytes.end());
        whole.parts.blocks.push_back({siphash(digest_key, part.bytes), part.source, false});
    }
    *this = MetadataCollection(size_bytes_);
    return whole;
}

}  // namespace spate::session
