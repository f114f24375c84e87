#include "engine/swarm/availability.hpp"

namespace spate::swarm {

Availability::Availability(std::uint32_t piece_count)
    : piece_count_(piece_count),
      counters_(std::make_unique<std::atomic<std::uint16_t>[]>(piece_count)) {}

void Availability::add(const Bitfield& have) {
    SPATE_ASSERT(have.size() == piece_count_);
    if (have.none()) return;
    for (std::uint32_t piece = 0; piece < piece_count_; ++piece)
        if (have.test(piece)) add(PieceIndex(piece));
}

void Availability::remove(const Bitfield& have) {
    SPATE_ASSERT(have.size() == piece_count_);
    if (have.none()) return;
    for (std::uint32_t piece = 0; piece < piece_count_; ++piece)
        if (have.test(piece)) remove(PieceIndex(piece));
}

}  // namespace spate::swarm
