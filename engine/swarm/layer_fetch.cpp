#include "engine/swarm/layer_fetch.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "engine/base/assert.hpp"
#include "hashing/merkle_proof.hpp"

namespace spate::swarm {
namespace {

std::uint64_t part_count(std::uint32_t pieces) {
    return (std::uint64_t{pieces} + LayerFetch::part_hashes_max - 1) / LayerFetch::part_hashes_max;
}

hashing::HashRange as_range(const HashRef& ref) {
    return {ref.base_layer, ref.index, ref.length, ref.proof_layers};
}

}  // namespace

LayerFetch::LayerFetch(const metainfo::MissingLayers& missing)
    : hasher_(hashing::Hasher::best()),
      piece_height_(hashing::piece_layer_height(missing.piece_length_bytes)) {
    for (const metainfo::MissingLayer& layer : missing.layers) {
        // Only files longer than a piece have one (metainfo::missing_layers).
        SPATE_ASSERT(layer.piece_count > 1);
        const auto height = static_cast<unsigned>(std::bit_width(layer.piece_count - 1));
        layers_.push_back({{layer.pieces_root, {}}, layer.piece_count, piece_height_ + height});
        parts_left_ += part_count(layer.piece_count);
    }
    std::ranges::sort(layers_, {}, [](const Layer& l) { return l.layer.pieces_root; });
}

HashRef LayerFetch::range_of(Part part) const {
    const Layer& layer = layers_[part.layer];
    const std::uint32_t rest = std::min(layer.piece_count - part.first, part_hashes_max);
    return {.pieces_root = layer.layer.pieces_root,
            .base_layer = piece_height_,
            .index = part.first,
            .length = std::max(std::bit_ceil(rest), 2U),
            .proof_layers = hashing::proof_layers_to_root(piece_height_, layer.root_height)};
}

std::optional<HashRef> LayerFetch::next_request(ConnectionId id, Time now) {
    Peer& peer = peers_[id];
    give_up_if_silent(id, peer, now);
    if (now < peer.paused_until || peer.asked_count >= requests_per_peer_max) return std::nullopt;
    const auto part = next_part(id, now);
    if (!part) return std::nullopt;
    asked_[*part].push_back({id, now});
    if (peer.asked_count++ == 0) peer.heard_at = now;
    peer.awaited = true;
    return range_of(*part);
}

void LayerFetch::give_up_if_silent(ConnectionId id, Peer& peer, Time now) {
    if (!peer.awaited) return;
    if (now - peer.heard_at < patience) {
        peer.awaited = peer.asked_count > 0;
        return;
    }
    release(id);
    peer.awaited = false;
    peer.paused_until = now + pause * (1 << std::min(peer.silences, pause_doublings_max));
    ++peer.silences;
}

std::optional<LayerFetch::Part> LayerFetch::next_part(ConnectionId peer, Time now) {
    if (!again_.empty()) {
        const Part part = again_.front();
        again_.pop_front();
        return part;
    }
    if (next_.layer == layers_.size()) return slow_part(peer, now);
    const Part part = next_;
    next_.first += part_hashes_max;
    if (next_.first >= layers_[next_.layer].piece_count) next_ = {next_.layer + 1, 0};
    return part;
}

std::optional<LayerFetch::Part> LayerFetch::slow_part(ConnectionId peer, Time now) {
    for (auto& [part, askers] : asked_)
        if (may_have_another(askers, peer, now)) return part;
    return std::nullopt;
}

/// The oldest asker is the first; there always is one.
bool LayerFetch::may_have_another(std::vector<Asker>& askers, ConnectionId peer, Time now) {
    const bool late = now - askers.front().asked_at >= second_asker_after;
    if (!late || std::ranges::find(askers, peer, &Asker::peer) != askers.end()) return false;
    if (askers.size() < askers_max) return true;
    if (now - askers.front().asked_at < patience) return false;
    --peers_[askers.front().peer].asked_count;
    askers.erase(askers.begin());
    return true;
}

LayerFetch::Asked::iterator LayerFetch::find_asked(ConnectionId peer, const HashRef& range) {
    const auto layer = std::ranges::lower_bound(layers_, range.pieces_root, {},
                                                [](const Layer& l) { return l.layer.pieces_root; });
    const auto number = static_cast<std::uint32_t>(layer - layers_.begin());
    const auto found = asked_.find({number, range.index});
    if (found == asked_.end() || range_of(found->first) != range ||
        std::ranges::find(found->second, peer, &Asker::peer) == found->second.end())
        return asked_.end();
    return found;
}

/// A part that nobody is asked for any more is asked for again.
void LayerFetch::remove_asker(Asked::iterator asked, ConnectionId peer) {
    if (std::erase_if(asked->second, [&](const Asker& a) { return a.peer == peer; }) == 0) return;
    --peers_[peer].asked_count;
    if (!asked->second.empty()) return;
    again_.push_back(asked->first);
    asked_.erase(asked);
}

void LayerFetch::release(ConnectionId peer) {
    for (auto asked = asked_.begin(); asked != asked_.end();) remove_asker(asked++, peer);
}

LayerFetch::Answer LayerFetch::on_hashes(ConnectionId id, const HashRef& range, Bytes hashes,
                                         Time now) {
    const auto asked = find_asked(id, range);
    if (asked == asked_.end()) return Answer::unasked;
    if (!prove(range, hashes, layers_[asked->first.layer])) {
        on_left(id);
        return Answer::false_hashes;
    }
    peers_[id].heard_at = now;
    peers_[id].silences = 0;
    for (const Asker& asker : asked->second) --peers_[asker.peer].asked_count;
    asked_.erase(asked);
    --parts_left_;
    return Answer::good;
}

bool LayerFetch::prove(const HashRef& range, Bytes hashes, Layer& layer) const {
    std::vector<Sha256Digest> proof(hashes.size() / Sha256Digest::size_bytes);
    std::memcpy(proof.data(), hashes.data(), proof.size() * Sha256Digest::size_bytes);
    if (!hashing::verify_proof(hasher_, as_range(range), proof, range.pieces_root)) return false;
    layer.layer.hashes.resize(layer.piece_count);
    const std::uint32_t count = std::min(range.length, layer.piece_count - range.index);
    std::copy_n(proof.begin(), count, layer.layer.hashes.begin() + range.index);
    return true;
}

void LayerFetch::on_reject(ConnectionId id, const HashRef& range, Time now) {
    const auto asked = find_asked(id, range);
    if (asked == asked_.end()) return;
    remove_asker(asked, id);
    peers_[id].heard_at = now;
    peers_[id].paused_until = now + pause;
}

void LayerFetch::on_left(ConnectionId peer) {
    release(peer);
    peers_.erase(peer);
}

std::vector<metainfo::PieceLayer> LayerFetch::take() {
    SPATE_ASSERT(complete());
    std::vector<metainfo::PieceLayer> layers;
    layers.reserve(layers_.size());
    for (Layer& layer : layers_) layers.push_back(std::exchange(layer.layer, {}));
    return layers;
}

}  // namespace spate::swarm
