#include "engine/metainfo/magnet.hpp"

#include <gtest/gtest.h>

#include "engine/base/hex.hpp"
#include "torrent_builder.hpp"

using namespace spate;
using namespace spate::metainfo;

namespace {

const std::string hex = "0123456789abcdef0123456789abcdef01234567";
const std::string prefix = "magnet:?xt=urn:btih:" + hex;

Magnet read(const std::string& link) {
    const auto parsed = parse_magnet(link);
    EXPECT_TRUE(parsed) << link;
    return parsed ? *parsed : Magnet{};
}

}  // namespace

TEST(Magnet, HexAndBase32NameTheSameTorrent) {
    EXPECT_EQ(to_hex(read(prefix).info_hash->bytes), hex);
    const Magnet base32 = read("MAGNET:?xt=URN:BTIH:aerukz4jvpg66ajdivtytk6n54asgrlh");
    EXPECT_EQ(to_hex(base32.info_hash->bytes), hex);
    EXPECT_EQ(read("magnet:?dn=x&xt=urn%3Abtih%3A" + hex).info_hash, base32.info_hash);
}

TEST(Magnet, V2HashIsKept) {
    const std::string v2(64, 'a');
    const Magnet magnet = read("magnet:?xt=urn:btmh:1220" + v2);
    EXPECT_FALSE(magnet.info_hash);
    EXPECT_EQ(to_hex(magnet.info_hash_v2->bytes), v2);
    EXPECT_TRUE(read(prefix + "&xt=urn:btmh:1220" + v2).info_hash);
}

TEST(Magnet, ParametersAreDecoded) {
    const Magnet magnet =
        read(prefix +
             "&dn=Big+Buck%20Bunny%0a&tr=http%3A%2F%2Ft%2Fa&tr.1=udp://u:1/a&amp;tr=http://t/a"
             "&ws=http://w/&x.pe=192.0.2.1:6881&x.pe=%5B2001:db8::1%5D:1&x.pe=host.example:2"
             "&so=0,2,4-6&unknown=1&bare");
    EXPECT_EQ(magnet.name, "Big Buck Bunny_");
    EXPECT_EQ(magnet.trackers, (std::vector<std::string>{"http://t/a", "udp://u:1/a"}));
    EXPECT_EQ(magnet.web_seeds, std::vector<std::string>{"http://w/"});
    EXPECT_EQ(magnet.peers, (std::vector<HostPort>{
                                {"192.0.2.1", 6881}, {"2001:db8::1", 1}, {"host.example", 2}}));
    EXPECT_EQ(magnet.select_only, (std::vector<FileRange>{{0, 0}, {2, 2}, {4, 6}}));
}

TEST(Magnet, WhatCannotBeUsedIsLeftOut) {
    const Magnet magnet =
        read(prefix +
             "&dn=%zz&tr=%0a&tr=&x.pe=host&x.pe=:1&x.pe=h:0&x.pe=h:65536&x.pe=::1:5"
             "&so=5-2,x,-,7&xt=urn:sha1:whatever");
    EXPECT_EQ(magnet.name, "");
    EXPECT_TRUE(magnet.trackers.empty());
    EXPECT_TRUE(magnet.peers.empty());
    EXPECT_EQ(magnet.select_only, (std::vector<FileRange>{{7, 7}}));
}

TEST(Magnet, LinksWithoutOneGoodHashAreRefused) {
    EXPECT_EQ(parse_magnet("http://x").error(), MagnetError::not_a_magnet);
    EXPECT_EQ(parse_magnet("").error(), MagnetError::not_a_magnet);
    EXPECT_EQ(parse_magnet("magnet:?dn=x").error(), MagnetError::no_info_hash);
    EXPECT_EQ(parse_magnet("magnet:?xt=urn:btih:123").error(), MagnetError::bad_info_hash);
    EXPECT_EQ(parse_magnet("magnet:?xt=urn:btih:" + std::string(32, '1')).error(),
              MagnetError::bad_info_hash);
    EXPECT_EQ(parse_magnet("magnet:?xt=urn:btmh:1220ff").error(), MagnetError::bad_info_hash);
    EXPECT_EQ(parse_magnet(prefix + "&xt=urn:btih:" + std::string(40, 'a')).error(),
              MagnetError::two_info_hashes);
}

TEST(Magnet, LengthAndListsStopAtTheirLimits) {
    std::string link = prefix;
    for (std::size_t i = 0; i < magnet_addresses_max + 5; ++i) {
        const std::string n = std::to_string(i + 1);
        link += "&tr=http://t/" + n + "&ws=http://w/" + n + "&x.pe=h:" + n + "&so=" + n;
    }
    const Magnet magnet = read(link);
    EXPECT_EQ(magnet.trackers.size(), magnet_addresses_max);
    EXPECT_EQ(magnet.web_seeds.size(), magnet_addresses_max);
    EXPECT_EQ(magnet.peers.size(), magnet_addresses_max);
    EXPECT_EQ(magnet.select_only.size(), magnet_addresses_max);
    const std::string padded =
        prefix + "&x=" + std::string(magnet_bytes_max - prefix.size() - 3, 'x');
    EXPECT_TRUE(parse_magnet(padded));
    EXPECT_EQ(parse_magnet(padded + "x").error(), MagnetError::too_long);
    EXPECT_EQ(read(prefix + "&dn=" + std::string(2000, 'n')).name.size(), magnet_name_bytes_max);
}

TEST(Magnet, FormattingAndParsingAgree) {
    Magnet magnet = read(prefix);
    magnet.name = "100% & more + été";
    magnet.trackers = {"http://t:80/announce?key=a&b=c", "udp://[::1]:1/"};
    magnet.web_seeds = {"http://w/a b"};
    magnet.peers = {{"2001:db8::1", 6881}, {"192.0.2.1", 1}};
    magnet.select_only = {{1, 1}, {3, 9}};
    const std::string link = format_magnet(magnet);
    EXPECT_TRUE(link.starts_with(prefix + "&dn=100%25%20%26%20more")) << link;
    EXPECT_EQ(read(link), magnet);
}

TEST(Magnet, OfATorrentCarriesItsNameAndTrackers) {
    auto torrent = parse_torrent(as_bytes(torrent_of(single_info("file"))));
    ASSERT_TRUE(torrent);
    torrent->tracker_tiers = {{"http://a", "http://b"}, {"udp://c"}};
    const Magnet magnet = magnet_to(*torrent);
    EXPECT_EQ(magnet.info_hash, torrent->info_hash);
    EXPECT_EQ(magnet.name, "file");
    EXPECT_EQ(magnet.trackers.size(), 3U);
}
