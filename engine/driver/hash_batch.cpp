#include "engine/driver/hash_batch.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/base/probe.hpp"

namespace spate::driver {
namespace {

hashing::PieceExtent extent_of(const metainfo::Metainfo& torrent, const session::HashPiece& piece) {
    hashing::PieceExtent extent{.size_bytes = piece.size_bytes};
    if (!torrent.piece_roots.empty()) {
        extent.data_bytes = torrent.piece_data_bytes(piece.piece);
        extent.leaves = torrent.piece_leaves(piece.piece);
    }
    return extent;
}

bool matches(const metainfo::Metainfo& torrent, PieceIndex piece,
             const hashing::PieceDigests& digests) {
    return (!digests.sha1 || *digests.sha1 == torrent.piece_hashes[piece.value]) &&
           (!digests.root || *digests.root == torrent.piece_roots[piece.value]);
}

const metainfo::Metainfo& metainfo_of(const session::HashPiece& piece, const CoreContext& core) {
    return *core.session.find_torrent(piece.torrent)->shared.metainfo;
}

}  // namespace

hashing::DigestChoice digests_of(const metainfo::Metainfo& torrent) {
    return {.sha1 = torrent.has_v1(), .root = !torrent.piece_roots.empty()};
}

HashBatch::HashBatch(const hashing::Hasher& hasher)
    : queues_{Queue{{hasher, {.sha1 = true, .root = false}}},
              Queue{{hasher, {.sha1 = false, .root = true}}},
              Queue{{hasher, {.sha1 = true, .root = true}}}} {}

void HashBatch::add(const session::HashPiece& piece, hashing::DigestChoice digests, Time now) {
    SPATE_ASSERT(digests.sha1 || digests.root);
    Queue& queue = queues_[(digests.sha1 ? 1 : 0) + (digests.root ? 2 : 0) - 1];
    if (queue.waiting.empty()) queue.first_at = now;
    queue.waiting.push_back({piece, now});
}

std::optional<Time> HashBatch::deadline() const {
    if (under_way_ != nullptr) return Time{};
    std::optional<Time> next;
    for (const Queue& queue : queues_)
        if (!queue.waiting.empty()) next = next ? std::min(*next, due(queue)) : due(queue);
    return next;
}

void HashBatch::run_if_due(CoreContext& core) {
    for (int slices = 0; slices < slices_max; ++slices) {
        if (under_way_ == nullptr) start_what_is_due(core);
        if (under_way_ == nullptr) return;
        advance(core);
        if (!full_batch_waits()) return;
    }
}

bool HashBatch::full_batch_waits() const {
    return std::ranges::any_of(queues_,
                               [](const Queue& queue) { return queue.waiting.size() >= lanes; });
}

void HashBatch::start_what_is_due(CoreContext& core) {
    for (Queue& queue : queues_)
        if (!queue.waiting.empty() && core.now() >= due(queue)) return start(queue, core);
}

void HashBatch::start(Queue& queue, CoreContext& core) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(lanes, queue.waiting.size()));
    const auto end = queue.waiting.begin() + count;
    batch_.assign(queue.waiting.begin(), end);
    queue.waiting.erase(queue.waiting.begin(), end);
    queue.first_at = core.now();  // of those that are left: they came with the lanes full
    std::vector<hashing::PieceExtent> extents;
    for (const Waiting& waiting : batch_)
        extents.push_back(extent_of(metainfo_of(waiting.piece, core), waiting.piece));
    queue.hashes.start(extents);
    under_way_ = &queue;
}

void HashBatch::advance(CoreContext& core) {
    const Time begin = core.clock.refresh();
    hashing::PieceLanes& hashes = under_way_->hashes;
    const std::size_t part = part_bytes(hashes.choice(), hashes.active().size());
    std::array<Bytes, lanes> parts;
    for (const std::size_t lane : hashes.active()) {
        const std::uint64_t at = hashes.next_offset(lane);
        const std::uint64_t size = std::min<std::uint64_t>(part, hashes.bytes_left(lane));
        parts[lane] =
            core.session.buffers().table().at(batch_[lane].piece.buffer).subspan(at, size);
        core.ledger.hash_bytes += size;
    }
    hashes.advance(parts);
    core.ledger.hash_seconds += to_seconds(core.clock.refresh() - begin);
    if (hashes.active().empty()) finish(core);
}

void HashBatch::finish(CoreContext& core) {
    const Queue& queue = *std::exchange(under_way_, nullptr);
    for (std::size_t lane = 0; lane < batch_.size(); ++lane) {
        const auto& [piece, since] = batch_[lane];
        core.latencies.record(session::LatencyStage::hash, core.now() - since);
        const bool match =
            matches(metainfo_of(piece, core), piece.piece, queue.hashes.digests(lane));
        SPATE_PROBE(piece_hashed, piece.torrent.value, piece.piece.value, match,
                    (core.now() - since).count());
        core.session.handle_piece_hashed(piece.torrent, piece.piece, match, core.now());
    }
}

}  // namespace spate::driver
