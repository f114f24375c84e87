#include "engine/metainfo/torrent_fields.hpp"

#include <gtest/gtest.h>

#include "torrent_builder.hpp"

using namespace spate;
using namespace spate::metainfo;

namespace {

Metainfo read(std::vector<std::pair<std::string, std::string>> fields) {
    fields.emplace_back("info", single_info("x"));
    const auto parsed = parse_torrent(as_bytes(bencoded_dict(fields)));
    EXPECT_TRUE(parsed);
    return parsed ? *parsed : Metainfo{};
}

using Tiers = std::vector<std::vector<std::string>>;

}  // namespace

TEST(TorrentFields, AnnounceIsOneTier) {
    EXPECT_EQ(read({{"announce", bencoded(" http://a/announce\n")}}).tracker_tiers,
              (Tiers{{"http://a/announce"}}));
    EXPECT_TRUE(read({{"announce", bencoded("")}}).tracker_tiers.empty());
    EXPECT_TRUE(read({{"announce", bencoded(5)}}).tracker_tiers.empty());
}

TEST(TorrentFields, AnnounceListReplacesAnnounce) {
    const std::string list = "l" + bencoded_list({"http://a", "http://b"}) +
                             bencoded_list({"", "http://a"}) + bencoded_list({"udp://c"}) +
                             bencoded("http://loose") + "e";
    EXPECT_EQ(read({{"announce", bencoded("http://z")}, {"announce-list", list}}).tracker_tiers,
              (Tiers{{"http://a", "http://b"}, {"udp://c"}, {"http://loose"}}));
}

TEST(TorrentFields, AnEmptyAnnounceListFallsBackToAnnounce) {
    EXPECT_EQ(read({{"announce", bencoded("http://z")}, {"announce-list", "llee"}}).tracker_tiers,
              (Tiers{{"http://z"}}));
}

TEST(TorrentFields, TrackersStopAtTheirLimit) {
    std::string list = "l";
    for (std::size_t i = 0; i < addresses_max + 10; ++i)
        list += bencoded_list({"http://t/" + std::to_string(i)});
    EXPECT_EQ(read({{"announce-list", list + "e"}}).tracker_tiers.size(), addresses_max);
    const std::string fits = "http://" + std::string(url_bytes_max - 7, 'x');
    EXPECT_EQ(read({{"announce", bencoded(fits)}}).tracker_tiers, (Tiers{{fits}}));
    EXPECT_TRUE(read({{"announce", bencoded(fits + "x")}}).tracker_tiers.empty());
}

TEST(TorrentFields, WebSeedsAreAListOrOneUrl) {
    const std::vector<std::string> two{"http://w/1", "http://w/2"};
    EXPECT_EQ(read({{"url-list", bencoded_list(two)}}).web_seeds, two);
    EXPECT_EQ(read({{"url-list", bencoded("http://w/1")}}).web_seeds,
              std::vector<std::string>{"http://w/1"});
    EXPECT_TRUE(read({{"url-list", bencoded("")}}).web_seeds.empty());
    EXPECT_EQ(read({{"httpseeds", bencoded_list(two)}}).http_seeds, two);
}

TEST(TorrentFields, NodesAreHostAndPort) {
    const auto node = [](std::string_view host, std::int64_t port) {
        return "l" + bencoded(host) + bencoded(port) + "e";
    };
    const Metainfo torrent =
        read({{"nodes", "l" + node("127.0.0.1", 6881) + node("host", 0) + node("host", 65536) +
                            node("host", 65535) + node("", 1) + "l4:hoste" + "i1e" + "e"}});
    EXPECT_EQ(torrent.nodes, (std::vector<HostPort>{{"127.0.0.1", 6881}, {"host", 65535}}));
}

TEST(TorrentFields, TextsAreCleanedAndCut) {
    const Metainfo torrent = read({{"comment", bencoded("two\nlines\x1b[1m \xff")},
                                   {"created by", bencoded(std::string(10'000, 'x'))},
                                   {"creation date", bencoded(1'700'000'000)}});
    EXPECT_EQ(torrent.comment, "two\nlines_[1m _");
    EXPECT_EQ(torrent.created_by.size(), text_bytes_max);
    EXPECT_EQ(torrent.creation_date, 1'700'000'000);
}
