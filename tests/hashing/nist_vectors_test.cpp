// Every kernel on the vectors of NIST's validation system, kept in nist/.
#include <array>
#include <charconv>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/hex.hpp"
#include "tests/hashing/every_hasher.hpp"

using namespace spate;
using namespace spate::hashing;

namespace {

/// The fields of a response file: "Len = 8" and so on, in order.
struct Field {
    std::string name;
    std::string value;
};

std::vector<Field> fields_of(const std::string& file) {
    std::ifstream in(std::string(SPATE_NIST_DIRECTORY) + "/" + file);
    EXPECT_TRUE(in) << file;
    std::vector<Field> fields;
    for (std::string line; std::getline(in, line);) {
        const std::size_t equals = line.find(" = ");
        if (equals == std::string::npos || line.starts_with('[')) continue;
        fields.push_back({line.substr(0, equals), line.substr(equals + 3)});
    }
    return fields;
}

template <class Digest>
Digest digest_of_hex(std::string_view hex) {
    Digest digest;
    EXPECT_TRUE(from_hex(hex, digest.bytes));
    return digest;
}

template <class Digest>
struct MessageVectors {
    std::vector<std::vector<std::byte>> messages;
    std::vector<Digest> digests;
};

template <class Digest>
MessageVectors<Digest> message_vectors(const std::string& file) {
    MessageVectors<Digest> vectors;
    std::size_t bits = 0;
    for (const auto& [name, value] : fields_of(file)) {
        if (name == "Len") {
            std::from_chars(value.data(), value.data() + value.size(), bits);
        } else if (name == "Msg") {
            std::vector<std::byte> message(bits / 8);
            EXPECT_TRUE(from_hex(std::string_view(value).substr(0, bits / 4), message));
            vectors.messages.push_back(std::move(message));
        } else if (name == "MD") {
            vectors.digests.push_back(digest_of_hex<Digest>(value));
        }
    }
    EXPECT_EQ(vectors.messages.size(), vectors.digests.size());
    return vectors;
}

void hash_many(const Hasher& hasher, std::span<const Bytes> messages, std::span<Sha1Digest> out) {
    hasher.sha1_many(messages, out);
}

void hash_many(const Hasher& hasher, std::span<const Bytes> messages, std::span<Sha256Digest> out) {
    hasher.sha256_many(messages, out);
}

template <class Digest>
void expect_message_vectors(const Hasher& hasher, const std::string& file, std::size_t count) {
    const auto vectors = message_vectors<Digest>(file);
    ASSERT_EQ(vectors.messages.size(), count);
    const std::vector<Bytes> messages(vectors.messages.begin(), vectors.messages.end());
    std::vector<Digest> digests(count);
    hash_many(hasher, messages, digests);
    EXPECT_EQ(digests, vectors.digests) << "all at once";
    for (std::size_t i = 0; i < count; ++i) {
        hash_many(hasher, std::span(&messages[i], 1), std::span(&digests[i], 1));
    }
    EXPECT_EQ(digests, vectors.digests) << "one by one";
}

/// SHAVS 6.4: each digest is that of the three before it, 1000 times a checkpoint. The same chain
/// runs in `copies` lanes.
template <class Digest>
void expect_monte_carlo(const Hasher& hasher, const std::string& file, std::size_t checkpoints,
                        std::size_t copies) {
    std::vector<Digest> expected;
    Digest seed;
    for (const auto& [name, value] : fields_of(file)) {
        if (name == "Seed") seed = digest_of_hex<Digest>(value);
        if (name == "MD") expected.push_back(digest_of_hex<Digest>(value));
    }
    ASSERT_EQ(expected.size(), 100U);
    for (std::size_t checkpoint = 0; checkpoint < checkpoints; ++checkpoint) {
        std::array<Digest, 3> last{seed, seed, seed};
        const std::vector<Bytes> messages(copies, std::as_bytes(std::span(last)));
        std::vector<Digest> digests(copies);
        for (int round = 0; round < 1000; ++round) {
            hash_many(hasher, messages, digests);
            last = {last[1], last[2], digests[static_cast<std::size_t>(round) % copies]};
        }
        ASSERT_EQ(digests, std::vector(copies, expected[checkpoint])) << checkpoint;
        seed = digests.front();
    }
}

}  // namespace

class NistVectors : public WithHasher {};
EVERY_HASHER(NistVectors);

TEST_P(NistVectors, OfShortMessages) {
    expect_message_vectors<Sha1Digest>(hasher_, "SHA1ShortMsg.rsp", 65);
    expect_message_vectors<Sha256Digest>(hasher_, "SHA256ShortMsg.rsp", 65);
}

TEST_P(NistVectors, OfLongMessages) {
    expect_message_vectors<Sha1Digest>(hasher_, "SHA1LongMsg.rsp", 8);
    expect_message_vectors<Sha256Digest>(hasher_, "SHA256LongMsg.rsp", 8);
}

TEST_P(NistVectors, OfTheMonteCarloTestInEveryLane) {
    expect_monte_carlo<Sha1Digest>(hasher_, "SHA1Monte.rsp", 5, lanes_max);
    expect_monte_carlo<Sha256Digest>(hasher_, "SHA256Monte.rsp", 5, lanes_max);
}

TEST(NistMonteCarlo, IsPassedWhole) {
    expect_monte_carlo<Sha1Digest>(Hasher::best(), "SHA1Monte.rsp", 100, 1);
    expect_monte_carlo<Sha256Digest>(Hasher::best(), "SHA256Monte.rsp", 100, 1);
}
