#include "engine/cli/selection.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::cli;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// Pieces of 1 KiB over: cover.jpg 1500, cd1/01.flac 1000, pad 572, cd1/02.flac 1024,
/// cd2/01.flac 10.
metainfo::Metainfo album() {
    metainfo::Metainfo torrent;
    torrent.name = "album";
    torrent.single_file = false;
    torrent.piece_length_bytes = 1024;
    const auto add = [&](std::vector<std::string> path, std::uint64_t size, bool pad = false) {
        torrent.files.push_back({.path = std::move(path),
                                 .size_bytes = size,
                                 .offset_bytes = torrent.total_bytes,
                                 .pad = pad});
        torrent.total_bytes += size;
    };
    add({"cover.jpg"}, 1500);
    add({"cd1", "01.flac"}, 1000);
    add({".pad", "572"}, 572, true);
    add({"cd1", "02.flac"}, 1024);
    add({"cd2", "01.flac"}, 10);
    torrent.piece_hashes.resize((torrent.total_bytes + 1023) / 1024);
    return torrent;
}

std::vector<bool> selected(const std::vector<std::string>& patterns) {
    return select_files(album(), patterns, "--select").value();
}

}  // namespace

TEST(SelectFiles, WithoutPatternsAllAreWanted) {
    EXPECT_THAT(selected({}), ElementsAre(true, true, true, true, true));
}

TEST(SelectFiles, NumbersCountFromOne) {
    EXPECT_THAT(selected({"1"}), ElementsAre(true, false, false, false, false));
    EXPECT_THAT(selected({"1,4-5"}), ElementsAre(true, false, false, true, true));
}

TEST(SelectFiles, PathsFoldersAndGlobsSelect) {
    EXPECT_THAT(selected({"cd1/02.flac"}), ElementsAre(false, false, false, true, false));
    EXPECT_THAT(selected({"cd1"}), ElementsAre(false, true, false, true, false));
    EXPECT_THAT(selected({"01.*"}), ElementsAre(false, true, false, false, true));
    EXPECT_THAT(selected({"cd?/01.flac"}), ElementsAre(false, true, false, false, true));
    EXPECT_THAT(selected({"*.jpg", "cd2"}), ElementsAre(true, false, false, false, true));
}

TEST(SelectFiles, WhatSelectsNothingIsAnError) {
    const auto error = [](const char* pattern) {
        const auto files = select_files(album(), {pattern}, "--first");
        return files ? "" : files.error();
    };
    EXPECT_THAT(error("9"), HasSubstr("--first \"9\" names no file"));
    EXPECT_THAT(error("1,nothing"), HasSubstr("\"nothing\""));
    EXPECT_NE(error(""), "");   // such as an unset variable of a script
    EXPECT_NE(error("3"), "");  // padding isn't for users
}

TEST(SkippedPieces, AreThoseWithoutASelectedByte) {
    const Bitfield skipped = skipped_pieces(album(), selected({"cd1/01.flac"}));
    ASSERT_EQ(skipped.size(), 5U);
    EXPECT_TRUE(skipped.test(0));
    EXPECT_FALSE(skipped.test(1));
    EXPECT_FALSE(skipped.test(2));
    EXPECT_TRUE(skipped.test(3));
    EXPECT_TRUE(skipped.test(4));
}

TEST(PiecesOf, AreThoseWithASelectedByte) {
    const Bitfield pieces = pieces_of(album(), selected({"1"}));
    ASSERT_EQ(pieces.size(), 5U);
    EXPECT_EQ(pieces.count(), 2U);
    EXPECT_TRUE(pieces.test(0) && pieces.test(1));
}

TEST(SkippedPieces, NoneWhenAllIsWanted) {
    EXPECT_EQ(skipped_pieces(album(), selected({})).size(), 0U);
}
