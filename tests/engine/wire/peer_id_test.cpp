#include "engine/wire/peer_id.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/base/bytes.hpp"

using namespace spate;
using namespace spate::wire;

namespace {

std::string name_of(std::string_view text) {
    PeerId id;
    std::ranges::fill(id.bytes, std::byte{'z'});
    std::ranges::copy(as_bytes(text), id.bytes.begin());
    return client_name(id);
}

}  // namespace

TEST(PeerIds, OursCarryThePrefixAndDifferByGenerator) {
    Prng prng(1);
    const PeerId first = make_peer_id(prng);
    const PeerId second = make_peer_id(prng);
    EXPECT_TRUE(as_text(first.bytes).starts_with("-SP0100-"));
    EXPECT_NE(first, second);
    Prng same(1);
    EXPECT_EQ(make_peer_id(same), first);
    EXPECT_EQ(client_name(first), "spate 0.1.0");
}

TEST(PeerIds, AzureusStyleNamesItsClient) {
    EXPECT_EQ(name_of("-qB4520-"), "qBittorrent 4.5.2");
    EXPECT_EQ(name_of("-LT20B0-"), "libtorrent 2.0.11");
    EXPECT_EQ(name_of("-lt0D80-"), "rTorrent 0.13.8");
    EXPECT_EQ(name_of("-TR4100-"), "Transmission 4.1.0");
    EXPECT_EQ(name_of("-DE13F1-"), "Deluge 1.3.15.1");
    EXPECT_EQ(name_of("-UT3550-"), "µTorrent 3.5.5");
    EXPECT_EQ(name_of("-ZQ1234-"), "ZQ 1.2.3.4") << "not in the table";
}

TEST(PeerIds, OlderStylesNameTheirClients) {
    EXPECT_EQ(name_of("A2-1-36-0-"), "aria2 1.36.0");
    EXPECT_EQ(name_of("M7-10-6--"), "BitTorrent 7.10.6");
    EXPECT_EQ(name_of("T03I-----"), "BitTornado 0.3.18");
    EXPECT_EQ(name_of("S587---"), "unknown") << "the dashes end at the ninth";
}

TEST(PeerIds, HostileOnesAreUnknown) {
    EXPECT_EQ(client_name(PeerId{}), "unknown");
    EXPECT_EQ(name_of("-\x1b[31m--"), "unknown");
    EXPECT_EQ(name_of("M-7-1-2-"), "unknown");
    EXPECT_EQ(name_of("A2-x-1-2-"), "unknown");
}
