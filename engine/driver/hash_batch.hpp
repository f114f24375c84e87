#pragma once
// engine/driver/hash_batch.hpp: complete pieces that wait for lane-mates.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "engine/driver/core_context.hpp"
#include "engine/session/output.hpp"
#include "hashing/hasher.hpp"
#include "hashing/merkle.hpp"
#include "hashing/piece_lanes.hpp"

namespace spate::driver {

/// Pieces are hashed sixteen at a time, a lane each, on the core that received them while they are
/// still in its cache. A piece waits a bounded time for others that are hashed alike; then it is
/// hashed with those that are there. A batch is hashed in slices, between which the core does its
/// other work, so that long pieces hold up nobody. One thread.
class HashBatch {
public:
    static constexpr std::size_t lanes = hashing::pieces_abreast;
    /// Far below any peer's patience, and long enough for some lanes to fill (docs/profiling.md).
    static constexpr Duration wait_max = 12ms;
    /// Of a batch, in one turn of the core: an eighth of a millisecond where lanes are wide.
    static constexpr std::size_t slice_bytes = 1 << 20;
    /// Of a lane of SHA-1, in one turn: few lanes are slow, and would take half a millisecond for
    /// a slice (docs/decisions/0005).
    static constexpr std::size_t slice_bytes_of_lane = 128 * 1024;
    /// In one turn: two milliseconds where lanes are wide.
    static constexpr int slices_max = 16;

    explicit HashBatch(const hashing::Hasher& hasher);

    void add(const session::HashPiece& piece, hashing::DigestChoice digests, Time now);
    /// When the next slice must be hashed; in the past while a batch is under way.
    std::optional<Time> deadline() const;
    /// Hashes a slice of what is due, more while a full batch waits behind it, and tells the
    /// session of pieces that are through.
    void run_if_due(CoreContext& core);

    /// The lanes are full, besides the batch that may be under way.
    bool full_batch_waits() const;

    /// What is hashed of each piece in one turn while so many are under way: whole leaves. Those of
    /// one tree fill the lanes.
    static constexpr std::size_t part_bytes(hashing::DigestChoice digests,
                                            std::size_t active_lanes) {
        const std::size_t share =
            slice_bytes / active_lanes / hashing::leaf_bytes * hashing::leaf_bytes;
        return digests.root ? share : std::min(share, slice_bytes_of_lane);
    }

private:
    struct Waiting {
        session::HashPiece piece;
        Time since;
    };
    /// Pieces of which the same digests are wanted.
    struct Queue {
        hashing::PieceLanes hashes;
        std::vector<Waiting> waiting{};
        Time first_at{};
    };

    static Time due(const Queue& queue) {
        return queue.waiting.size() >= lanes ? queue.first_at : queue.first_at + wait_max;
    }
    void start_what_is_due(CoreContext& core);
    void start(Queue& queue, CoreContext& core);
    void advance(CoreContext& core);
    void finish(CoreContext& core);

    std::array<Queue, 3> queues_;
    Queue* under_way_ = nullptr;
    std::vector<Waiting> batch_;  // of `under_way_`
};

/// What the torrent says of its pieces, all of which is checked.
hashing::DigestChoice digests_of(const metainfo::Metainfo& torrent);

}  // namespace spate::driver
