#include "hashing/xxh3.hpp"

#include <algorithm>

#include <xxhash.h>

namespace spate::hashing {

std::uint64_t xxh3_64(Bytes bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Xxh3Digest xxh3_128(Bytes bytes, std::uint64_t seed) {
    const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
    return {hash.high64, hash.low64};
}

std::size_t SeededHash::operator()(const Endpoint& endpoint) const {
    std::array<std::byte, sizeof endpoint.port + 16> key;
    store_be(key.data(), endpoint.port);
    const Bytes address = endpoint.address.bytes();
    std::ranges::copy(address, key.begin() + sizeof endpoint.port);
    return (*this)(Bytes(key).first(sizeof endpoint.port + address.size()));
}

}  // namespace spate::hashing
