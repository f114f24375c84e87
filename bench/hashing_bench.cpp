// What hashing costs: each kernel by the step, by batch and message size; trees and proofs; the
// verify pipeline next to reading alone. Figures are per second of CPU time, except for the
// pipelines, which are wall time.
//
//   hashing_bench --benchmark_filter=step/        the costs in hashing/kernel_table.cpp
//   hashing_bench --benchmark_filter=sha1/avx512/ by batch size, the rules at work
//   SPATE_BENCH_DIR=/where hashing_bench --benchmark_filter=file/   a file there, in the page cache
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/big_buffer.hpp"
#include "hashing/digest.hpp"
#include "hashing/hasher.hpp"
#include "hashing/kernel_table.hpp"
#include "hashing/merkle_proof.hpp"
#include "hashing/verify_pipeline.hpp"

using namespace spate;
using namespace spate::hashing;
using namespace spate::bench;

namespace {

void report_bytes(benchmark::State& state, std::uint64_t bytes_an_iteration) {
    const double bytes =
        static_cast<double>(bytes_an_iteration) * static_cast<double>(state.iterations());
    state.counters["GB/s"] = benchmark::Counter(bytes / 1e9, benchmark::Counter::kIsRate);
}

// --- kernels by the step

void step(benchmark::State& state, Compress compress, unsigned lanes, std::size_t blocks) {
    const BigBuffer buffer(in_l2_bytes);
    // Staggered: lanes a multiple of 4 KiB apart would all meet in the same sets of the L1 cache.
    const std::size_t lane_bytes = in_l2_bytes / lanes_max - 192;
    std::array<const std::byte*, lanes_max> data;
    for (unsigned l = 0; l < lanes_max; ++l) data[l] = buffer.bytes().data() + l * lane_bytes;
    alignas(64) std::array<std::uint32_t, 8 * lanes_max> columns{};
    for (auto _ : state) compress(columns.data(), data.data(), blocks);
    benchmark::DoNotOptimize(columns);
    report_bytes(state, lanes * blocks * sha_block_bytes);
    state.counters["step_s"] =
        benchmark::Counter(static_cast<double>(blocks) * static_cast<double>(state.iterations()),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// --- many messages

template <class Digest, class HashMany>
void many(benchmark::State& state, std::size_t buffer_bytes, HashMany hash_many) {
    const auto batch = static_cast<std::size_t>(state.range(0));
    const auto message_bytes = static_cast<std::size_t>(state.range(1));
    const BigBuffer buffer(std::max(buffer_bytes, batch * message_bytes));
    const std::size_t fitting = buffer.bytes().size() / message_bytes;
    std::vector<Bytes> messages(batch);
    std::vector<Digest> digests(batch);
    std::size_t next = 0;
    for (auto _ : state) {
        for (Bytes& message : messages) {
            message = buffer.bytes().subspan(next % fitting * message_bytes, message_bytes);
            ++next;
        }
        hash_many(messages, digests);
    }
    benchmark::DoNotOptimize(digests);
    report_bytes(state, batch * message_bytes);
}

// --- nodes of a merkle tree

void parents(benchmark::State& state, const Hasher& hasher) {
    const auto count = static_cast<std::size_t>(state.range(0));
    std::vector<Sha256Digest> nodes(2 * count), above(count);
    for (auto _ : state) hasher.sha256_parents(nodes, above);
    benchmark::DoNotOptimize(above);
    state.counters["node_s"] =
        benchmark::Counter(static_cast<double>(count) * static_cast<double>(state.iterations()),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// The root of a piece from its data: leaves and nodes, as verifying a v2 piece takes them.
void piece_root(benchmark::State& state, const Hasher& hasher) {
    const auto piece_bytes = static_cast<std::size_t>(state.range(0)) << 10;
    const BigBuffer buffer(out_of_cache_bytes);
    const std::size_t fitting = buffer.bytes().size() / piece_bytes;
    std::size_t next = 0;
    for (auto _ : state) {
        const Bytes piece = buffer.bytes().subspan(next++ % fitting * piece_bytes, piece_bytes);
        const auto leaves = leaf_hashes(hasher, piece);
        benchmark::DoNotOptimize(merkle_root(hasher, leaves, leaves.size()));
    }
    report_bytes(state, piece_bytes);
}

/// The tree above the piece layer of a large file, built once to answer hash requests.
void layers(benchmark::State& state, const Hasher& hasher) {
    const std::vector<Sha256Digest> layer(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(MerkleLayers::of_file(hasher, layer, 4).root());
    }
    state.counters["node_s"] = benchmark::Counter(
        static_cast<double>(layer.size()) * static_cast<double>(state.iterations()),
        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Checking what a peer answers to a request for 512 hashes.
void proof(benchmark::State& state, const Hasher& hasher) {
    const std::vector<Sha256Digest> layer(100'000);
    const auto tree = MerkleLayers::of_file(hasher, layer, 4);
    const HashRange range{4, 512, 512, proof_layers_to_root(4, tree.root_height())};
    const auto hashes = tree.prove(range);
    for (auto _ : state) {
        benchmark::DoNotOptimize(verify_proof(hasher, range, hashes, tree.root()));
    }
}

// --- a file in the page cache

/// A file of random bytes that has no name and goes away with this.
class TestFile final : public PieceSource {
public:
    explicit TestFile(std::uint64_t size_bytes) {
        const char* const directory = std::getenv("SPATE_BENCH_DIR");
        std::string path = std::string(directory ? directory : "/tmp") + "/hashing_bench_XXXXXX";
        descriptor_ = mkstemp(path.data());
        if (descriptor_ < 0) throw std::runtime_error("cannot create " + path);
        unlink(path.c_str());
        const BigBuffer buffer(1 << 20);
        for (std::uint64_t at = 0; at < size_bytes; at += buffer.bytes().size()) {
            if (pwrite(descriptor_, buffer.bytes().data(), buffer.bytes().size(),
                       static_cast<off_t>(at)) < 0) {
                throw std::runtime_error("cannot write the test file");
            }
        }
    }
    ~TestFile() override { close(descriptor_); }
    TestFile(const TestFile&) = delete;
    TestFile& operator=(const TestFile&) = delete;

    std::expected<std::size_t, int> read(std::uint64_t offset, MutableBytes out) override {
        const ssize_t got = pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
        if (got < 0) return std::unexpected(errno);
        return static_cast<std::size_t>(got);
    }
    bool is_cold(std::span<const ByteRange>) override { return false; }
    std::unique_ptr<ReadAhead> read_ahead(std::span<const ByteRange>, Patience) override {
        return nullptr;
    }

private:
    int descriptor_;
};

/// The pipeline over a whole file.
void file(benchmark::State& state, const Hasher& hasher) {
    const auto total_bytes = static_cast<std::uint64_t>(state.range(0)) << 20;
    const auto piece_bytes = static_cast<std::uint32_t>(state.range(1)) << 10;
    TestFile test_file(total_bytes);
    std::vector<PieceIndex> pieces;
    for (std::uint64_t at = 0; at < total_bytes; at += piece_bytes) {
        pieces.emplace_back(static_cast<std::uint32_t>(pieces.size()));
    }
    const PieceRun run{.pieces = pieces,
                       .extent_of = equal_extents(piece_bytes, total_bytes),
                       .digests = {},
                       .threads = static_cast<unsigned>(state.range(2)),
                       .tile_bytes = static_cast<std::size_t>(state.range(3)) << 10};
    const PieceResultSink sink = [&](std::span<const PieceResult> results) {
        for (const PieceResult& result : results) {
            if (!result.readable) state.SkipWithError("unreadable");
        }
    };
    for (auto _ : state) {
        PieceProgress progress;
        hash_pieces(hasher, run, test_file, sink, progress, {});
    }
    report_bytes(state, total_bytes);
}

/// Reading the same file alone, a tile at a time, on one thread: the pipeline's floor.
void file_read(benchmark::State& state) {
    const auto total_bytes = static_cast<std::uint64_t>(state.range(0)) << 20;
    TestFile test_file(total_bytes);
    std::vector<std::byte> tile(static_cast<std::size_t>(state.range(1)) << 10);
    for (auto _ : state) {
        for (std::uint64_t at = 0; at < total_bytes; at += tile.size()) {
            if (!test_file.read(at, tile)) state.SkipWithError("unreadable");
        }
    }
    report_bytes(state, total_bytes);
}

// --- what is run

void register_steps() {
    for (const LaneKernel& kernel : all_kernels()) {
        if (!runs_here(kernel.needs)) continue;
        const auto one = [&](const std::string& what, LaneKernel::Algorithm algorithm,
                             std::size_t blocks) {
            benchmark::RegisterBenchmark(("step/" + what + "/" + kernel.name).c_str(),
                                         [=](benchmark::State& state) {
                                             step(state, algorithm.compress, kernel.lanes, blocks);
                                         });
        };
        one("sha1", kernel.sha1, 256);
        one("sha256", kernel.sha256, 256);
        one("parents", kernel.parents, 1);
    }
}

template <class Digest, class Many>
void register_many(const std::string& name, Many hash_many) {
    constexpr std::array batches = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 17, 24, 32, 40};
    auto* const near = benchmark::RegisterBenchmark(
        (name + "/l2").c_str(),
        [=](benchmark::State& state) { many<Digest>(state, in_l2_bytes, hash_many); });
    auto* const far = benchmark::RegisterBenchmark(
        (name + "/far").c_str(),
        [=](benchmark::State& state) { many<Digest>(state, out_of_cache_bytes, hash_many); });
    near->ArgNames({"batch", "bytes"});
    far->ArgNames({"batch", "bytes"});
    for (const int batch : batches) near->Args({batch, 16 * 1024});
    for (const int bytes : {64, 1024, 4096, 32 * 1024}) near->Args({16, bytes});
    for (const int batch : {1, 4, 8, 16}) far->Args({batch, 256 * 1024});
    for (const int bytes : {16 * 1024, 1024 * 1024, 4 * 1024 * 1024}) far->Args({16, bytes});
}

void register_hashers() {
    for (const std::string_view name : Hasher::names()) {
        const Hasher hasher = *Hasher::by_name(name);
        register_many<Sha1Digest>("sha1/" + std::string(name), [=](auto messages, auto& digests) {
            hasher.sha1_many(messages, digests);
        });
        register_many<Sha256Digest>(
            "sha256/" + std::string(name),
            [=](auto messages, auto& digests) { hasher.sha256_many(messages, digests); });
        benchmark::RegisterBenchmark(("parents/" + std::string(name)).c_str(),
                                     [=](benchmark::State& state) { parents(state, hasher); })
            ->Arg(1)
            ->Arg(16)
            ->Arg(64)
            ->Arg(1024);
        benchmark::RegisterBenchmark(("piece-root/" + std::string(name)).c_str(),
                                     [=](benchmark::State& state) { piece_root(state, hasher); })
            ->ArgName("kib")
            ->Arg(16)
            ->Arg(256)
            ->Arg(4096);
    }
    register_many<Sha1Digest>("sha1/one-by-one", [](const auto& messages, auto& digests) {
        for (std::size_t i = 0; i < messages.size(); ++i) digests[i] = sha1(messages[i]);
    });
    register_many<Sha256Digest>("sha256/one-by-one", [](const auto& messages, auto& digests) {
        for (std::size_t i = 0; i < messages.size(); ++i) digests[i] = sha256(messages[i]);
    });
}

void register_trees() {
    const Hasher hasher = Hasher::best();
    benchmark::RegisterBenchmark("layers", [=](benchmark::State& state) { layers(state, hasher); })
        ->Arg(1024)
        ->Arg(100'000);
    benchmark::RegisterBenchmark("proof/512",
                                 [=](benchmark::State& state) { proof(state, hasher); });
}

void register_files() {
    for (const std::string_view name : {Hasher::best().name(), std::string_view("openssl")}) {
        const Hasher hasher = *Hasher::by_name(name);
        auto* const pipeline =
            benchmark::RegisterBenchmark(("file/hash/" + std::string(name)).c_str(),
                                         [=](benchmark::State& state) { file(state, hasher); });
        pipeline->ArgNames({"mib", "piece_kib", "threads", "tile_kib"});
        pipeline->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
        for (const int threads : {1, 2}) {
            pipeline->Args({16, 256, threads, 32});
            for (const int tile : {16, 32, 64}) pipeline->Args({1024, 256, threads, tile});
            pipeline->Args({1024, 16, threads, 32});
            pipeline->Args({1024, 4096, threads, 32});
        }
    }
    auto* const reading = benchmark::RegisterBenchmark("file/read", file_read);
    reading->ArgNames({"mib", "tile_kib"})->Unit(benchmark::kMillisecond);
    reading->Args({16, 16});
    for (const int tile : {16, 64, 256}) reading->Args({1024, tile});
}

}  // namespace

int main(int argc, char** argv) {
    register_steps();
    register_hashers();
    register_trees();
    register_files();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
