#include "hashing/verify_pipeline.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "hashing/digest.hpp"

using namespace spate;
using namespace spate::hashing;

namespace {

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
        return {.piece_length_bytes = piece_length_bytes,
                .total_bytes = data.size(),
                .pieces = pieces,
                .threads = threads,
                .tile_bytes = 1024};
    }

    PieceReader reader() const {
        return [this](std::uint64_t offset, MutableBytes out) -> std::expected<std::size_t, int> {
            if (offset >= data.size()) return 0;
            const std::size_t count = std::min<std::size_t>(out.size(), data.size() - offset);
            std::memcpy(out.data(), data.data() + offset, count);
            return count;
        };
    }
};

constexpr auto ignore_results = [](std::span<const PieceResult>) {};

}  // namespace

class VerifyPieces : public testing::TestWithParam<unsigned> {
protected:
    VerifyReport verify(const Torrent& torrent, const PieceReader& reader) {
        return verify_pieces(hasher_, torrent.run(GetParam()), torrent.digests, reader, progress_,
                             {});
    }

    Hasher hasher_ = Hasher::best();
    PieceProgress progress_;
};

INSTANTIATE_TEST_SUITE_P(Threads, VerifyPieces, testing::Values(1U, 2U, 7U));

TEST_P(VerifyPieces, FindsAllPiecesGoodTheShortLastOneToo) {
    const Torrent torrent(5000, 5000 * 70 + 123);
    const VerifyReport report = verify(torrent, torrent.reader());
    EXPECT_EQ(report.end, PieceRunEnd::completed);
    EXPECT_EQ(report.good, torrent.pieces);
    EXPECT_TRUE(report.bad.empty());
    EXPECT_TRUE(report.unreadable.empty());
    EXPECT_EQ(progress_.bytes, torrent.data.size());
}

TEST_P(VerifyPieces, PiecesMayBeSmallerThanATile) {
    const Torrent torrent(100, 100 * 50 + 1);
    EXPECT_EQ(verify(torrent, torrent.reader()).good, torrent.pieces);
}

TEST_P(VerifyPieces, OneFlippedBitMakesItsPieceBad) {
    Torrent torrent(4096, 4096 * 40);
    torrent.data[4096 * 17 + 4095] ^= std::byte{1};
    const VerifyReport report = verify(torrent, torrent.reader());
    EXPECT_EQ(report.bad, std::vector{PieceIndex(17)});
    EXPECT_EQ(report.good.size(), 39U);
}

TEST_P(VerifyPieces, AReadErrorNamesItsOffsetAndTheRestGoesOn) {
    const Torrent torrent(4096, 4096 * 40);
    const PieceReader reader = [&](std::uint64_t offset,
                                   MutableBytes out) -> std::expected<std::size_t, int> {
        if (offset == 4096 * 5 + 2048) return std::unexpected(EIO);
        return torrent.reader()(offset, out);
    };
    const VerifyReport report = verify(torrent, reader);
    ASSERT_EQ(report.unreadable.size(), 1U);
    EXPECT_EQ(report.unreadable[0].piece, PieceIndex(5));
    EXPECT_EQ(report.unreadable[0].error, EIO);
    EXPECT_EQ(report.unreadable[0].error_offset_bytes, 4096U * 5 + 2048);
    EXPECT_EQ(report.good.size(), 39U);
    EXPECT_EQ(report.end, PieceRunEnd::completed);
}

TEST_P(VerifyPieces, DataThatEndsEarlyIsUnreadableFromThereOn) {
    Torrent torrent(4096, 4096 * 20);
    const PieceRun run = torrent.run(GetParam());
    torrent.data.resize(4096 * 18 + 100);
    const VerifyReport report =
        verify_pieces(hasher_, run, torrent.digests, torrent.reader(), progress_, {});
    ASSERT_EQ(report.unreadable.size(), 2U);
    EXPECT_EQ(report.unreadable[0].piece, PieceIndex(18));
    EXPECT_EQ(report.unreadable[0].error, 0);
    EXPECT_EQ(report.unreadable[0].error_offset_bytes, 4096U * 18 + 100);
    EXPECT_EQ(report.good.size(), 18U);
}

TEST_P(VerifyPieces, ShortReadsAreContinued) {
    const Torrent torrent(4096, 4096 * 20);
    const PieceReader reader = [&](std::uint64_t offset, MutableBytes out) {
        return torrent.reader()(offset, out.first(std::min<std::size_t>(out.size(), 333)));
    };
    EXPECT_EQ(verify(torrent, reader).good, torrent.pieces);
}

TEST_P(VerifyPieces, ASubsetInAnyOrderIsChecked) {
    const Torrent torrent(4096, 4096 * 40);
    const std::vector<PieceIndex> some = {PieceIndex(39), PieceIndex(3), PieceIndex(20)};
    PieceRun run = torrent.run(GetParam());
    run.pieces = some;
    const VerifyReport report =
        verify_pieces(hasher_, run, torrent.digests, torrent.reader(), progress_, {});
    EXPECT_EQ(report.good, (std::vector{PieceIndex(3), PieceIndex(20), PieceIndex(39)}));
}

TEST_P(VerifyPieces, NoPiecesIsNoWork) {
    const Torrent torrent(4096, 0);
    EXPECT_EQ(verify(torrent, torrent.reader()).end, PieceRunEnd::completed);
}

TEST_P(VerifyPieces, AStopEndsTheRunEarly) {
    const Torrent torrent(4096, 4096 * 2000);
    std::stop_source stop;
    std::atomic<std::uint64_t> reads_after_stop{0};
    const PieceReader reader = [&](std::uint64_t offset, MutableBytes out) {
        if (stop.stop_requested()) ++reads_after_stop;
        if (offset >= 4096 * 100) stop.request_stop();
        return torrent.reader()(offset, out);
    };
    const VerifyReport report = verify_pieces(hasher_, torrent.run(GetParam()), torrent.digests,
                                              reader, progress_, stop.get_token());
    EXPECT_EQ(report.end, PieceRunEnd::cancelled);
    EXPECT_LE(reads_after_stop, (GetParam() + 1) * lanes_max) << "at most the tile at hand";
    EXPECT_LT(report.good.size(), 2000U);
    EXPECT_TRUE(report.bad.empty());
}

TEST_P(VerifyPieces, HoldsNoMoreBuffersThanItSays) {
    const Torrent torrent(8192, 8192 * 200);
    const PieceRun run = torrent.run(GetParam());
    std::mutex mutex;
    std::set<const std::byte*> tiles;
    const PieceReader reader = [&](std::uint64_t offset, MutableBytes out) {
        EXPECT_LE(out.size(), run.tile_bytes);
        {
            const std::lock_guard lock(mutex);
            tiles.insert(out.data());
        }
        return torrent.reader()(offset, out);
    };
    EXPECT_EQ(verify(torrent, reader).good, torrent.pieces);
    EXPECT_LE(tiles.size() * run.tile_bytes, buffer_bytes_max(run));
}

TEST_P(VerifyPieces, RunsNoMoreThreadsThanAllowed) {
    const Torrent torrent(4096, 4096 * 200);
    std::atomic<unsigned> inside{0}, most{0};
    const PieceReader reader = [&](std::uint64_t offset, MutableBytes out) {
        const unsigned now = ++inside;
        for (unsigned seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        const auto result = torrent.reader()(offset, out);
        --inside;
        return result;
    };
    EXPECT_EQ(verify(torrent, reader).good, torrent.pieces);
    EXPECT_LE(most, GetParam());
}

TEST_P(VerifyPieces, ResultsComeInBatchesOfAtMostSixteenAndEachPieceOnce) {
    const Torrent torrent(4096, 4096 * 100);
    std::vector<PieceIndex> seen;
    const auto sink = [&](std::span<const PieceResult> results) {
        EXPECT_LE(results.size(), lanes_max);
        for (const PieceResult& result : results) seen.push_back(result.piece);
    };
    const PieceReader reader = torrent.reader();
    hash_pieces(hasher_, torrent.run(GetParam()), reader, sink, progress_, {});
    std::ranges::sort(seen);
    EXPECT_EQ(seen, torrent.pieces);
}

TEST(HashPieces, AStopBeforeTheStartReadsNothing) {
    const Torrent torrent(4096, 4096 * 10);
    std::stop_source stop;
    stop.request_stop();
    PieceProgress progress;
    EXPECT_EQ(hash_pieces(Hasher::best(), torrent.run(2), torrent.reader(), ignore_results,
                          progress, stop.get_token()),
              PieceRunEnd::cancelled);
    EXPECT_EQ(progress.bytes, 0U);
}
