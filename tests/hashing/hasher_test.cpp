#include "hashing/hasher.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/hex.hpp"
#include "engine/base/prng.hpp"
#include "hashing/digest.hpp"
#include "tests/hashing/every_hasher.hpp"

using namespace spate;
using namespace spate::hashing;

namespace {

std::vector<std::byte> random_bytes(std::size_t size_bytes, std::uint64_t seed) {
    std::vector<std::byte> bytes(size_bytes);
    Prng(seed).fill(bytes);
    return bytes;
}

/// Both algorithms, against OpenSSL one message at a time.
void expect_right_digests(const Hasher& hasher, std::span<const Bytes> messages) {
    std::vector<Sha1Digest> sha1s(messages.size());
    std::vector<Sha256Digest> sha256s(messages.size());
    hasher.sha1_many(messages, sha1s);
    hasher.sha256_many(messages, sha256s);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const std::string which = "message " + std::to_string(i) + " of " +
                                  std::to_string(messages.size()) +
                                  ", bytes: " + std::to_string(messages[i].size());
        ASSERT_EQ(sha1s[i], sha1(messages[i])) << which;
        ASSERT_EQ(sha256s[i], sha256(messages[i])) << which;
    }
}

}  // namespace

class EveryHasher : public WithHasher {};
EVERY_HASHER(EveryHasher);

TEST_P(EveryHasher, KnowsItsName) {
    EXPECT_EQ(hasher_.name(), GetParam());
}

TEST_P(EveryHasher, GivesTheVectorsOfFips180) {
    const std::vector<Bytes> messages = {
        as_bytes(""), as_bytes("abc"),
        as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")};
    std::vector<Sha1Digest> sha1s(3);
    std::vector<Sha256Digest> sha256s(3);
    hasher_.sha1_many(messages, sha1s);
    hasher_.sha256_many(messages, sha256s);
    EXPECT_EQ(to_hex(sha1s[0].bytes), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(to_hex(sha1s[1].bytes), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(to_hex(sha1s[2].bytes), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    EXPECT_EQ(to_hex(sha256s[0].bytes),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(to_hex(sha256s[1].bytes),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256s[2].bytes),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_P(EveryHasher, HashesEveryLengthAroundTheBlockEdges) {
    const auto data = random_bytes(301, 1);
    std::vector<Bytes> messages;
    for (std::size_t length = 0; length <= 300; ++length) {
        messages.push_back(Bytes(data).first(length));
    }
    expect_right_digests(hasher_, messages);
}

TEST_P(EveryHasher, HashesAnyNumberOfMessages) {
    const auto data = random_bytes(40 * 1000, 2);
    for (std::size_t count = 0; count <= 40; ++count) {
        std::vector<Bytes> messages;
        for (std::size_t i = 0; i < count; ++i) {
            messages.push_back(Bytes(data).subspan(i * 1000, 1000));
        }
        expect_right_digests(hasher_, messages);
    }
}

TEST_P(EveryHasher, RefillsLanesAsUnalignedMessagesOfMixedLengthsEnd) {
    const auto data = random_bytes(1 << 20, 3);
    Prng random(4);
    for (int round = 0; round < 60; ++round) {
        std::vector<Bytes> messages(random.below(41));
        for (Bytes& message : messages) {
            const std::size_t size = random.below(std::size_t{1} << random.below(17));
            message = Bytes(data).subspan(random.below(data.size() - size + 1), size);
        }
        expect_right_digests(hasher_, messages);
    }
}

TEST_P(EveryHasher, StreamsGiveTheDigestOfTheirPartsTogether) {
    const auto data = random_bytes(1 << 18, 5);
    Prng random(6);
    for (int round = 0; round < 20; ++round) {
        const std::size_t count = 1 + random.below(20);
        std::vector<Sha1Stream> sha1_streams(count);
        std::vector<Sha256Stream> sha256_streams(count);
        std::vector<std::size_t> at(count), start(count);
        for (std::size_t i = 0; i < count; ++i) at[i] = start[i] = random.below(1000);
        std::vector<Bytes> parts(count);
        for (int part = 0; part < 4; ++part) {
            for (std::size_t i = 0; i < count; ++i) {
                parts[i] = Bytes(data).subspan(at[i], random.below(40) * 64);
                at[i] += parts[i].size();
            }
            hasher_.advance(sha1_streams, parts);
            hasher_.advance(sha256_streams, parts);
        }
        for (std::size_t i = 0; i < count; ++i) {
            parts[i] = Bytes(data).subspan(at[i], random.below(200));
            at[i] += parts[i].size();
        }
        std::vector<Sha1Digest> sha1s(count);
        std::vector<Sha256Digest> sha256s(count);
        hasher_.finish(sha1_streams, parts, sha1s);
        hasher_.finish(sha256_streams, parts, sha256s);
        for (std::size_t i = 0; i < count; ++i) {
            const Bytes whole = Bytes(data).subspan(start[i], at[i] - start[i]);
            ASSERT_EQ(sha1s[i], sha1(whole));
            ASSERT_EQ(sha256s[i], sha256(whole));
        }
    }
}

TEST_P(EveryHasher, ParentsAreTheHashesOfTwoChildren) {
    for (std::size_t count = 0; count <= 40; ++count) {
        std::vector<Sha256Digest> children(2 * count);
        Prng random(count);
        for (Sha256Digest& child : children) random.fill(child.bytes);
        std::vector<Sha256Digest> expected;
        for (std::size_t i = 0; i < count; ++i) {
            expected.push_back(sha256(std::as_bytes(std::span(children).subspan(2 * i, 2))));
        }
        std::vector<Sha256Digest> parents(count);
        hasher_.sha256_parents(children, parents);
        ASSERT_EQ(parents, expected);
        hasher_.sha256_parents(children, std::span(children).first(count));
        children.resize(count);
        ASSERT_EQ(children, expected) << "in place";
    }
}

TEST(Hasher, TheBestIsTheFirstOfTheNames) {
    EXPECT_EQ(Hasher::best().name(), Hasher::names().front());
}

TEST(Hasher, AnUnknownNameIsRefused) {
    EXPECT_EQ(Hasher::by_name("md5").error(), HasherError::unknown_name);
}
