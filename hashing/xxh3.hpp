#pragma once
// hashing/xxh3.hpp: fast hashes where nothing secret depends on them: checksums of our own records,
// and tables whose keys strangers choose.
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.hpp"
#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"

namespace spate::hashing {

/// XXH3 with 64 bits. Of the same bytes and seed the same on every machine, so it may be stored.
std::uint64_t xxh3_64(Bytes bytes, std::uint64_t seed = 0);

struct Xxh3Digest {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const Xxh3Digest&) const = default;
};

/// XXH3 with 128 bits: equal only for equal bytes, unless somebody means harm.
Xxh3Digest xxh3_128(Bytes bytes, std::uint64_t seed = 0);

/// For hash tables whose keys come from strangers: without the seed they can't choose keys that
/// meet in one bucket. One who sees the table's answers well enough may find the seed out; where
/// that is to be feared, use a keyed function (engine/base/siphash.hpp).
class SeededHash {
public:
    explicit SeededHash(std::uint64_t seed) : seed_(seed) {}

    std::size_t operator()(Bytes bytes) const { return xxh3_64(bytes, seed_); }
    std::size_t operator()(const IpAddress& address) const { return (*this)(address.bytes()); }
    std::size_t operator()(const Endpoint& endpoint) const;
    template <class Tag, std::size_t Size>
    std::size_t operator()(const Digest<Tag, Size>& digest) const {
        return (*this)(Bytes(digest.bytes));
    }

private:
    std::uint64_t seed_;
};

}  // namespace spate::hashing
