// kernel_soak [BATCHES [SEED]]: every kernel and every set of kernels of this machine against
// OpenSSL on random batches: 1 to 40 messages of 0 to 1 MiB, mostly short, each at an odd place and
// with its end at the end of its memory; whole, in parts, and as nodes of a tree. Ends with the
// first wrong digest, whose batch SEED and its number reproduce. The tests run a few; a change of a
// kernel wants 100000, under the sanitizers: 10 to 20 minutes.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.hpp"
#include "hashing/digest.hpp"
#include "hashing/hasher.hpp"

using namespace spate;
using namespace spate::hashing;

namespace {

constexpr std::size_t message_bytes_max = 1024 * 1024;
constexpr std::size_t batch_max = 40;

/// Bytes that end where their memory ends, so that the sanitizers see a read behind them.
class Message {
public:
    Message(std::size_t size_bytes, Bytes noise, Prng& random)
        : offset_(random.below(64)),
          size_bytes_(size_bytes),
          memory_(std::make_unique_for_overwrite<std::byte[]>(offset_ + size_bytes)) {
        const std::size_t from = random.below(noise.size() - size_bytes + 1);
        if (size_bytes > 0) std::memcpy(memory_.get() + offset_, noise.data() + from, size_bytes);
    }

    Bytes bytes() const { return {memory_.get() + offset_, size_bytes_}; }

private:
    std::size_t offset_;
    std::size_t size_bytes_;
    std::unique_ptr<std::byte[]> memory_;
};

/// Mostly a few blocks; one in a thousand up to a MiB.
std::size_t random_length(Prng& random) {
    const std::uint64_t kind = random.below(1000);
    if (kind == 0) return random.below(message_bytes_max + 1);
    if (kind < 5) return random.below(128 * 1024);
    if (kind < 50) return random.below(16 * 1024);
    if (kind < 300) return random.below(2 * 1024);
    return random.below(200);
}

struct Batch {
    std::vector<Message> messages;
    std::vector<Bytes> parts;
    std::vector<std::size_t> cuts;  // multiples of 64, where streams are cut in two
    std::vector<Sha1Digest> sha1s;
    std::vector<Sha256Digest> sha256s;
    std::vector<Sha256Digest> children;
    std::vector<Sha256Digest> parents;
};

/// With OpenSSL's answers.
Batch make_batch(std::size_t count, Bytes noise, Prng& random) {
    Batch batch;
    for (std::size_t i = 0; i < count; ++i) {
        batch.messages.emplace_back(random_length(random), noise, random);
        const Bytes bytes = batch.messages.back().bytes();
        batch.parts.push_back(bytes);
        batch.cuts.push_back(random.below(bytes.size() / 64 + 1) * 64);
        batch.sha1s.push_back(sha1(bytes));
        batch.sha256s.push_back(sha256(bytes));
    }
    for (std::size_t i = 0; i < 2 * count; ++i) {
        random.fill(batch.children.emplace_back().bytes);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const auto pair = std::span(batch.children).subspan(2 * i, 2);
        batch.parents.push_back(sha256(std::as_bytes(pair)));
    }
    return batch;
}

/// The digests by advance() and finish().
template <class Digest>
std::vector<Digest> in_parts(const Hasher& hasher, const Batch& batch) {
    const std::size_t count = batch.parts.size();
    std::vector<HashStream<Digest>> streams(count);
    std::vector<Bytes> fronts, rests;
    for (std::size_t i = 0; i < count; ++i) {
        fronts.push_back(batch.parts[i].first(batch.cuts[i]));
        rests.push_back(batch.parts[i].subspan(batch.cuts[i]));
    }
    std::vector<Digest> digests(count);
    hasher.advance(streams, fronts);
    hasher.finish(streams, rests, digests);
    return digests;
}

/// Nothing, or what came out wrong.
std::string_view find_wrong(const Hasher& hasher, const Batch& batch) {
    const std::size_t count = batch.parts.size();
    std::vector<Sha1Digest> sha1s(count);
    std::vector<Sha256Digest> sha256s(count), parents(count);
    hasher.sha1_many(batch.parts, sha1s);
    hasher.sha256_many(batch.parts, sha256s);
    hasher.sha256_parents(batch.children, parents);
    if (sha1s != batch.sha1s) return "SHA-1";
    if (sha256s != batch.sha256s) return "SHA-256";
    if (parents != batch.parents) return "nodes";
    if (in_parts<Sha1Digest>(hasher, batch) != batch.sha1s) return "SHA-1 in parts";
    if (in_parts<Sha256Digest>(hasher, batch) != batch.sha256s) return "SHA-256 in parts";
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t batches = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200;
    const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    std::vector<Hasher> hashers;
    for (const std::string_view name : Hasher::names()) hashers.push_back(*Hasher::by_name(name));
    std::vector<std::byte> noise(2 * message_bytes_max);
    Prng(seed).fill(noise);
    std::uint64_t hashed_bytes = 0;
    for (std::uint64_t number = 0; number < batches; ++number) {
        Prng random(seed + number);
        const Batch batch = make_batch(1 + number % batch_max, noise, random);
        for (const Bytes part : batch.parts) hashed_bytes += part.size();
        for (const Hasher& hasher : hashers) {
            const std::string_view wrong = find_wrong(hasher, batch);
            if (wrong.empty()) continue;
            std::printf("%s is wrong by %s, seed %llu, batch %llu\n", std::string(wrong).c_str(),
                        std::string(hasher.name()).c_str(), static_cast<unsigned long long>(seed),
                        static_cast<unsigned long long>(number));
            return EXIT_FAILURE;
        }
    }
    std::printf("%llu batches of %llu bytes in all: %zu kernels and sets agree with OpenSSL\n",
                static_cast<unsigned long long>(batches),
                static_cast<unsigned long long>(hashed_bytes), hashers.size());
}
