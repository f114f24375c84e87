#pragma once
// hashing/hasher.hpp: many messages, many digests.
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "hashing/kernels/sha_constants.hpp"
#include "hashing/lane_plan.hpp"

namespace spate::hashing {

/// A message whose bytes come part by part: the state so far. A plain value.
template <class Digest>
struct HashStream;

template <>
struct HashStream<Sha1Digest> {
    std::array<std::uint32_t, 5> state = std::to_array(sha1_initial);
    std::uint64_t length_bytes = 0;
};

template <>
struct HashStream<Sha256Digest> {
    std::array<std::uint32_t, 8> state = std::to_array(sha256_initial);
    std::uint64_t length_bytes = 0;
};

using Sha1Stream = HashStream<Sha1Digest>;
using Sha256Stream = HashStream<Sha256Digest>;

enum class HasherError : std::uint8_t { unknown_name, not_on_this_machine };

/// SHA-1 and SHA-256 of many independent messages at once, each in a lane of a vector register:
/// sixteen take about as long as three one by one, thirty-two as five. Made once, by `main`, and
/// handed to its users. A constant value: cheap to copy, usable by any number of threads.
class Hasher {
public:
    /// The fastest that this processor and its system can run.
    static Hasher best();

    /// A set ("avx512", "avx512vl", "avx2", "sha-ni", "openssl": that and everything lesser), or a
    /// single kernel as in `names()`, at every batch size.
    static std::expected<Hasher, HasherError> by_name(std::string_view name);

    /// Every name that `by_name` takes on this machine.
    static std::vector<std::string_view> names();

    /// What was chosen, e.g. "avx512".
    std::string_view name() const { return name_; }

    /// digests[i] = SHA-1(messages[i]). Any number of messages, of any lengths and alignment;
    /// faster when many are passed at once, best in multiples of thirty-two of similar lengths.
    void sha1_many(std::span<const Bytes> messages, std::span<Sha1Digest> digests) const;
    void sha256_many(std::span<const Bytes> messages, std::span<Sha256Digest> digests) const;

    /// Appends parts[i] to streams[i]. Every part is a multiple of 64 bytes.
    void advance(std::span<Sha1Stream> streams, std::span<const Bytes> parts) const;
    void advance(std::span<Sha256Stream> streams, std::span<const Bytes> parts) const;

    /// Appends the last part of each stream, of any length, and closes it.
    void finish(std::span<Sha1Stream> streams, std::span<const Bytes> parts,
                std::span<Sha1Digest> digests) const;
    void finish(std::span<Sha256Stream> streams, std::span<const Bytes> parts,
                std::span<Sha256Digest> digests) const;

    /// parents[i] = SHA-256(children[2i] || children[2i + 1]), a level of a merkle tree.
    /// `parents` may be the front of `children`.
    void sha256_parents(std::span<const Sha256Digest> children,
                        std::span<Sha256Digest> parents) const;

    const LanePlan& sha1_plan() const { return sha1_; }
    const LanePlan& sha256_plan() const { return sha256_; }

private:
    Hasher(std::string_view name, std::span<const LaneKernel* const> kernels);

    std::string_view name_;  // of static storage
    LanePlan sha1_;
    LanePlan sha256_;
    LanePlan parents_;
};

}  // namespace spate::hashing
