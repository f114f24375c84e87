#include "engine/cli/torrent_text.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "engine/metainfo/torrent_writer.hpp"
#include "tests/engine/driver/content/scratch_folder.hpp"

using namespace spate;
using namespace spate::cli;
using testing::Contains;
using testing::HasSubstr;

namespace {

metainfo::Metainfo album() {
    metainfo::NewTorrent torrent;
    torrent.name = "album";
    torrent.single_file = false;
    torrent.files = {{{"cd1", "a.flac"}, 1000}, {{"b.jpg"}, 24}};
    torrent.piece_length_bytes = 1024;
    torrent.piece_hashes.resize(1);
    torrent.tracker_tiers = {{"http://a/announce"}, {"udp://b:1/announce"}};
    torrent.is_private = true;
    torrent.creation_date = 1'000'000'000;
    return metainfo::parse_torrent(metainfo::write_torrent(torrent)).value();
}

TEST(TorrentText, ASchemeIsWrittenInAnyCase) {
    EXPECT_TRUE(is_magnet("magnet:?xt=urn:btih:00"));
    EXPECT_TRUE(is_magnet("MAGNET:?xt=urn:btih:00"));
    EXPECT_FALSE(is_magnet("magnet"));
    EXPECT_FALSE(is_magnet("./magnet:.torrent"));
}

TEST(TorrentText, AWebAddressIsKnownByItsSchemeInAnyCase) {
    EXPECT_TRUE(is_web_address("http://example.org/a.torrent"));
    EXPECT_TRUE(is_web_address("HTTPS://example.org/a.torrent"));
    EXPECT_FALSE(is_web_address("http:"));
    EXPECT_FALSE(is_web_address("./http://a.torrent"));
}

}  // namespace

TEST(TorrentJson, HasTheFieldsThatScriptsRelyOn) {
    const Json json = torrent_json(album());
    for (const char* name :
         {"name", "info_hash", "version", "piece_length", "piece_count", "total_bytes", "private",
          "trackers", "web_seeds", "nodes", "comment", "created_by", "creation_date"})
        EXPECT_TRUE(json.contains(name)) << name;
    EXPECT_EQ(json["version"], "v1");
    EXPECT_EQ(json["private"], true);
    EXPECT_EQ(json["trackers"][1][0], "udp://b:1/announce");
    EXPECT_EQ(json["info_hash"].get<std::string>().size(), 40U);
}

TEST(TorrentJson, ListsTheFiles) {
    const metainfo::Metainfo torrent = album();
    const JsonList files = files_json(torrent);
    EXPECT_EQ(files.name, "files");
    ASSERT_EQ(files.size, 2U);
    EXPECT_EQ(files.at(0)["path"], "album/cd1/a.flac");
    EXPECT_EQ(files.at(0)["bytes"], 1000);
    EXPECT_EQ(files.at(0)["pad"], false);
}

TEST(TorrentText, NumbersFilesForSelect) {
    const auto lines = torrent_text(album());
    EXPECT_THAT(lines, Contains(HasSubstr("2        24 B  album/b.jpg")));
    EXPECT_THAT(lines, Contains(HasSubstr("2001-09-09 01:46:40 UTC")));
}

TEST(ReadTorrentFile, RefusesWhatIsTooLargeWithoutReadingIt) {
    const driver::ScratchFolder folder;
    folder.write("huge.torrent", {});
    std::filesystem::resize_file(folder / "huge.torrent", metainfo::torrent_bytes_max + 1);
    EXPECT_THAT(read_torrent_file(folder / "huge.torrent").error(),
                HasSubstr("larger than 64 MiB"));
}

TEST(ReadTorrentFile, NamesTheFileAndTheReason) {
    const driver::ScratchFolder folder;
    folder.write("bad.torrent", as_bytes("no torrent"));
    EXPECT_THAT(read_torrent_file(folder / "bad.torrent").error(),
                HasSubstr("bad.torrent is refused"));
    EXPECT_THAT(read_torrent_file(folder / "none").error(), HasSubstr("No such file"));
    EXPECT_THAT(read_torrent_file(folder.path()).error(), HasSubstr("folder"));
    EXPECT_THAT(read_torrent_file("/dev/zero").error(), HasSubstr("no regular file"));
}

TEST(ParseMagnetText, SaysWhatIsWrong) {
    EXPECT_THAT(parse_magnet_text("magnet:?dn=x").error(), HasSubstr("no info-hash"));
}
