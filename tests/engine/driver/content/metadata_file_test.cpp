#include "engine/driver/content/metadata_file.hpp"

#include <gtest/gtest.h>

#include "engine/metainfo/torrent_writer.hpp"
#include "tests/engine/driver/content/scratch_folder.hpp"
#include "tests/engine/metainfo/v2_content.hpp"

using namespace spate;
using namespace spate::driver;

namespace {

struct MetadataFile : testing::Test {
    MetadataFile() {
        whole = *metainfo::parse_torrent(
            metainfo::write_torrent(metainfo::v2_folder(metainfo::TorrentVersion::v2)));
        magnet.info_hash = whole.info_hash;
        magnet.info_hash_v2 = whole.info_hash_v2;
        magnet.tracker_tiers = {{"http://tracker.example/announce"}};
        magnet.web_seeds = {"http://seed.example/"};
    }

    ScratchFolder folder;
    metainfo::Metainfo whole;
    metainfo::Metainfo magnet;
};

}  // namespace

TEST_F(MetadataFile, WhatPeersToldIsKeptWithItsPieceLayers) {
    EXPECT_FALSE(load_metadata(magnet, folder.path()));
    ASSERT_TRUE(save_metadata(whole, magnet, folder.path()));
    auto known = load_metadata(magnet, folder.path());
    ASSERT_TRUE(known);
    EXPECT_EQ(known->piece_roots, whole.piece_roots);
    EXPECT_EQ(known->tracker_tiers, magnet.tracker_tiers) << "the link's";
    EXPECT_EQ(known->web_seeds, magnet.web_seeds);
}

TEST_F(MetadataFile, ADamagedRecordOrAnotherTorrentsIsAsGoodAsNone) {
    ASSERT_TRUE(save_metadata(whole, magnet, folder.path()));
    const auto path = metadata_path(folder.path(), magnet.info_hash);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    EXPECT_FALSE(load_metadata(magnet, folder.path()));
    ASSERT_TRUE(save_metadata(whole, magnet, folder.path()));
    EXPECT_TRUE(load_metadata(magnet, folder.path())) << "replaced";
    magnet.info_hash_v2->bytes[31] ^= std::byte{1};
    EXPECT_FALSE(load_metadata(magnet, folder.path()));
}

TEST_F(MetadataFile, WhereNothingCanBeWrittenASentenceSaysSo) {
    folder.write_random("file", 1);
    const auto saved = save_metadata(whole, magnet, folder.path() / "file");
    ASSERT_FALSE(saved);
    EXPECT_NE(saved.error().find("cannot save "), std::string::npos);
}
