#include "hashing/verify_pipeline.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <mutex>
#include <set>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "hashing/digest.hpp"
#include "hashing/merkle.hpp"
#include "tests/hashing/memory_source.hpp"

using namespace spate;
using namespace spate::hashing;

namespace {

constexpr std::uint32_t mib = 1 << 20;

/// Data in memory, cut into pieces, with their digests.
struct Torrent {
    std::uint32_t piece_length_bytes;
    std::vector<std::byte> data;
    std::vector<PieceIndex> pieces;
    std::vector<Sha1Digest> digests;

    Torrent(std::uint32_t piece_length, std::size_t total_bytes)
        : piece_length_bytes(piece_length), data(total_bytes) {
        Prng(total_bytes).fill(data);
        for (std::size_t at = 0; at < total_bytes; at += piece_length) {
            pieces.emplace_back(static_cast<std::uint32_t>(pieces.size()));
            const std::size_t size = std::min<std::size_t>(piece_length, total_bytes - at);
            digests.push_back(sha1(Bytes(data).subspan(at, size)));
        }
    }

    PieceRun run(unsigned threads) const {
        return {.pieces = pieces,
                .extent_of = equal_extents(piece_length_bytes, data.size()),
                .digests = {},
                .threads = threads,
                .tile_bytes = 1024};
    }

    ExpectedDigests expected() const { return {.sha1 = digests, .roots = {}}; }
};

/// Files of random bytes, each beginning with a piece of its own, and what v1 and v2 say of them;
/// with pads between them (hybrid) or with gaps.
struct AlignedFiles {
    std::vector<std::byte> data;
    std::vector<PieceIndex> pieces;
    std::vector<PieceExtent> extents;
    std::vector<Sha1Digest> digests;
    std::vector<Sha256Digest> roots;

    AlignedFiles(std::uint32_t piece_length, const std::vector<std::uint32_t>& sizes, bool pads) {
        const Hasher hasher = Hasher::best();
        for (const std::uint32_t size : sizes) {
            const std::size_t begin = data.size();
            data.resize(begin + (size + piece_length - 1) / piece_length * piece_length);
            Prng(size).fill(MutableBytes(data).subspan(begin, size));
            for (std::uint32_t at = 0; at < size; at += piece_length) {
                const std::uint32_t covered = std::min(piece_length, size - at);
                const std::uint32_t leaves =
                    std::min(piece_length, std::bit_ceil(size)) / leaf_bytes;
                pieces.emplace_back(static_cast<std::uint32_t>(pieces.size()));
                extents.push_back({begin + at, pads ? piece_length : covered, covered,
                                   std::max<std::uint32_t>(leaves, 1)});
                const Bytes piece = Bytes(data).subspan(begin + at, covered);
                digests.push_back(sha1(Bytes(data).subspan(begin + at, extents.back().size_bytes)));
                roots.push_back(
                    merkle_root(hasher, leaf_hashes(hasher, piece), extents.back().leaves));
            }
        }
    }

    PieceRun run(unsigned threads) const {
        return {.pieces = pieces,
                .extent_of = [this](PieceIndex piece) { return extents[piece.value]; },
                .digests = {},
                .threads = threads};
    }
};

const std::vector<std::uint32_t> odd_sizes = {
    3 * 65536 + 1, 65536, 1, 16384, 16385, 40000, 65535, 65537, 7 * 65536, 20 * 65536 + 20000};

constexpr auto ignore_results = [](std::span<const PieceResult>) {};

}  // namespace

struct How {
    unsigned threads;
    bool cold;
};

class VerifyPieces : public testing::TestWithParam<How> {
protected:
    VerifyReport verify(const Torrent& torrent, MemorySource& source) {
        source.cold = GetParam().cold;
        return verify_pieces(hasher_, torrent.run(threads()), torrent.expected(), source, progress_,
                             {});
    }
    VerifyReport verify(const Torrent& torrent) {
        MemorySource source(torrent.data);
        return verify(torrent, source);
    }
    VerifyReport verify(const AlignedFiles& files, const ExpectedDigests& expected) {
        MemorySource source(files.data);
        source.cold = GetParam().cold;
        return verify_pieces(hasher_, files.run(threads()), expected, source, progress_, {});
    }

    unsigned threads() const { return GetParam().threads; }

    Hasher hasher_ = Hasher::best();
    PieceProgress progress_;
};

INSTANTIATE_TEST_SUITE_P(Threads, VerifyPieces,
                         testing::Values(How{1, false}, How{2, false}, How{7, false}, How{1, true},
                                         How{2, true}, How{7, true}),
                         [](const auto& how) {
                             return std::to_string(how.param.threads) +
                                    (how.param.cold ? "Cold" : "Hot");
                         });

TEST_P(VerifyPieces, FindsAllPiecesGoodTheShortLastOneToo) {
    const Torrent torrent(5000, 5000 * 70 + 123);
    const VerifyReport report = verify(torrent);
    EXPECT_EQ(report.end, PieceRunEnd::completed);
    EXPECT_EQ(report.good, torrent.pieces);
    EXPECT_TRUE(report.bad.empty());
    EXPECT_TRUE(report.unreadable.empty());
    EXPECT_EQ(progress_.bytes, torrent.data.size());
}

TEST_P(VerifyPieces, PiecesMayBeSmallerThanATile) {
    const Torrent torrent(100, 100 * 50 + 1);
    EXPECT_EQ(verify(torrent).good, torrent.pieces);
}

TEST_P(VerifyPieces, PiecesMayBeLongerThanARound) {
    const Torrent torrent(4 * mib, 33 * mib + 77);
    EXPECT_EQ(verify(torrent).good, torrent.pieces);
    EXPECT_EQ(progress_.bytes, torrent.data.size());
}

TEST_P(VerifyPieces, OneFlippedBitMakesItsPieceBad) {
    Torrent torrent(4096, 4096 * 40);
    torrent.data[4096 * 17 + 4095] ^= std::byte{1};
    const VerifyReport report = verify(torrent);
    EXPECT_EQ(report.bad, std::vector{PieceIndex(17)});
    EXPECT_EQ(report.good.size(), 39U);
}

TEST_P(VerifyPieces, AReadErrorNamesItsOffsetAndTheRestGoesOn) {
    const Torrent torrent(4096, 4096 * 40);
    MemorySource source(torrent.data);
    source.error_at = [](std::uint64_t offset) {
        return offset == 4096 * 5 + 2048 ? std::optional(EIO) : std::nullopt;
    };
    const VerifyReport report = verify(torrent, source);
    ASSERT_EQ(report.unreadable.size(), 1U);
    EXPECT_EQ(report.unreadable[0].piece, PieceIndex(5));
    EXPECT_EQ(report.unreadable[0].error, EIO);
    EXPECT_EQ(report.unreadable[0].error_offset_bytes, 4096U * 5 + 2048);
    EXPECT_EQ(report.good.size(), 39U);
    EXPECT_EQ(report.end, PieceRunEnd::completed);
}

TEST_P(VerifyPieces, AnErrorInALaterRoundCostsItsPieceOnly) {
    const Torrent torrent(3 * mib, 24 * mib);
    MemorySource source(torrent.data);
    source.error_at = [](std::uint64_t offset) {
        return offset == 8 * mib + 512 * 1024 ? std::optional(EIO) : std::nullopt;
    };
    const VerifyReport report = verify(torrent, source);
    ASSERT_EQ(report.unreadable.size(), 1U);
    EXPECT_EQ(report.unreadable[0].piece, PieceIndex(2));
    EXPECT_EQ(report.unreadable[0].error_offset_bytes, 8U * mib + 512 * 1024);
    EXPECT_EQ(report.good.size(), 7U);
}

TEST_P(VerifyPieces, DataThatEndsEarlyIsUnreadableFromThereOn) {
    Torrent torrent(4096, 4096 * 20);
    const PieceRun run = torrent.run(threads());
    torrent.data.resize(4096 * 18 + 100);
    MemorySource source(torrent.data);
    source.cold = GetParam().cold;
    const VerifyReport report =
        verify_pieces(hasher_, run, torrent.expected(), source, progress_, {});
    ASSERT_EQ(report.unreadable.size(), 2U);
    EXPECT_EQ(report.unreadable[0].piece, PieceIndex(18));
    EXPECT_EQ(report.unreadable[0].error, 0);
    EXPECT_EQ(report.unreadable[0].error_offset_bytes, 4096U * 18 + 100);
    EXPECT_EQ(report.good.size(), 18U);
}

TEST_P(VerifyPieces, ShortReadsAreContinued) {
    const Torrent torrent(4096, 4096 * 20);
    MemorySource source(torrent.data);
    source.read_bytes_max = 333;
    EXPECT_EQ(verify(torrent, source).good, torrent.pieces);
}

TEST_P(VerifyPieces, ASubsetInAnyOrderIsChecked) {
    const Torrent torrent(4096, 4096 * 40);
    const std::vector<PieceIndex> some = {PieceIndex(39), PieceIndex(3), PieceIndex(20),
                                          PieceIndex(21)};
    PieceRun run = torrent.run(threads());
    run.pieces = some;
    MemorySource source(torrent.data);
    source.cold = GetParam().cold;
    const VerifyReport report =
        verify_pieces(hasher_, run, torrent.expected(), source, progress_, {});
    EXPECT_EQ(report.good,
              (std::vector{PieceIndex(3), PieceIndex(20), PieceIndex(21), PieceIndex(39)}));
}

TEST_P(VerifyPieces, NoPiecesIsNoWork) {
    const Torrent torrent(4096, 0);
    EXPECT_EQ(verify(torrent).end, PieceRunEnd::completed);
}

TEST_P(VerifyPieces, AHybridsPiecesNeedBothDigests) {
    AlignedFiles files(65536, odd_sizes, true);
    const ExpectedDigests both{.sha1 = files.digests, .roots = files.roots};
    EXPECT_EQ(verify(files, both).good, files.pieces);
    EXPECT_EQ(progress_.bytes, files.data.size());
    files.digests[3].bytes[0] ^= std::byte{1};
    files.roots[7].bytes[31] ^= std::byte{1};
    EXPECT_EQ(verify(files, both).bad, (std::vector{PieceIndex(3), PieceIndex(7)}));
}

TEST_P(VerifyPieces, AV2TorrentsPiecesEndWithTheirFiles) {
    const AlignedFiles files(65536, odd_sizes, false);
    EXPECT_EQ(verify(files, {.sha1 = {}, .roots = files.roots}).good, files.pieces);
    std::uint64_t sum = 0;
    for (const std::uint32_t size : odd_sizes) sum += size;
    EXPECT_EQ(progress_.bytes, sum);
}

TEST_P(VerifyPieces, AFlippedBitInAPadIsV1sConcernOnly) {
    AlignedFiles files(65536, {1000, 1000}, true);
    files.data[5000] ^= std::byte{4};
    EXPECT_EQ(verify(files, {.sha1 = {}, .roots = files.roots}).good, files.pieces);
    EXPECT_EQ(verify(files, {.sha1 = files.digests, .roots = files.roots}).bad,
              std::vector{PieceIndex(0)});
}

TEST_P(VerifyPieces, RootsOfPiecesLongerThanARoundAreRight) {
    const AlignedFiles files(4 * mib, {9 * mib + 5, 4 * mib, 100'000}, false);
    EXPECT_EQ(verify(files, {.sha1 = {}, .roots = files.roots}).good, files.pieces);
}

TEST_P(VerifyPieces, OnlyTheDigestsThatWereAskedForAreThere) {
    const AlignedFiles files(65536, odd_sizes, true);
    MemorySource source(files.data);
    source.cold = GetParam().cold;
    for (const DigestChoice choice : {DigestChoice{true, false}, DigestChoice{false, true}}) {
        PieceRun run = files.run(threads());
        run.digests = choice;
        const auto sink = [&](std::span<const PieceResult> results) {
            for (const PieceResult& result : results) {
                EXPECT_EQ(result.digests.sha1.has_value(), choice.sha1);
                EXPECT_EQ(result.digests.root.has_value(), choice.root);
            }
        };
        EXPECT_EQ(hash_pieces(hasher_, run, source, sink, progress_, {}), PieceRunEnd::completed);
    }
}

TEST_P(VerifyPieces, AStopEndsTheRunEarly) {
    const Torrent torrent(4096, 4096 * 2000);
    std::stop_source stop;
    std::atomic<std::uint64_t> reads_after_stop{0};
    MemorySource source(torrent.data);
    source.on_read = [&](std::uint64_t offset, MutableBytes) {
        if (stop.stop_requested()) ++reads_after_stop;
        if (offset >= 4096 * 100) stop.request_stop();
    };
    if (GetParam().cold) {
        source.cold = true;
        source.error_at = [](std::uint64_t offset) {  // so that it is read() from there on
            return offset >= 4096 * 600 ? std::optional(EIO) : std::nullopt;
        };
    }
    const VerifyReport report = verify_pieces(hasher_, torrent.run(threads()), torrent.expected(),
                                              source, progress_, stop.get_token());
    EXPECT_EQ(report.end, PieceRunEnd::cancelled);
    EXPECT_LE(reads_after_stop, (threads() + 1) * pieces_abreast) << "at most the tile at hand";
    EXPECT_LT(report.good.size(), 2000U);
    EXPECT_TRUE(report.bad.empty());
    EXPECT_EQ(source.read_aheads(), 0U) << "what was read ahead is given back";
}

TEST_P(VerifyPieces, HoldsNoMoreBuffersThanItSays) {
    const Torrent torrent(8192, 8192 * 200);
    const PieceRun run = torrent.run(threads());
    std::mutex mutex;
    std::set<const std::byte*> tiles;
    MemorySource source(torrent.data);
    source.on_read = [&](std::uint64_t, MutableBytes out) {
        EXPECT_LE(out.size(), run.tile_bytes);
        const std::lock_guard lock(mutex);
        tiles.insert(out.data());
    };
    EXPECT_EQ(verify(torrent, source).good, torrent.pieces);
    EXPECT_LE(tiles.size() * run.tile_bytes, buffer_bytes_max(run));
}

TEST_P(VerifyPieces, RunsNoMoreThreadsThanAllowed) {
    const Torrent torrent(4096, 4096 * 200);
    std::atomic<unsigned> inside{0}, most{0};
    MemorySource source(torrent.data);
    source.on_read = [&](std::uint64_t, MutableBytes) {
        const unsigned now = ++inside;
        for (unsigned seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --inside;
    };
    EXPECT_EQ(verify(torrent, source).good, torrent.pieces);
    EXPECT_LE(most, threads());
}

TEST_P(VerifyPieces, EachPieceHasOneResult) {
    const Torrent torrent(4096, 4096 * 1000);
    std::vector<PieceIndex> seen;
    const auto sink = [&](std::span<const PieceResult> results) {
        for (const PieceResult& result : results) seen.push_back(result.piece);
    };
    MemorySource source(torrent.data);
    source.cold = GetParam().cold;
    hash_pieces(hasher_, torrent.run(threads()), source, sink, progress_, {});
    std::ranges::sort(seen);
    EXPECT_EQ(seen, torrent.pieces);
}

TEST(HashPieces, AStopBeforeTheStartReadsNothing) {
    const Torrent torrent(4096, 4096 * 10);
    std::stop_source stop;
    stop.request_stop();
    PieceProgress progress;
    MemorySource source(torrent.data);
    EXPECT_EQ(hash_pieces(Hasher::best(), torrent.run(2), source, ignore_results, progress,
                          stop.get_token()),
              PieceRunEnd::cancelled);
    EXPECT_EQ(progress.bytes, 0U);
}

class ReadAheadOfPieces : public testing::TestWithParam<std::size_t> {
protected:
    VerifyReport verify(const Torrent& torrent, MemorySource& source) {
        source.cold = true;
        source.read_aheads_max = GetParam();
        PieceProgress progress;
        return verify_pieces(Hasher::best(), torrent.run(2), torrent.expected(), source, progress,
                             {});
    }
};

// One more than what is ahead is the least; beyond that, more is only faster.
INSTANTIATE_TEST_SUITE_P(Memory, ReadAheadOfPieces, testing::Values(batches_ahead + 1, 8U));

TEST_P(ReadAheadOfPieces, ReadsEachByteOnceInPartsOfLimitedSize) {
    for (const std::uint32_t piece_length : {16'384U, 262'144U, 1'048'576U, 5'000'000U}) {
        const Torrent torrent(piece_length, 18 * mib + 9);
        MemorySource source(torrent.data);
        source.on_read = [](std::uint64_t, MutableBytes) { ADD_FAILURE() << "not read ahead"; };
        EXPECT_EQ(verify(torrent, source).good, torrent.pieces);
        EXPECT_EQ(source.read_ahead_bytes, torrent.data.size());
        EXPECT_LE(source.largest_read_ahead_bytes, PieceSource::read_ahead_bytes_max);
        EXPECT_GE(source.largest_read_ahead_bytes, PieceSource::read_ahead_bytes_max / 2);
        EXPECT_LE(source.most_read_aheads, GetParam());
    }
}

TEST(HashPieces, WithoutMemoryForItTheDataIsReadAllTheSame) {
    const Torrent torrent(65536, 3 * mib);
    MemorySource source(torrent.data);
    source.cold = true;
    source.read_aheads_max = 0;
    PieceProgress progress;
    EXPECT_EQ(
        verify_pieces(Hasher::best(), torrent.run(2), torrent.expected(), source, progress, {})
            .good,
        torrent.pieces);
}

TEST(HashPieces, InTheBackgroundItsThreadsAreNice) {
    const Torrent torrent(4096, 4096 * 100);
    PieceRun run = torrent.run(2);
    run.background = true;
    MemorySource source(torrent.data);
    std::atomic<int> least{99};
    source.on_read = [&](std::uint64_t, MutableBytes) {
        const int nice = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
        for (int seen = least; nice < seen && !least.compare_exchange_weak(seen, nice);) {
        }
    };
    // On a thread of its own: it stays nice.
    std::jthread([&] {
        PieceProgress progress;
        hash_pieces(Hasher::best(), run, source, ignore_results, progress, {});
    }).join();
    EXPECT_GE(least, background_nice);
}
