#pragma once
// engine/base/ids.hpp: the names that every layer uses for things.
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#include "engine/base/strong.hpp"

namespace spate {

using PieceIndex = Strong<struct PieceIndexTag, std::uint32_t>;
using CoreIndex = Strong<struct CoreIndexTag, std::uint16_t>;
/// A torrent of this process; never reused while the process lives.
using TorrentId = Strong<struct TorrentIdTag, std::uint32_t>;
/// A connection of one core: slot in the low 20 bits, generation above. Never reused at once.
using ConnectionId = Strong<struct ConnectionIdTag, std::uint32_t>;
/// A payload buffer of one core (see payload_buffers.hpp).
using BufferId = Strong<struct BufferIdTag, std::uint32_t>;

/// A fixed number of opaque bytes, such as a hash.
template <class Tag, std::size_t Size>
struct Digest {
    std::array<std::byte, Size> bytes{};
    static constexpr std::size_t size_bytes = Size;
    auto operator<=>(const Digest&) const = default;
};

using Sha1Digest = Digest<struct Sha1Tag, 20>;
using Sha256Digest = Digest<struct Sha256Tag, 32>;
/// SHA-1 of the info dictionary (BEP 3).
using InfoHash = Digest<struct InfoHashTag, 20>;
/// SHA-256 of the info dictionary (BEP 52).
using InfoHashV2 = Digest<struct InfoHashV2Tag, 32>;
/// BEP 20.
using PeerId = Digest<struct PeerIdTag, 20>;

/// A byte range of a piece, as REQUEST, PIECE and CANCEL name it (BEP 3). Offset and length in
/// bytes.
struct BlockRef {
    PieceIndex piece;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    auto operator<=>(const BlockRef&) const = default;
};

/// A range of hashes of a file's tree, as HASH REQUEST, HASHES and HASH REJECT name it (BEP 52):
/// `length` hashes of the layer at height `base_layer`, and what proves them `proof_layers` up.
struct HashRef {
    Sha256Digest pieces_root;
    std::uint32_t base_layer = 0;
    std::uint32_t index = 0;
    std::uint32_t length = 0;
    std::uint32_t proof_layers = 0;
    auto operator<=>(const HashRef&) const = default;
};

/// Every client requests blocks of this size, the last of a piece excepted.
inline constexpr std::uint32_t block_size_bytes = 16 * 1024;

}  // namespace spate

/// Digests are uniform already; keys that peers choose (peer ids) need a seeded table instead.
template <class Tag, std::size_t Size>
struct std::hash<spate::Digest<Tag, Size>> {
    std::size_t operator()(const spate::Digest<Tag, Size>& digest) const noexcept {
        std::size_t word;
        std::memcpy(&word, digest.bytes.data(), sizeof word);
        return word;
    }
};
