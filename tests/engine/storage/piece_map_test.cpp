#include "engine/storage/piece_map.hpp"

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "torrent_fixture.hpp"

using namespace spate;
using namespace spate::storage;

namespace {

using Slices = std::vector<FileSlice>;

/// Pieces of 10 bytes: a has 0-14, empty none, pad 15-19, b 20-41, last 42-44.
PieceMap small_map() {
    return PieceMap(folder_of({{"a", 15},
                               {"empty", 0},
                               {"pad", 5, true},
                               {"b", 22},
                               {"empty2", 0},
                               {"last", 3},
                               {"e3", 0}},
                              10));
}

FileIndex file(std::uint32_t index) {
    return FileIndex{index};
}

PieceRange range(std::uint32_t first, std::uint32_t end) {
    return {PieceIndex{first}, PieceIndex{end}};
}

}  // namespace

TEST(PieceMap, APieceInsideAFileIsOneSlice) {
    EXPECT_EQ(small_map().slices(PieceIndex{0}), (Slices{{file(0), 0, 10, false}}));
    EXPECT_EQ(small_map().slices(PieceIndex{3}), (Slices{{file(3), 10, 10, false}}));
}

TEST(PieceMap, PaddingIsYieldedWithItsFlagAndEmptyFilesAreNot) {
    EXPECT_EQ(small_map().slices(PieceIndex{1}),
              (Slices{{file(0), 10, 5, false}, {file(2), 0, 5, true}}));
}

TEST(PieceMap, TheLastPieceIsShort) {
    const PieceMap map = small_map();
    EXPECT_EQ(map.piece_count(), 5U);
    EXPECT_EQ(map.piece_size_bytes(PieceIndex{4}), 5U);
    EXPECT_EQ(map.slices(PieceIndex{4}), (Slices{{file(3), 20, 2, false}, {file(5), 0, 3, false}}));
}

TEST(PieceMap, PaddingBehindAFileIsNoPartOfAPieceWithoutV1) {
    metainfo::Metainfo torrent =
        folder_of({{"a", 15}, {"pad", 5, true}, {"empty", 0}, {"b", 20}, {"last", 3}}, 10);
    torrent.piece_hashes.clear();
    torrent.info_hash_v2 = InfoHashV2{};
    const PieceMap map(torrent);
    EXPECT_EQ(map.piece_count(), 5U);
    EXPECT_EQ(map.slices(PieceIndex{1}), (Slices{{file(0), 10, 5, false}}));
    EXPECT_EQ(map.slices(PieceIndex{3}), (Slices{{file(3), 10, 10, false}}));
    EXPECT_EQ(map.slices(PieceIndex{4}), (Slices{{file(4), 0, 3, false}}));
    EXPECT_DEATH(map.slices(BlockRef{PieceIndex{1}, 0, 6}), "size");
}

TEST(PieceMap, ABlockIsAnyRangeOfItsPiece) {
    const PieceMap map = small_map();
    EXPECT_EQ(map.slices(BlockRef{PieceIndex{4}, 2, 1}), (Slices{{file(5), 0, 1, false}}));
    EXPECT_EQ(map.slices(BlockRef{PieceIndex{4}, 1, 2}),
              (Slices{{file(3), 21, 1, false}, {file(5), 0, 1, false}}));
    EXPECT_TRUE(map.slices(BlockRef{PieceIndex{4}, 5, 0}).empty());
}

TEST(PieceMap, FilesKnowTheirPieces) {
    const PieceMap map = small_map();
    EXPECT_EQ(map.pieces_of(file(0)), range(0, 2));
    EXPECT_TRUE(map.pieces_of(file(1)).empty());
    EXPECT_EQ(map.pieces_of(file(2)), range(1, 2));
    EXPECT_EQ(map.pieces_of(file(3)), range(2, 5));
    EXPECT_EQ(map.pieces_of(file(5)), range(4, 5));
    EXPECT_TRUE(map.pieces_of(file(6)).empty());
    EXPECT_EQ(map.pieces_of(file(3), 10), range(3, 5)) << "from a piece's first byte";
    EXPECT_EQ(map.pieces_of(file(3), 19), range(3, 5));
    EXPECT_TRUE(map.pieces_of(file(3), 22).empty());
}

TEST(PieceMap, SlicesCoverRandomTorrentsByteForByte) {
    Prng prng(7);
    for (int round = 0; round < 200; ++round) {
        std::vector<FixtureFile> files{{"first", 1 + prng.below(50)}};
        for (std::uint64_t i = prng.below(20); i > 0; --i)
            files.push_back({"f", prng.below(3) == 0 ? 0 : prng.below(40), prng.below(4) == 0});
        const PieceMap map(folder_of(files, 1 + static_cast<std::uint32_t>(prng.below(30))));
        std::vector<std::uint64_t> seen_bytes(files.size());
        for (std::uint32_t piece = 0; piece < map.piece_count(); ++piece) {
            std::uint32_t covered = 0;
            map.for_each_slice(
                {PieceIndex{piece}, 0, map.piece_size_bytes(PieceIndex{piece})},
                [&](const FileSlice& slice) {
                    EXPECT_EQ(slice.offset_bytes, seen_bytes[slice.file.value]);
                    EXPECT_GT(slice.length_bytes, 0U);
                    EXPECT_EQ(slice.pad, files[slice.file.value].pad);
                    const PieceRange pieces = map.pieces_of(slice.file);
                    EXPECT_TRUE(pieces.first.value <= piece && piece < pieces.end.value);
                    seen_bytes[slice.file.value] += slice.length_bytes;
                    covered += slice.length_bytes;
                });
            EXPECT_EQ(covered, map.piece_size_bytes(PieceIndex{piece}));
        }
        for (std::size_t i = 0; i < files.size(); ++i)
            EXPECT_EQ(seen_bytes[i], files[i].size_bytes);
    }
}

TEST(PieceMap, OffsetsBeyondFourGibibytesStayExact) {
    const std::uint64_t size = 5UL << 40;
    const PieceMap map(folder_of({{"a", size}, {"b", 7}}, 16 << 20));
    const PieceIndex last{map.piece_count() - 1};
    EXPECT_EQ(map.slices(last), (Slices{{file(1), 0, 7, false}}));
    EXPECT_EQ(map.slices(BlockRef{PieceIndex{last.value - 1}, 5, 9}),
              (Slices{{file(0), size - (16 << 20) + 5, 9, false}}));
}

TEST(PieceMapDeathTest, BlocksOutsideTheirPieceAreABug) {
    const PieceMap map = small_map();
    EXPECT_DEATH(map.slices(BlockRef{PieceIndex{4}, 0, 6}), "block.length");
    EXPECT_DEATH(map.slices(BlockRef{PieceIndex{0}, 1, ~0U}), "block.length");
    EXPECT_DEATH(map.slices(PieceIndex{5}), "piece_count");
}
