#include "engine/swarm/allowed_fast.hpp"

#include <algorithm>

#include "engine/base/bytes.hpp"
#include "hashing/digest.hpp"

namespace spate::swarm {

std::vector<PieceIndex> allowed_fast_set(const IpAddress& peer, const InfoHash& info_hash,
                                         std::uint32_t piece_count, std::uint32_t count) {
    std::vector<PieceIndex> pieces;
    const std::size_t wanted = std::min(count, piece_count);
    const Bytes network = peer.is_v4() ? peer.bytes().first(3) : peer.bytes().first(8);
    std::vector<std::byte> seed(network.begin(), network.end());
    if (peer.is_v4()) seed.push_back(std::byte{0});
    seed.insert(seed.end(), info_hash.bytes.begin(), info_hash.bytes.end());
    while (pieces.size() < wanted) {
        const Sha1Digest digest = hashing::sha1(seed);
        seed.assign(digest.bytes.begin(), digest.bytes.end());
        for (std::size_t at = 0; at < digest.bytes.size() && pieces.size() < wanted; at += 4) {
            const PieceIndex piece(load_be<std::uint32_t>(digest.bytes.data() + at) % piece_count);
            if (std::ranges::find(pieces, piece) == pieces.end()) pieces.push_back(piece);
        }
    }
    return pieces;
}

}  // namespace spate::swarm
