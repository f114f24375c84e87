#include <gtest/gtest.h>

#include "engine/base/hex.hpp"
#include "torrent_builder.hpp"
#include "torrent_reader.hpp"
#include "v2_content.hpp"

using namespace spate;
using namespace spate::metainfo;
using Kind = MetainfoErrorKind;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Strings = std::vector<std::string>;

std::string bytes_of(std::size_t count) {
    return bencoded(std::string(count, 'r'));
}

/// What a file tree says of a file: with a pieces root unless it is empty.
std::string leaf(std::int64_t size_bytes, const std::string& attributes = "") {
    Pairs pairs;
    if (!attributes.empty()) pairs.emplace_back("attr", bencoded(attributes));
    pairs.emplace_back("length", bencoded(size_bytes));
    if (size_bytes > 0) pairs.emplace_back("pieces root", bytes_of(32));
    return bencoded_dict({{"", bencoded_dict(pairs)}});
}

std::string link_to(const Strings& target, const Pairs& more = {}) {
    Pairs pairs{{"attr", bencoded("l")}};
    pairs.insert(pairs.end(), more.begin(), more.end());
    pairs.emplace_back("symlink path", bencoded_list(target));
    return bencoded_dict({{"", bencoded_dict(pairs)}});
}

Pairs v2_pairs(const std::string& tree, std::int64_t piece_length = v2_piece_length) {
    return {{"file tree", tree},
            {"meta version", bencoded(2)},
            {"name", bencoded("folder")},
            {"piece length", bencoded(piece_length)}};
}

std::string v2_torrent(const Pairs& tree) {
    return torrent_of(bencoded_dict(v2_pairs(bencoded_dict(tree))));
}

Kind refused(const Pairs& tree) {
    return refusal(v2_torrent(tree)).kind;
}

/// A torrent of one file of 40,000 bytes, of two pieces, with `layers` as its piece layers.
std::string layered(const std::string& root, const Pairs& layers) {
    const std::string file = bencoded_dict(
        {{"", bencoded_dict({{"length", bencoded(40'000)}, {"pieces root", bencoded(root)}})}});
    return bencoded_dict({{"info", bencoded_dict(v2_pairs(bencoded_dict({{"big", file}})))},
                          {"piece layers", bencoded_dict(layers)}});
}

std::string text_of(const Sha256Digest& digest) {
    return std::string(as_text(digest.bytes));
}

/// A hybrid whose v1 list and file tree are as given.
std::string hybrid(const Strings& list, const Pairs& tree, std::size_t pieces) {
    std::string files = "l";
    for (const std::string& file : list) files += file;
    return torrent_of(bencoded_dict({{"file tree", bencoded_dict(tree)},
                                     {"files", files + "e"},
                                     {"meta version", bencoded(2)},
                                     {"name", bencoded("folder")},
                                     {"piece length", bencoded(v2_piece_length)},
                                     {"pieces", piece_hashes(pieces)}}));
}

std::string pad_of(std::int64_t size_bytes) {
    return bencoded_dict({{"attr", bencoded("p")},
                          {"length", bencoded(size_bytes)},
                          {"path", bencoded_list({".pad", std::to_string(size_bytes)})}});
}

Metainfo sample(TorrentVersion version) {
    return read(std::string(as_text(write_torrent(v2_folder(version)))));
}

}  // namespace

TEST(MetainfoV2, HashesAreOfTheInfoDictionary) {
    const Metainfo torrent = sample(TorrentVersion::v2);
    EXPECT_EQ(torrent.version(), "v2");
    EXPECT_FALSE(torrent.has_v1());
    EXPECT_EQ(torrent.info_hash_v2->bytes, hashing::sha256(torrent.info_bytes).bytes);
    EXPECT_EQ(to_hex(torrent.info_hash.bytes), to_hex(torrent.info_hash_v2->bytes).substr(0, 40));
    const Metainfo both = sample(TorrentVersion::hybrid);
    EXPECT_EQ(both.version(), "hybrid");
    EXPECT_TRUE(both.has_v1() && both.has_v2());
    EXPECT_EQ(both.info_hash.bytes, hashing::sha1(both.info_bytes).bytes);
    EXPECT_EQ(both.info_hash_v2->bytes, hashing::sha256(both.info_bytes).bytes);
}

TEST(MetainfoV2, FilesStartPiecesAndTheGapsArePads) {
    const Metainfo torrent = sample(TorrentVersion::v2);
    std::string shown;
    for (const FileEntry& file : torrent.files)
        shown += file.path.back() + (file.pad ? " pad " : " ") + std::to_string(file.offset_bytes) +
                 "\n";
    EXPECT_EQ(shown,
              "empty 0\nz 0\n16384 pad 16384\nx 32768\n28304 pad 102768\na.txt 131072\n"
              "32763 pad 131077\nb 163840\n25536 pad 203840\nlink 229376\ntool 229376\n");
    EXPECT_EQ(torrent.total_bytes, 229'476U) << "no pad behind the last file";
    EXPECT_EQ(torrent.piece_count(), 8U);
    EXPECT_TRUE(torrent.piece_hashes.empty());
}

TEST(MetainfoV2, PiecesEndWithTheirFile) {
    const Metainfo torrent = sample(TorrentVersion::v2);
    const Metainfo both = sample(TorrentVersion::hybrid);
    const std::vector<std::uint32_t> data{16'384, 32'768, 32'768, 4'464, 5, 32'768, 7'232, 100};
    const std::vector<std::uint32_t> leaves{1, 2, 2, 2, 1, 2, 2, 1};
    for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
        EXPECT_EQ(torrent.piece_size_bytes(PieceIndex{i}), data[i]) << i;
        EXPECT_EQ(torrent.piece_data_bytes(PieceIndex{i}), data[i]) << i;
        EXPECT_EQ(both.piece_size_bytes(PieceIndex{i}), 32'768U) << "v1 sends the pads";
        EXPECT_EQ(both.piece_data_bytes(PieceIndex{i}), data[i]) << i;
        EXPECT_EQ(torrent.piece_leaves(PieceIndex{i}), leaves[i]) << i;
        EXPECT_EQ(both.piece_leaves(PieceIndex{i}), leaves[i]) << i;
    }
}

TEST(MetainfoV2, ASingleFileIsTheOneNamedAsTheTorrent) {
    EXPECT_TRUE(read(v2_torrent({{"folder", leaf(1)}})).single_file);
    EXPECT_FALSE(read(v2_torrent({{"file", leaf(1)}})).single_file);
    EXPECT_FALSE(read(v2_torrent({{"folder", bencoded_dict({{"x", leaf(1)}})}})).single_file);
    EXPECT_FALSE(read(v2_torrent({{"a", leaf(0)}, {"folder", leaf(1)}})).single_file);
}

TEST(MetainfoV2, OtherMetaVersionsAreRefused) {
    for (const std::string& version : {bencoded(3), bencoded(0), bencoded("2")}) {
        Pairs pairs = v2_pairs(bencoded_dict({{"a", leaf(1)}}));
        pairs[1].second = version;
        EXPECT_EQ(refusal(torrent_of(bencoded_dict(pairs))).kind, Kind::meta_version_unknown);
    }
    Pairs v1{{"length", bencoded(1)},
             {"meta version", bencoded(1)},
             {"name", bencoded("x")},
             {"piece length", bencoded(16384)},
             {"pieces", piece_hashes(1)}};
    EXPECT_EQ(read(torrent_of(bencoded_dict(v1))).version(), "v1");
}

TEST(MetainfoV2, PieceLengthIsAPowerOfTwoOfABlockOrMore) {
    const auto parsed = [](std::int64_t length) {
        return parse_torrent(
            as_bytes(torrent_of(bencoded_dict(v2_pairs(bencoded_dict({{"a", leaf(1)}}), length)))));
    };
    EXPECT_TRUE(parsed(v2_piece_length_bytes_min));
    EXPECT_TRUE(parsed(piece_length_bytes_max));
    for (const std::int64_t bad : {std::int64_t{8192}, std::int64_t{49152}, std::int64_t{0},
                                   2 * std::int64_t{piece_length_bytes_max}})
        EXPECT_EQ(parsed(bad).error().kind, Kind::piece_length_invalid) << bad;
}

TEST(MetainfoV2, TheFileTreeHasToBeOne) {
    Pairs pairs = v2_pairs("le");
    EXPECT_EQ(refusal(torrent_of(bencoded_dict(pairs))).kind, Kind::file_tree_invalid);
    pairs.erase(pairs.begin());
    EXPECT_EQ(refusal(torrent_of(bencoded_dict(pairs))).kind, Kind::file_tree_invalid);
    EXPECT_EQ(refused({}), Kind::files_missing);
    EXPECT_EQ(refused({{"a", "i1e"}}), Kind::file_tree_invalid);
    EXPECT_EQ(refused({{"a", bencoded_dict({{"", "i1e"}})}}), Kind::file_tree_invalid);
    const std::string file =
        bencoded_dict({{"length", bencoded(1)}, {"pieces root", bytes_of(32)}});
    EXPECT_EQ(refused({{"a", bencoded_dict({{"", file}, {"b", leaf(1)}})}}),
              Kind::file_tree_invalid)
        << "a file and a folder at once";
    EXPECT_EQ(refused({{"", file}}), Kind::path_empty) << "the torrent itself can't be a file";
    EXPECT_EQ(refused({{"a", leaf(5, "p")}}), Kind::file_tree_invalid) << "pads are only in v1";
    EXPECT_EQ(refused({{"a", leaf(0)}}), Kind::nothing_to_share);
}

TEST(MetainfoV2, AFileTreeOutOfOrderIsRefused) {
    const MetainfoError error = refusal(v2_torrent({{"b", leaf(1)}, {"a", leaf(1)}}));
    EXPECT_EQ(error.kind, Kind::file_tree_invalid);
    EXPECT_EQ(error.sentence, R"(the file tree has "a" out of order)");
}

TEST(MetainfoV2, HostilePathsAreRefused) {
    EXPECT_EQ(refused({{"..", leaf(1)}}), Kind::path_traversal);
    EXPECT_EQ(refused({{"..", bencoded_dict({{"x", leaf(1)}})}}), Kind::path_traversal);
    EXPECT_EQ(refused({{"a", bencoded_dict({{"../../b", leaf(1)}})}}), Kind::path_traversal);
    EXPECT_EQ(refused({{"/etc", leaf(1)}}), Kind::path_absolute);
    EXPECT_EQ(refused({{".", leaf(1)}}), Kind::path_empty);
    EXPECT_EQ(refused({{"a\nb", leaf(1)}}), Kind::path_control_character);
    EXPECT_EQ(refused({{"a\xfe", leaf(1)}, {"a\xff", leaf(1)}}), Kind::path_collision)
        << "the same after sanitising";
    Pairs pairs = v2_pairs(bencoded_dict({{"a", leaf(1)}}));
    pairs[2].second = bencoded("../x");
    EXPECT_EQ(refusal(torrent_of(bencoded_dict(pairs))).kind, Kind::path_traversal);
}

TEST(MetainfoV2, PathsStopAtTheirLimits) {
    const auto nested = [](std::size_t depth, std::size_t name_bytes) {
        std::string tree = leaf(1);
        for (std::size_t i = 1; i < depth; ++i)
            tree = bencoded_dict({{std::string(name_bytes, 'd'), tree}});
        return v2_torrent({{"d", tree}});
    };
    EXPECT_EQ(read(nested(path_components_max, 1)).files[0].path.size(), path_components_max);
    EXPECT_EQ(refusal(nested(path_components_max + 1, 1)).kind, Kind::path_too_long);
    EXPECT_TRUE(parse_torrent(as_bytes(nested(8, 200))));
    EXPECT_EQ(refusal(nested(12, 200)).kind, Kind::path_too_long);
}

TEST(MetainfoV2, SizesAreCheckedBeforeTheyAreAdded) {
    const auto limit = static_cast<std::int64_t>(total_bytes_max);
    EXPECT_EQ(refused({{"a", leaf(-1)}}), Kind::size_invalid);
    EXPECT_EQ(refused({{"a", leaf(std::int64_t{1} << 62)}}), Kind::size_too_large);
    EXPECT_EQ(refused({{"a", leaf(limit)}, {"b", leaf(1)}}), Kind::size_too_large);
    EXPECT_EQ(refused({{"a", leaf(limit)}}), Kind::too_many_pieces);
    EXPECT_EQ(refused({{"a", bencoded_dict({{"", "de"}})}}), Kind::size_invalid);
    const auto pieces = static_cast<std::int64_t>(pieces_max);
    EXPECT_EQ(refused({{"a", leaf(pieces * v2_piece_length)}}), Kind::piece_layer_missing);
    EXPECT_EQ(refused({{"a", leaf(pieces * v2_piece_length + 1)}}), Kind::too_many_pieces);
}

TEST(MetainfoV2, FilesStopAtTheirLimit) {
    Pairs files;
    for (std::size_t i = 0; i < files_max; ++i)
        files.emplace_back(std::to_string(1'000'000 + i), leaf(1));
    EXPECT_EQ(read(v2_torrent(files)).files.size(), entries_max - 1) << "pads between them";
    files.emplace_back("more", leaf(1));
    EXPECT_EQ(refused(files), Kind::too_many_files);
}

TEST(MetainfoV2, FilesWithBytesNeedAPiecesRootOf32Bytes) {
    const auto with = [](std::int64_t size, const std::string& root) {
        return v2_torrent({{"a", bencoded_dict({{"", bencoded_dict({{"length", bencoded(size)},
                                                                    {"pieces root", root}})}})},
                           {"b", leaf(1)}});
    };
    EXPECT_EQ(refused({{"a", bencoded_dict({{"", bencoded_dict({{"length", bencoded(1)}})}})}}),
              Kind::pieces_root_invalid);
    EXPECT_EQ(refusal(with(1, bytes_of(31))).kind, Kind::pieces_root_invalid);
    EXPECT_EQ(refusal(with(1, bytes_of(33))).kind, Kind::pieces_root_invalid);
    EXPECT_EQ(refusal(with(1, "i1e")).kind, Kind::pieces_root_invalid);
    EXPECT_EQ(refusal(with(0, bytes_of(20))).kind, Kind::pieces_root_invalid);
    EXPECT_FALSE(read(with(0, bytes_of(32))).files[0].pieces_root) << "an empty file has no tree";
}

TEST(MetainfoV2, APieceLayerMustHashToThePiecesRoot) {
    const Sha256Digest first = hashing::sha256(as_bytes(std::string("1")));
    const Sha256Digest second = hashing::sha256(as_bytes(std::string("2")));
    const std::vector<Sha256Digest> layer{first, second};
    const std::string root =
        text_of(hashing::root_of_piece_layer(hashing::Hasher::best(), layer, v2_piece_length));
    const std::string hashes = text_of(first) + text_of(second);
    EXPECT_EQ(read(layered(root, {{root, bencoded(hashes)}})).piece_roots, layer);
    EXPECT_EQ(read(layered(root, {{root, bencoded(hashes)}, {"stranger", "i1e"}})).piece_roots,
              layer)
        << "a layer of nobody";

    const auto kind = [&](const std::string& text) {
        return refusal(layered(root, {{root, bencoded(text)}})).kind;
    };
    EXPECT_EQ(kind(text_of(first)), Kind::piece_layer_invalid);
    EXPECT_EQ(kind(hashes + hashes), Kind::piece_layer_invalid);
    EXPECT_EQ(kind(hashes.substr(1)), Kind::piece_layer_invalid);
    EXPECT_EQ(kind(text_of(second) + text_of(first)), Kind::piece_layer_invalid);
    for (const std::size_t at : {0, 31, 32, 63}) {
        std::string flipped = hashes;
        flipped[at] = static_cast<char>(flipped[at] ^ 1);
        EXPECT_EQ(kind(flipped), Kind::piece_layer_invalid) << at;
    }
    EXPECT_EQ(refusal(layered(root, {})).kind, Kind::piece_layer_missing);
    EXPECT_EQ(refusal(layered(root, {{root, "i1e"}})).kind, Kind::piece_layer_missing);
}

TEST(MetainfoV2, InfoAloneIsReadOnlyWhereItHasAllHashes) {
    const auto small = parse_info(
        as_bytes(bencoded_dict(v2_pairs(bencoded_dict({{"a", leaf(1)}, {"b", leaf(32'768)}})))));
    ASSERT_TRUE(small) << small.error().sentence;
    EXPECT_EQ(small->piece_roots.size(), 2U);
    const auto large =
        parse_info(as_bytes(bencoded_dict(v2_pairs(bencoded_dict({{"b", leaf(32'769)}})))));
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().kind, Kind::piece_layer_missing);
    EXPECT_EQ(large.error().sentence,
              R"(the hashes of the pieces (piece layer) of "b" are missing)");
}

TEST(MetainfoV2, TheLayersThatTheInfoLacksMakeItWhole) {
    const NewTorrent folder = v2_folder(TorrentVersion::v2);
    const std::vector<std::byte> info = write_info(folder);
    const Metainfo whole = read(std::string(as_text(write_torrent(folder))));
    const auto missing = missing_layers(info);
    ASSERT_TRUE(missing);
    EXPECT_EQ(missing->piece_length_bytes, v2_piece_length);
    ASSERT_FALSE(missing->layers.empty());
    std::vector<PieceLayer> layers;
    for (const FileEntry& file : whole.files) {
        if (file.pad || file.size_bytes <= v2_piece_length) continue;
        const std::uint64_t first = file.offset_bytes / v2_piece_length;
        const std::uint64_t count = (file.size_bytes - 1) / v2_piece_length + 1;
        const auto from = whole.piece_roots.begin() + static_cast<std::ptrdiff_t>(first);
        layers.push_back({*file.pieces_root, {from, from + static_cast<std::ptrdiff_t>(count)}});
        EXPECT_NE(
            std::ranges::find(missing->layers,
                              MissingLayer{*file.pieces_root, static_cast<std::uint32_t>(count)}),
            missing->layers.end());
    }
    EXPECT_EQ(layers.size(), missing->layers.size());
    const auto parsed = parse_info(info, layers);
    ASSERT_TRUE(parsed) << parsed.error().sentence;
    EXPECT_EQ(parsed->piece_roots, whole.piece_roots);
    EXPECT_EQ(parsed->info_hash_v2, whole.info_hash_v2);
    layers.back().hashes.back().bytes[0] ^= std::byte{1};
    EXPECT_EQ(parse_info(info, layers).error().kind, Kind::piece_layer_invalid);
}

TEST(MetainfoV2, FilesWithTheSameRootMissOneLayerAndAHybridMissesNone) {
    const auto twins = missing_layers(as_bytes(bencoded_dict(
        v2_pairs(bencoded_dict({{"a", leaf(70'000)}, {"b", leaf(70'000)}, {"c", leaf(1)}})))));
    ASSERT_TRUE(twins);
    ASSERT_EQ(twins->layers.size(), 1U);
    EXPECT_EQ(twins->layers[0].piece_count, 3U);
    const auto hybrid = missing_layers(write_info(v2_folder(TorrentVersion::hybrid)));
    ASSERT_TRUE(hybrid);
    EXPECT_TRUE(hybrid->layers.empty());
    EXPECT_FALSE(missing_layers(as_bytes("le")));
}

TEST(MetainfoV2, TheInfoOfAMagnetLinkHasEachHashThatTheLinkNames) {
    for (const TorrentVersion version :
         {TorrentVersion::v1, TorrentVersion::v2, TorrentVersion::hybrid}) {
        const std::vector<std::byte> info = write_info(v2_folder(version));
        const InfoHash sha1{hashing::sha1(info).bytes};
        const InfoHashV2 sha256{hashing::sha256(info).bytes};
        Metainfo link;
        link.info_hash = sha1;
        EXPECT_TRUE(is_info_of(link, info));
        link.info_hash_v2 = sha256;
        EXPECT_TRUE(is_info_of(link, info));
        link.info_hash = truncated(sha256);
        EXPECT_TRUE(is_info_of(link, info)) << "named by v2 alone";
        link.info_hash = {};
        EXPECT_FALSE(is_info_of(link, info));
        link.info_hash = sha1;
        link.info_hash_v2->bytes[31] ^= std::byte{1};
        EXPECT_FALSE(is_info_of(link, info));
    }
}

TEST(MetainfoV2, AHybridNeedsNoPieceLayersButRightOnes) {
    const std::vector<std::byte> info = write_info(v2_folder(TorrentVersion::hybrid));
    const std::string text(as_text(info));
    const Metainfo torrent = read(torrent_of(text));
    EXPECT_EQ(torrent.version(), "hybrid");
    EXPECT_TRUE(torrent.piece_roots.empty());
    EXPECT_EQ(torrent, *parse_info(info));
    EXPECT_EQ(refusal(bencoded_dict({{"info", text}, {"piece layers", "de"}})).kind,
              Kind::piece_layer_missing);
}

TEST(MetainfoV2, AHybridsPartsMustDescribeTheSameFiles) {
    const Pairs tree{{"a", leaf(5)}, {"b", leaf(0)}, {"c", leaf(7)}};
    const std::string gap = pad_of(32'763);
    const auto kind = [&](const Strings& list) { return refusal(hybrid(list, tree, 2)).kind; };
    EXPECT_EQ(read(hybrid({file_of({"a"}, 5), gap, file_of({"b"}, 0), file_of({"c"}, 7)}, tree, 2))
                  .version(),
              "hybrid");
    EXPECT_EQ(kind({file_of({"a"}, 5), gap, file_of({"c"}, 7)}), Kind::file_tree_mismatch);
    EXPECT_EQ(kind({file_of({"a"}, 5), gap, file_of({"b"}, 0)}), Kind::file_tree_mismatch);
    EXPECT_EQ(kind({file_of({"a"}, 5), gap, file_of({"b"}, 0), file_of({"d"}, 7)}),
              Kind::file_tree_mismatch);
    EXPECT_EQ(kind({file_of({"a"}, 5), gap, file_of({"b"}, 0), file_of({"c"}, 8)}),
              Kind::file_tree_mismatch);
    EXPECT_EQ(kind({file_of({"a"}, 5), gap, file_of({"c"}, 7), file_of({"b"}, 0)}),
              Kind::file_tree_mismatch)
        << "in another order";
    EXPECT_EQ(
        kind({file_of({"a"}, 5), gap, file_of({"b"}, 0), file_of({"c"}, 7), file_of({"d"}, 1)}),
        Kind::file_tree_mismatch);
}

TEST(MetainfoV2, AHybridsPadsMustAlignItsFiles) {
    const Pairs tree{{"a", leaf(5)}, {"c", leaf(7)}};
    const auto kind = [&](const Strings& list, std::size_t pieces) {
        return refusal(hybrid(list, tree, pieces)).kind;
    };
    const std::string a = file_of({"a"}, 5);
    const std::string c = file_of({"c"}, 7);
    EXPECT_EQ(kind({a, c}, 1), Kind::not_aligned);
    EXPECT_EQ(kind({a, pad_of(32'762), c}, 1), Kind::not_aligned);
    EXPECT_EQ(kind({a, pad_of(32'763 + 32'768), c}, 3), Kind::not_aligned) << "a piece of no file";
    EXPECT_EQ(kind({pad_of(32'768), a, pad_of(32'763), c}, 3), Kind::not_aligned);
    EXPECT_EQ(kind({a, pad_of(32'763), c, pad_of(32'761), pad_of(1)}, 3), Kind::not_aligned);
    EXPECT_TRUE(parse_torrent(as_bytes(hybrid({a, pad_of(32'763), c, pad_of(32'761)}, tree, 2))));
    EXPECT_TRUE(parse_torrent(as_bytes(hybrid({a, pad_of(3), pad_of(32'760), c}, tree, 2))));
}

TEST(MetainfoV2, InAHybridTheNameAloneMakesNoPad) {
    const Pairs tree{{".pad", bencoded_dict({{"5", leaf(5)}})}, {"c", leaf(7)}};
    const Metainfo torrent =
        read(hybrid({file_of({".pad", "5"}, 5), pad_of(32'763), file_of({"c"}, 7)}, tree, 2));
    EXPECT_FALSE(torrent.files[0].pad);
}

TEST(MetainfoV2, LinksKeepATargetInsideTheTorrent) {
    const auto target = [](const Strings& path) {
        return read(v2_torrent({{"a", link_to(path)}, {"b", leaf(1)}})).files[0].symlink;
    };
    EXPECT_EQ(target({"d", "e"}), (Strings{"d", "e"}));
    EXPECT_EQ(target({".", "b"}), Strings{"b"});
    for (const Strings& bad : {Strings{"..", "b"}, Strings{"d", "..", "..", "b"}, Strings{"../b"},
                               Strings{"/etc/passwd"}, Strings{""}, Strings{std::string(1, '\0')},
                               Strings(path_components_max + 1, "d"), Strings{}})
        EXPECT_TRUE(target(bad).empty()) << "forgotten: then it is an empty file";
    EXPECT_EQ(target(Strings(path_components_max, "d")).size(), path_components_max);
    EXPECT_TRUE(target(Strings(9, std::string(255, 'n'))).empty()) << "over path_bytes_max";
}

TEST(MetainfoV2, LinksHaveNoBytes) {
    EXPECT_EQ(refused({{"a", link_to({"b"}, {{"length", bencoded(1)}})}, {"b", leaf(1)}}),
              Kind::size_invalid);
    const std::string file = bencoded_dict({{"attr", bencoded("l")},
                                            {"length", bencoded(3)},
                                            {"path", bencoded_list({"a"})},
                                            {"symlink path", bencoded_list({"b"})}});
    EXPECT_EQ(refusal(torrent_of(info_of({file}, 3))).kind, Kind::size_invalid) << "in v1 too";
}
