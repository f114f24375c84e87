#pragma once
// engine/metainfo/piece_size.hpp: how long the pieces of a new torrent should be.
#include <cstdint>

namespace spate::metainfo {

inline constexpr std::uint32_t automatic_piece_length_bytes_min = 16 << 10;
inline constexpr std::uint32_t automatic_piece_length_bytes_max = 16 << 20;
inline constexpr std::uint64_t automatic_pieces_max = 2000;

/// The smallest power of two that makes at most automatic_pieces_max pieces (so usually 1,000 to
/// 2,000: small enough to spread fast, few enough for a small .torrent), within the bounds above;
/// beyond the upper one only where pieces_max would be passed.
std::uint32_t choose_piece_length_bytes(std::uint64_t total_bytes);

}  // namespace spate::metainfo
