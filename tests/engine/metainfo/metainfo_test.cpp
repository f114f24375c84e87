#include "engine/metainfo/metainfo.hpp"

#include <gtest/gtest.h>

#include "engine/base/hex.hpp"
#include "hashing/digest.hpp"
#include "torrent_builder.hpp"
#include "torrent_reader.hpp"

using namespace spate;
using namespace spate::metainfo;
using Kind = MetainfoErrorKind;

namespace {

Kind refused_info(const std::vector<std::pair<std::string, std::string>>& info) {
    return refusal(torrent_of(bencoded_dict(info))).kind;
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

}  // namespace

TEST(Metainfo, SingleFile) {
    const std::string info = single_info("data.bin");
    const Metainfo torrent = read(torrent_of(info));
    EXPECT_EQ(torrent.name, "data.bin");
    EXPECT_TRUE(torrent.single_file);
    EXPECT_EQ(torrent.total_bytes, 20'000U);
    ASSERT_EQ(torrent.files.size(), 1U);
    EXPECT_EQ(torrent.files[0].path, std::vector<std::string>{"data.bin"});
    EXPECT_EQ(torrent.piece_count(), 2U);
    EXPECT_EQ(torrent.piece_size_bytes(PieceIndex{0}), 16384U);
    EXPECT_EQ(torrent.piece_size_bytes(PieceIndex{1}), 3616U) << "the last piece is short";
    EXPECT_EQ(torrent.info_hash.bytes, hashing::sha1(as_bytes(info)).bytes);
    EXPECT_EQ(as_text(torrent.info_bytes), info);
    EXPECT_EQ(torrent.version(), "v1");
    EXPECT_FALSE(torrent.is_private);
}

TEST(Metainfo, FilesFollowOneAnotherInTheByteSpace) {
    const Metainfo torrent = read(torrent_of(
        info_of({file_of({"a"}, 5), file_of({"empty"}, 0), file_of({"b", "c"}, 7)}, 12)));
    EXPECT_FALSE(torrent.single_file);
    EXPECT_EQ(torrent.name, "folder");
    ASSERT_EQ(torrent.files.size(), 3U);
    EXPECT_EQ(torrent.files[1].offset_bytes, 5U);
    EXPECT_EQ(torrent.files[2].offset_bytes, 5U);
    EXPECT_EQ(torrent.files[2].path, (std::vector<std::string>{"b", "c"}));
    EXPECT_EQ(torrent.total_bytes, 12U);
}

TEST(Metainfo, InfoHashIsOfTheBytesAsWrittenEvenIfUnsorted) {
    const std::string info = bencoded_dict({{"pieces", piece_hashes(1)},
                                            {"piece length", bencoded(16384)},
                                            {"name", bencoded("x")},
                                            {"length", bencoded(1)}});
    EXPECT_EQ(read(torrent_of(info)).info_hash.bytes, hashing::sha1(as_bytes(info)).bytes);
    EXPECT_EQ(read(torrent_of(info) + "\n").total_bytes, 1U) << "a text editor's newline";
}

TEST(Metainfo, PaddingIsKnownByItsAttributeOrItsName) {
    const std::string attributed = bencoded_dict(
        {{"attr", bencoded("p")}, {"length", bencoded(3)}, {"path", bencoded_list({"pad3"})}});
    const Metainfo torrent = read(torrent_of(
        info_of({file_of({"a"}, 1), attributed, file_of({".pad", "9"}, 9), file_of({"b"}, 1),
                 file_of({".pad", "9"}, 9), file_of({"_____padding_file_0_if you see this"}, 2),
                 file_of({".pad", "notes"}, 1)},
                26)));
    std::string pads;
    for (const FileEntry& file : torrent.files) pads += file.pad ? 'p' : '-';
    EXPECT_EQ(pads, "-pp-pp-");
}

TEST(Metainfo, AttributesAreRead) {
    const std::string file = bencoded_dict(
        {{"attr", bencoded("xh")}, {"length", bencoded(3)}, {"path", bencoded_list({"tool"})}});
    const Metainfo torrent = read(torrent_of(info_of({file}, 3)));
    EXPECT_TRUE(torrent.files[0].executable);
    EXPECT_TRUE(torrent.files[0].hidden);
    EXPECT_FALSE(torrent.files[0].pad);
}

TEST(Metainfo, Utf8NamesArePreferred) {
    const std::string file = bencoded_dict({{"length", bencoded(3)},
                                            {"path", bencoded_list({"\xe9t\xe9"})},
                                            {"path.utf-8", bencoded_list({"été"})}});
    const std::string info = bencoded_dict({{"files", "l" + file + "e"},
                                            {"name", bencoded("\xe9")},
                                            {"name.utf-8", bencoded("é")},
                                            {"piece length", bencoded(16384)},
                                            {"pieces", piece_hashes(1)}});
    const Metainfo torrent = read(torrent_of(info));
    EXPECT_EQ(torrent.name, "é");
    EXPECT_EQ(torrent.files[0].path[0], "été");
}

TEST(Metainfo, PrivateAndSourceAreOfTheInfoDictionary) {
    const Metainfo torrent = read(torrent_of(bencoded_dict({{"length", bencoded(1)},
                                                            {"name", bencoded("x")},
                                                            {"piece length", bencoded(16384)},
                                                            {"pieces", piece_hashes(1)},
                                                            {"private", bencoded(1)},
                                                            {"source", bencoded("SITE")}})));
    EXPECT_TRUE(torrent.is_private);
    EXPECT_EQ(torrent.source, "SITE");
}

TEST(Metainfo, InfoAloneIsReadWithNothingAfterIt) {
    const std::string info = single_info("x");
    const auto parsed = parse_info(as_bytes(info));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, read(torrent_of(info)));
    EXPECT_FALSE(parse_info(as_bytes(info + "x")));
}

TEST(Metainfo, WhatIsNoTorrentIsRefused) {
    EXPECT_EQ(refusal("").kind, Kind::not_bencoded);
    EXPECT_EQ(refusal("<html>").kind, Kind::not_bencoded);
    EXPECT_EQ(refusal("le").kind, Kind::not_a_dictionary);
    EXPECT_EQ(refusal("de").kind, Kind::info_missing);
    EXPECT_EQ(refusal(torrent_of("i1e")).kind, Kind::not_a_dictionary);
    EXPECT_EQ(refusal(torrent_of("de")).kind, Kind::info_empty);
}

TEST(Metainfo, TenThousandNestedListsAreRefusedWithASentence) {
    const MetainfoError error = refusal(torrent_of(repeat("l", 10'000) + repeat("e", 10'000)));
    EXPECT_EQ(error.kind, Kind::not_bencoded);
    EXPECT_NE(error.sentence.find("nested too deeply"), std::string::npos) << error.sentence;
}

TEST(Metainfo, HostileNamesAreRefusedByName) {
    const MetainfoError error = refusal(torrent_of(single_info("../../etc/passwd")));
    EXPECT_EQ(error.kind, Kind::path_traversal);
    EXPECT_EQ(error.sentence, R"(the name "../../etc/passwd" would leave the download folder)");
    EXPECT_EQ(refusal(torrent_of(single_info("/etc/passwd"))).kind, Kind::path_absolute);
    EXPECT_EQ(refusal(torrent_of(single_info(".."))).kind, Kind::path_traversal);
    EXPECT_EQ(refusal(torrent_of(single_info("."))).kind, Kind::path_empty);
    EXPECT_EQ(refusal(torrent_of(single_info(""))).kind, Kind::path_empty);
    EXPECT_EQ(refusal(torrent_of(single_info(std::string("a\0b", 3)))).kind,
              Kind::path_control_character);
    EXPECT_EQ(refusal(torrent_of(info_of({file_of({"a"}, 1)}, 1, ".."))).kind,
              Kind::path_traversal);
}

TEST(Metainfo, HostilePathsAreRefusedByName) {
    const auto kind = [](const std::vector<std::string>& path) {
        return refusal(torrent_of(info_of({file_of(path, 1)}, 1))).kind;
    };
    EXPECT_EQ(kind({"..", "..", "etc", "passwd"}), Kind::path_traversal);
    EXPECT_EQ(kind({"../../etc/passwd"}), Kind::path_traversal);
    EXPECT_EQ(kind({"/etc/passwd"}), Kind::path_absolute);
    EXPECT_EQ(kind({"a", ""}), Kind::path_empty);
    EXPECT_EQ(kind({"a\nb"}), Kind::path_control_character);
    EXPECT_EQ(kind({}), Kind::path_missing);
    EXPECT_EQ(
        refusal(torrent_of(info_of({file_of({"ok"}, 1), file_of({"..", "x"}, 1)}, 2))).sentence,
        R"(the path of file 2: ".." would leave the download folder)");
    EXPECT_EQ(refusal(torrent_of(info_of({"i1e"}, 1))).kind, Kind::path_missing);
    EXPECT_EQ(refusal(torrent_of(info_of(
                          {bencoded_dict({{"length", bencoded(1)}, {"path", "li1ee"}})}, 1)))
                  .kind,
              Kind::path_missing);
}

TEST(Metainfo, PathsStopAtTheirLimits) {
    const auto parsed = [](const std::vector<std::string>& path) {
        return parse_torrent(as_bytes(torrent_of(info_of({file_of(path, 1)}, 1, "f"))));
    };
    EXPECT_TRUE(parsed(std::vector<std::string>(64, "d")));
    EXPECT_EQ(parsed(std::vector<std::string>(65, "d")).error().kind, Kind::path_too_long);
    std::vector<std::string> path(8, std::string(254, 'n'));
    path.push_back(std::string(6, 'n'));  // 1 + 8 * 255 + 7
    EXPECT_TRUE(parsed(path)) << "2048 bytes";
    path.back() += 'n';
    EXPECT_EQ(parsed(path).error().kind, Kind::path_too_long);
}

TEST(Metainfo, CollidingPathsAreRefused) {
    const auto refused = [](const std::vector<std::string>& files) {
        return refusal(torrent_of(info_of(files, files.size())));
    };
    EXPECT_EQ(refused({file_of({"a", "b"}, 1), file_of({"a", "b"}, 1)}).sentence,
              R"(two files have the same path "a/b")");
    EXPECT_EQ(refused({file_of({"a\xff"}, 1), file_of({"a\xfe"}, 1)}).kind, Kind::path_collision)
        << "the same after sanitising";
    EXPECT_EQ(refused({file_of({"a", "b"}, 1), file_of({"a-"}, 1), file_of({"a"}, 1)}).sentence,
              R"("a" is both a file and a folder)");
    read(torrent_of(info_of({file_of({"A"}, 1), file_of({"a"}, 1)}, 2)));
}

TEST(Metainfo, SizesAreCheckedBeforeTheyAreAdded) {
    const std::int64_t huge = std::int64_t{1} << 62;
    const auto kind = [](const std::vector<std::string>& files) {
        return refusal(torrent_of(info_of(files, 1))).kind;
    };
    EXPECT_EQ(kind({file_of({"a"}, huge), file_of({"b"}, huge), file_of({"c"}, huge)}),
              Kind::size_too_large);
    EXPECT_EQ(kind({file_of({"a"}, -1)}), Kind::size_invalid);
    EXPECT_EQ(kind({bencoded_dict({{"path", bencoded_list({"a"})}})}), Kind::size_invalid);
    const auto limit = static_cast<std::int64_t>(total_bytes_max);
    EXPECT_EQ(kind({file_of({"a"}, limit), file_of({"b"}, 1)}), Kind::size_too_large);
    EXPECT_EQ(kind({file_of({"a"}, limit)}), Kind::piece_count_mismatch);
    EXPECT_EQ(kind({file_of({"a"}, 0), file_of({"b"}, 0)}), Kind::nothing_to_share);
    EXPECT_EQ(kind({file_of({".pad", "9"}, 9)}), Kind::nothing_to_share);
    EXPECT_EQ(kind({}), Kind::files_missing);
}

TEST(Metainfo, ShapeOfTheInfoDictionaryIsChecked) {
    const std::string one = bencoded(1);
    const std::string name = bencoded("x");
    const std::string length = bencoded(16384);
    EXPECT_EQ(refused_info({{"name", name}, {"piece length", length}, {"pieces", piece_hashes(1)}}),
              Kind::files_missing);
    EXPECT_EQ(
        refused_info({{"files", "l" + file_of({"a"}, 1) + "e"}, {"length", one}, {"name", name}}),
        Kind::files_and_length);
    EXPECT_EQ(refused_info({{"length", one}, {"piece length", length}}), Kind::name_missing);
    EXPECT_EQ(refused_info({{"length", bencoded(0)}, {"name", name}}), Kind::nothing_to_share);
    EXPECT_EQ(refused_info({{"length", one}, {"name", name}, {"pieces", piece_hashes(1)}}),
              Kind::piece_length_invalid);
    EXPECT_EQ(refused_info({{"length", one}, {"name", name}, {"piece length", length}}),
              Kind::pieces_invalid);
}

TEST(Metainfo, PieceHashesMustFitTheSize) {
    const auto kind = [](const std::string& pieces) {
        return refused_info({{"length", bencoded(16385)},
                             {"name", bencoded("x")},
                             {"piece length", bencoded(16384)},
                             {"pieces", pieces}});
    };
    EXPECT_EQ(kind(bencoded(std::string(39, 'h'))), Kind::pieces_invalid);
    EXPECT_EQ(kind(piece_hashes(1)), Kind::piece_count_mismatch);
    EXPECT_EQ(kind(piece_hashes(3)), Kind::piece_count_mismatch);
    EXPECT_EQ(kind(piece_hashes(0)), Kind::piece_count_mismatch);
    EXPECT_EQ(kind(piece_hashes(pieces_max + 1)), Kind::too_many_pieces);
}

TEST(Metainfo, PieceLengthStopsAtItsLimits) {
    const auto parsed = [](std::int64_t length) {
        return parse_torrent(as_bytes(torrent_of(bencoded_dict({{"length", bencoded(1)},
                                                                {"name", bencoded("x")},
                                                                {"piece length", bencoded(length)},
                                                                {"pieces", piece_hashes(1)}}))));
    };
    EXPECT_TRUE(parsed(piece_length_bytes_min));
    EXPECT_TRUE(parsed(piece_length_bytes_max));
    EXPECT_TRUE(parsed(100'000)) << "needn't be a power of two";
    for (const std::int64_t bad :
         {std::int64_t{piece_length_bytes_min - 1}, std::int64_t{piece_length_bytes_max} + 1,
          std::int64_t{0}, std::int64_t{-16384}, std::int64_t{1} << 62})
        EXPECT_EQ(parsed(bad).error().kind, Kind::piece_length_invalid) << bad;
}

TEST(Metainfo, FilesStopAtTheirLimit) {
    std::vector<std::string> files;
    for (std::size_t i = 0; i < files_max; ++i) files.push_back(file_of({std::to_string(i)}, 1));
    EXPECT_EQ(read(torrent_of(info_of(files, files_max))).files.size(), files_max);
    files.push_back(file_of({"more"}, 1));
    EXPECT_EQ(refusal(torrent_of(info_of(files, files.size()))).kind, Kind::too_many_files);
}

TEST(Metainfo, SentencesAreSafeToPrint) {
    const MetainfoError error = refusal(torrent_of(single_info("\x1b[2J../\x9b\xff")));
    EXPECT_EQ(error.sentence, R"(the name "\x1b[2J../\x9b\xff" contains a control character)");
}
