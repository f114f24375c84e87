#include "engine/metainfo/torrent_writer.hpp"

#include <gtest/gtest.h>

#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/piece_size.hpp"

using namespace spate;
using namespace spate::metainfo;

namespace {

Sha1Digest digest(int value) {
    Sha1Digest filled;
    filled.bytes.fill(std::byte(value));
    return filled;
}

NewTorrent folder() {
    NewTorrent torrent;
    torrent.name = "folder";
    torrent.single_file = false;
    torrent.files = {{.path = {"a"}, .size_bytes = 16000, .pad = false, .executable = true},
                     {.path = {".pad", "384"}, .size_bytes = 384, .pad = true},
                     {.path = {"b", "empty"}, .size_bytes = 0},
                     {.path = {"b", "last"}, .size_bytes = 5}};
    torrent.piece_length_bytes = 16384;
    torrent.piece_hashes = {digest(1), digest(2)};
    torrent.is_private = true;
    torrent.source = "SITE";
    torrent.tracker_tiers = {{"http://a/announce", "http://b/announce"}, {"udp://c:1"}};
    torrent.web_seeds = {"http://w/"};
    torrent.comment = "Dune\nété";
    torrent.created_by = "spate";
    torrent.creation_date = 1'700'000'000;
    return torrent;
}

}  // namespace

TEST(TorrentWriter, ParsingGivesBackWhatWasWritten) {
    const NewTorrent made = folder();
    const auto file = write_torrent(made);
    const auto read = parse_torrent(file);
    ASSERT_TRUE(read) << read.error().sentence;
    EXPECT_EQ(read->name, made.name);
    EXPECT_FALSE(read->single_file);
    EXPECT_EQ(read->total_bytes, 16389U);
    ASSERT_EQ(read->files.size(), made.files.size());
    for (std::size_t i = 0; i < made.files.size(); ++i) {
        EXPECT_EQ(read->files[i].path, made.files[i].path);
        EXPECT_EQ(read->files[i].size_bytes, made.files[i].size_bytes);
        EXPECT_EQ(read->files[i].pad, made.files[i].pad);
        EXPECT_EQ(read->files[i].executable, made.files[i].executable);
    }
    EXPECT_EQ(read->piece_hashes, made.piece_hashes);
    EXPECT_TRUE(read->is_private);
    EXPECT_EQ(read->source, made.source);
    EXPECT_EQ(read->tracker_tiers, made.tracker_tiers);
    EXPECT_EQ(read->web_seeds, made.web_seeds);
    EXPECT_EQ(read->comment, made.comment);
    EXPECT_EQ(read->created_by, made.created_by);
    EXPECT_EQ(read->creation_date, made.creation_date);
}

TEST(TorrentWriter, OutputIsCanonical) {
    const auto file = write_torrent(folder());
    const auto document = bencode::parse(file);
    ASSERT_TRUE(document);
    EXPECT_TRUE(document->is_canonical());
}

TEST(TorrentWriter, SmallestSingleFileIsWrittenToTheByte) {
    NewTorrent torrent;
    torrent.name = "f";
    torrent.files = {{.path = {}, .size_bytes = 1}};
    torrent.piece_length_bytes = 16384;
    torrent.piece_hashes = {digest('x')};
    torrent.tracker_tiers = {{"http://t"}};
    EXPECT_EQ(as_text(write_torrent(torrent)),
              "d8:announce8:http://t4:infod6:lengthi1e4:name1:f12:piece lengthi16384e6:pieces20:"
              "xxxxxxxxxxxxxxxxxxxxee");
}

TEST(TorrentWriter, ATorrentReadIsWrittenAroundItsInfoUnchanged) {
    auto read = parse_info(write_info(folder()));
    ASSERT_TRUE(read);
    read->tracker_tiers = {{"http://t"}};
    read->nodes = {{"host", 6881}};
    read->http_seeds = {"http://h"};
    EXPECT_EQ(parse_torrent(write_torrent(*read)), *read);
}

TEST(TorrentWriterDeathTest, PiecesThatDoNotFitAreABug) {
    NewTorrent torrent = folder();
    torrent.piece_hashes.pop_back();
    EXPECT_DEATH(write_info(torrent), "piece_hashes");
}

TEST(PieceSize, AimsAtOneToTwoThousandPieces) {
    EXPECT_EQ(choose_piece_length_bytes(1), 16U << 10);
    EXPECT_EQ(choose_piece_length_bytes(2000UL * (16 << 10)), 16U << 10);
    EXPECT_EQ(choose_piece_length_bytes(2000UL * (16 << 10) + 1), 32U << 10);
    EXPECT_EQ(choose_piece_length_bytes(1UL << 30), 1U << 20);
    EXPECT_EQ(choose_piece_length_bytes(1UL << 40), 16U << 20);
}

TEST(PieceSize, GrowsFurtherOnlyWhereThePiecesWouldBeTooMany) {
    EXPECT_EQ(choose_piece_length_bytes(pieces_max * (16UL << 20)), 16U << 20);
    EXPECT_EQ(choose_piece_length_bytes(pieces_max * (16UL << 20) + 1), 32U << 20);
    EXPECT_EQ(choose_piece_length_bytes(total_bytes_max), piece_length_bytes_max);
}
