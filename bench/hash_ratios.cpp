// hash_ratios [--quick]: how much faster than OpenSSL's one message at a time is the hasher here,
// and does it hold what was set as its target? Everything in one process on one thread, in turns (A
// B A B), in thread CPU time, medians; so a busy machine shifts both sides alike. Exits with 1 when
// a target doesn't hold. --quick only shows that it runs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/big_buffer.hpp"
#include "hashing/digest.hpp"
#include "hashing/hasher.hpp"

using namespace spate;
using namespace spate::hashing;
using namespace spate::bench;

namespace {

struct Settings {
    int rounds = 25;
    double sample_s = 0.004;
    std::size_t far_bytes = out_of_cache_bytes;
};

double thread_cpu_s() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// One of the things compared: does its work once a call.
using Work = std::function<void()>;

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Seconds a call of each, measured in turns.
std::vector<double> compare(const std::vector<Work>& works, const Settings& settings) {
    std::vector<int> calls;
    for (const Work& work : works) {
        work();  // warm
        const double start = thread_cpu_s();
        work();
        const double once_s = std::max(thread_cpu_s() - start, 1e-8);
        calls.push_back(std::max(1, static_cast<int>(settings.sample_s / once_s)));
    }
    std::vector<std::vector<double>> samples(works.size());
    for (int round = 0; round < settings.rounds; ++round) {
        for (std::size_t i = 0; i < works.size(); ++i) {
            const double start = thread_cpu_s();
            for (int call = 0; call < calls[i]; ++call) works[i]();
            samples[i].push_back((thread_cpu_s() - start) / calls[i]);
        }
    }
    std::vector<double> medians;
    for (std::vector<double>& of_work : samples) medians.push_back(median(std::move(of_work)));
    return medians;
}

/// Batches of messages from a buffer, one after the other and around again.
class Batches {
public:
    Batches(Bytes data, std::size_t batch, std::size_t message_bytes)
        : data_(data), message_bytes_(message_bytes), messages_(batch) {}

    std::span<const Bytes> next() {
        const std::size_t fitting = data_.size() / message_bytes_;
        for (Bytes& message : messages_) {
            message = data_.subspan(next_++ % fitting * message_bytes_, message_bytes_);
        }
        return messages_;
    }
    std::size_t batch_bytes() const { return messages_.size() * message_bytes_; }

private:
    Bytes data_;
    std::size_t message_bytes_;
    std::vector<Bytes> messages_;
    std::size_t next_ = 0;
};

void hash_many(const Hasher& hasher, std::span<const Bytes> messages, std::span<Sha1Digest> out) {
    hasher.sha1_many(messages, out);
}
void hash_many(const Hasher& hasher, std::span<const Bytes> messages, std::span<Sha256Digest> out) {
    hasher.sha256_many(messages, out);
}
void hash_one(Bytes message, Sha1Digest& out) {
    out = sha1(message);
}
void hash_one(Bytes message, Sha256Digest& out) {
    out = sha256(message);
}

struct Speeds {
    double hasher_bytes_per_s;
    double openssl_bytes_per_s;
    double ratio() const { return hasher_bytes_per_s / openssl_bytes_per_s; }
};

template <class Digest>
Speeds speeds(const Hasher& hasher, Batches batches, std::size_t batch, const Settings& settings) {
    std::vector<Digest> digests(batch);
    const Work many = [&] { hash_many(hasher, batches.next(), digests); };
    const Work single = [&] {
        const auto messages = batches.next();
        for (std::size_t i = 0; i < batch; ++i) hash_one(messages[i], digests[i]);
    };
    const auto seconds = compare({many, single}, settings);
    const auto bytes = static_cast<double>(batches.batch_bytes());
    return {bytes / seconds[0], bytes / seconds[1]};
}

/// Prints lines and remembers whether a target was missed.
class Table {
public:
    void ratio(const std::string& what, const Speeds& measured, double at_least) {
        const bool holds = measured.ratio() >= at_least;
        std::printf("%-44s %6.2f GB/s  OpenSSL %5.2f GB/s  %5.2f x  (>= %.2f)  %s\n", what.c_str(),
                    measured.hasher_bytes_per_s / 1e9, measured.openssl_bytes_per_s / 1e9,
                    measured.ratio(), at_least, holds ? "holds" : "MISSED");
        all_hold_ &= holds;
    }
    void nodes(const std::string& what, double node_s, double ns_at_most) {
        const bool holds = node_s * 1e9 <= ns_at_most;
        std::printf("%-44s %6.1f ns a node  (<= %.0f)  %s\n", what.c_str(), node_s * 1e9,
                    ns_at_most, holds ? "holds" : "MISSED");
        all_hold_ &= holds;
    }
    bool all_hold() const { return all_hold_; }

private:
    bool all_hold_ = true;
};

constexpr unsigned lanes = 16;
constexpr std::size_t leaf_message_bytes = 16 * 1024;
constexpr std::size_t piece_bytes = 256 * 1024;

template <class Digest>
void sixteen_lanes(Table& table, const Hasher& hasher, const std::string& algorithm,
                   const BigBuffer& near, const BigBuffer& far, double at_least,
                   const Settings& settings) {
    const std::string what = algorithm + ", 16 messages, " + std::string(hasher.name());
    const Batches in_l2(near.bytes().first(in_l2_bytes / 2), lanes, leaf_message_bytes);
    table.ratio(what + ", in L2", speeds<Digest>(hasher, in_l2, lanes, settings), at_least);
    const Batches out_of_cache(far.bytes(), lanes, piece_bytes);
    table.ratio(what + ", out of cache", speeds<Digest>(hasher, out_of_cache, lanes, settings),
                at_least);
}

/// The batch size from 1 to 40 at which the hasher gains least or loses most.
template <class Digest>
void worst_batch(Table& table, const Hasher& hasher, const std::string& algorithm,
                 const BigBuffer& near, std::size_t message_bytes, const Settings& settings) {
    constexpr std::size_t batch_max = 40;
    constexpr double not_slower_by_more_than_a_tenth = 0.9;
    Speeds worst{1, 0};
    std::size_t worst_batch = 0;
    for (std::size_t batch = 1; batch <= batch_max; ++batch) {
        const Batches batches(near.bytes(), batch, message_bytes);
        const Speeds measured = speeds<Digest>(hasher, batches, batch, settings);
        if (worst_batch != 0 && measured.ratio() >= worst.ratio()) continue;
        worst = measured;
        worst_batch = batch;
    }
    table.ratio(algorithm + " of " + std::to_string(message_bytes) + " B, " +
                    std::string(hasher.name()) + ", worst batch: " + std::to_string(worst_batch),
                worst, not_slower_by_more_than_a_tenth);
}

void nodes(Table& table, const Hasher& hasher, const Settings& settings) {
    constexpr std::size_t count = 1024;
    constexpr double target_ns = 40;
    const std::vector<Sha256Digest> children(2 * count);
    std::vector<Sha256Digest> parents(count);
    const auto seconds =
        compare({[&] { hasher.sha256_parents(children, parents); }}, settings).front();
    table.nodes("nodes of a tree, " + std::string(hasher.name()), seconds / count, target_ns);
}

}  // namespace

int main(int argc, char** argv) {
    const bool quick = argc > 1 && std::string_view(argv[1]) == "--quick";
    const Settings settings = quick ? Settings{1, 1e-6, 8 * 1024 * 1024} : Settings{};
    const BigBuffer near(in_l2_bytes);
    const BigBuffer far(settings.far_bytes);
    Table table;
    const Hasher best = Hasher::best();
    sixteen_lanes<Sha1Digest>(table, best, "SHA-1", near, far, 3.5, settings);
    sixteen_lanes<Sha256Digest>(table, best, "SHA-256", near, far, 2.5, settings);
    nodes(table, best, settings);
    if (const auto avx2 = Hasher::by_name("avx2")) {
        sixteen_lanes<Sha1Digest>(table, *avx2, "SHA-1", near, far, 1.2, settings);
    }
    Settings brief = settings;
    brief.rounds = std::min(settings.rounds, 9);
    brief.sample_s = std::min(settings.sample_s, 0.001);
    for (const std::string_view name : {"avx512", "avx512vl", "avx2", "sha-ni"}) {
        const auto hasher = Hasher::by_name(name);
        if (!hasher) continue;
        for (const std::size_t bytes : {std::size_t{1024}, leaf_message_bytes}) {
            worst_batch<Sha1Digest>(table, *hasher, "SHA-1", near, bytes, brief);
            worst_batch<Sha256Digest>(table, *hasher, "SHA-256", near, bytes, brief);
        }
    }
    return quick || table.all_hold() ? EXIT_SUCCESS : EXIT_FAILURE;
}
