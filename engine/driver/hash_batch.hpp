#pragma once
// engine/driver/hash_batch.hpp: complete pieces that wait for lane-mates.
#include <optional>
#include <vector>

#include "engine/driver/core_context.hpp"
#include "engine/session/output.hpp"
#include "hashing/hasher.hpp"

namespace spate::driver {

/// Pieces are hashed sixteen at a time, a lane each, on the core that received them while they are
/// still in its cache. A piece waits a bounded time for others; then it is hashed with those that
/// are there. One thread.
class HashBatch {
public:
    static constexpr std::size_t lanes = 16;
    /// Far below any peer's patience; a fast download fills the lanes sooner.
    static constexpr Duration wait_max = 3ms;

    explicit HashBatch(const hashing::Hasher& hasher) : hasher_(hasher) {}

    void add(const session::HashPiece& piece, Time now);
    /// When the pieces that wait must be hashed.
    std::optional<Time> deadline() const;
    /// Hashes what is due and tells the session.
    void run_if_due(CoreContext& core);

private:
    void run(CoreContext& core);

    const hashing::Hasher& hasher_;
    std::vector<session::HashPiece> waiting_;
    Time first_at_{};
};

}  // namespace spate::driver
