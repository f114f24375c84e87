// The info dictionary: fetched from peers for a magnet link, and served (BEP 9).
#include "engine/wire/extension_handshake.hpp"
#include "engine/wire/metadata_message.hpp"
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using Kind = wire::MetadataMessage::Kind;

constexpr std::uint8_t their_id = 3;
constexpr std::uint8_t our_id = 1;  // read from our handshake by the tests below

ByteVector info_dictionary(std::size_t size) {
    ByteVector bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i / 251);
    return bytes;
}

struct MetadataTest : SessionTest {
    void start_magnet() {
        start(false);
        metainfo::Metainfo content;
        content.info_hash.bytes.fill(std::byte{1});
        add_torrent(content);
    }
    /// Says that its dictionary has `size` bytes.
    TestPeer& connect_owner(std::optional<std::uint32_t> size) {
        TestPeer& peer = connect_peer({.extensions = true});
        wire::ExtensionHandshake theirs;
        theirs.ut_metadata = their_id;
        theirs.metadata_size_bytes = size;
        ByteVector hello;
        wire::append_extension_handshake(hello, theirs);
        say(peer, hello);
        return peer;
    }
    static std::vector<std::uint32_t> asked_of(const TestPeer& peer) {
        std::vector<std::uint32_t> pieces;
        for (const ByteVector& body : peer.extended(their_id)) {
            const auto message = wire::parse_metadata_message(body);
            if (message && message->kind == Kind::request) pieces.push_back(message->piece);
        }
        return pieces;
    }
    void send_data(TestPeer& peer, std::uint32_t piece, const ByteVector& dictionary) {
        ByteVector message;
        wire::append_metadata_data(message, our_id, piece, dictionary);
        say(peer, message);
    }
};

TEST_F(MetadataTest, TheDictionaryOfAMagnetLinkIsFetchedAndChecked) {
    start_magnet();
    const ByteVector dictionary = info_dictionary(20'000);
    TestPeer& peer = connect_owner(20'000);
    EXPECT_EQ(asked_of(peer), (std::vector<std::uint32_t>{0, 1}));
    send_data(peer, 0, dictionary);
    EXPECT_TRUE(metadata.empty());
    send_data(peer, 1, dictionary);
    ASSERT_EQ(metadata.size(), 1U);
    EXPECT_EQ(metadata[0].info_bytes, dictionary);
    session->handle_metadata_checked(TorrentId(0), true, now);
    EXPECT_FALSE(peer.closed);
}

TEST_F(MetadataTest, ADictionaryThatFailsItsHashBansItsSendersAndIsFetchedFromOthers) {
    start_magnet();
    const ByteVector dictionary = info_dictionary(100);
    TestPeer& liar = connect_owner(100);
    TestPeer& honest = connect_owner(100);
    EXPECT_TRUE(asked_of(honest).empty());
    send_data(liar, 0, ByteVector(100));
    ASSERT_EQ(metadata.size(), 1U);
    session->handle_metadata_checked(TorrentId(0), false, now);
    run();
    EXPECT_TRUE(liar.closed);
    EXPECT_EQ(drops(DropReason::false_data), 1U);
    advance(1s);
    ASSERT_EQ(asked_of(honest), std::vector<std::uint32_t>{0});
    send_data(honest, 0, dictionary);
    ASSERT_EQ(metadata.size(), 2U);
    EXPECT_EQ(metadata[1].info_bytes, dictionary);
}

TEST_F(MetadataTest, OneFalsePartBansNobodyHonest) {
    start_magnet();
    const ByteVector dictionary = info_dictionary(40'000);
    TestPeer& liar = connect_owner(40'000);
    TestPeer& honest = connect_owner(40'000);
    ASSERT_EQ(asked_of(liar), (std::vector<std::uint32_t>{0, 1}));
    ASSERT_EQ(asked_of(honest), std::vector<std::uint32_t>{2});
    send_data(liar, 0, ByteVector(40'000));
    send_data(liar, 1, dictionary);
    send_data(honest, 2, dictionary);
    ASSERT_EQ(metadata.size(), 1U);
    session->handle_metadata_checked(TorrentId(0), false, now);
    run();
    EXPECT_FALSE(liar.closed);
    EXPECT_FALSE(honest.closed);
    for (std::size_t next = 1; next < asked_of(honest).size(); ++next)
        send_data(honest, asked_of(honest)[next], dictionary);
    ASSERT_EQ(metadata.size(), 2U);
    EXPECT_EQ(metadata[1].info_bytes, dictionary);
    session->handle_metadata_checked(TorrentId(0), true, now);
    run();
    EXPECT_TRUE(liar.closed) << "its part was another";
    EXPECT_FALSE(honest.closed);
}

TEST_F(MetadataTest, ALieAboutTheSizeDoesNotStopTheFetch) {
    start_magnet();
    connect_owner(60'000'000);
    TestPeer& honest = connect_owner(100);
    for (int second = 0; second < 30 && asked_of(honest).empty(); ++second) advance(1s);
    ASSERT_FALSE(asked_of(honest).empty());
    send_data(honest, 0, info_dictionary(100));
    EXPECT_EQ(metadata.size(), 1U);
}

TEST_F(MetadataTest, WhileOnlyTheInfoHashIsKnownPiecesAreNotTalkedAbout) {
    start_magnet();
    TestPeer& peer = connect_owner(100);
    Bitfield some(40);
    some.set(3);
    say(peer, bitfield(some) + have(7) + message(wire::MessageId::unchoke) +
                  message(wire::MessageId::interested));
    EXPECT_FALSE(peer.closed);
    EXPECT_TRUE(peer.requests.empty());
    EXPECT_EQ(peer.count(wire::MessageId::interested), 0U);
    say(peer, request(block(0)));
    EXPECT_EQ(drops(DropReason::bad_request), 1U);
}

TEST_F(MetadataTest, OurDictionaryIsServed) {
    start(false);
    metainfo::Metainfo content = test_content(8);
    content.info_bytes = info_dictionary(20'000);
    add_torrent(content);
    TestPeer& peer = connect_owner(std::nullopt);
    const auto ours = wire::parse_extension_handshake(peer.extended(0).at(0));
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->ut_metadata, our_id);
    EXPECT_EQ(ours->metadata_size_bytes, 20'000U);
    ByteVector requests;
    for (const std::uint32_t piece : {0U, 1U, 2U})
        wire::append_metadata_request(requests, our_id, piece);
    say(peer, requests);
    ByteVector fetched;
    unsigned rejects = 0;
    for (const ByteVector& body : peer.extended(their_id)) {
        const auto message = wire::parse_metadata_message(body);
        ASSERT_TRUE(message);
        if (message->kind == Kind::data)
            fetched.insert(fetched.end(), message->data.begin(), message->data.end());
        if (message->kind == Kind::reject) ++rejects;
    }
    EXPECT_EQ(fetched, content.info_bytes);
    EXPECT_EQ(rejects, 1U) << "there is no third piece";
}

TEST_F(MetadataTest, AGarbledMetadataMessageIsRefused) {
    start_magnet();
    TestPeer& peer = connect_owner(100);
    say(peer, extended(our_id, as_bytes("garbage")));
    EXPECT_EQ(drops(DropReason::bad_extension), 1U);
}

}  // namespace
}  // namespace spate::session
