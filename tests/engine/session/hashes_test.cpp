// Piece layers of v2 torrents: fetched from peers for a magnet link, and served (BEP 52).
#include "engine/wire/extension_handshake.hpp"
#include "engine/wire/metadata_message.hpp"
#include "tests/engine/session/session_fixture.hpp"
#include "tests/engine/swarm/layer_content.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct HashesTest : SessionTest {
    /// The dictionary of `content` is there; its layers aren't.
    void start_magnet(const std::vector<std::uint32_t>& piece_counts = {1, 5000, 3}) {
        start(false);
        content = swarm::layered_torrent(piece_counts);
        proofs.emplace(content);
        metainfo::Metainfo magnet;
        magnet.info_hash.bytes.fill(std::byte{1});
        magnet.info_hash_v2.emplace();
        add_torrent(magnet);
        TestPeer& owner = connect_peer({.extensions = true});
        wire::ExtensionHandshake theirs;
        theirs.ut_metadata = 3;
        theirs.metadata_size_bytes = 100;
        ByteVector words;
        wire::append_extension_handshake(words, theirs);
        wire::append_metadata_data(words, 1, 0, ByteVector(100));
        say(owner, words);
        ASSERT_EQ(metadata.size(), 1U);
        hang_up(owner);
        session->handle_metadata_checked(TorrentId(0), true, now);
    }
    void fetch_layers() {
        session->fetch_layers(TorrentId(0), ByteVector(100), swarm::missing_of(content), now);
        run();
    }
    static std::vector<HashRef> hash_refs(const TestPeer& peer, MessageId id) {
        std::vector<HashRef> ranges;
        for (const SentMessage& message : peer.messages) {
            if (message.id != id) continue;
            HashRef range;
            ByteReader body(message.body);
            std::ranges::copy(*body.read_bytes(32), range.pieces_root.bytes.begin());
            range.base_layer = *body.read<std::uint32_t>();
            range.index = *body.read<std::uint32_t>();
            range.length = *body.read<std::uint32_t>();
            range.proof_layers = *body.read<std::uint32_t>();
            ranges.push_back(range);
        }
        return ranges;
    }
    static std::vector<HashRef> asked_of(const TestPeer& peer) {
        return hash_refs(peer, MessageId::hash_request);
    }
    void answer(TestPeer& peer, const HashRef& range, std::byte lie = {}) {
        auto proof = *proofs->prove(range);
        proof.front().bytes[5] ^= lie;
        ByteVector words;
        wire::append_hashes(words, range, proof);
        say(peer, words);
    }
    /// All that it asks for, until it asks for nothing more.
    void answer_all(TestPeer& peer) {
        for (std::size_t done = 0; done < asked_of(peer).size(); ++done)
            answer(peer, asked_of(peer)[done]);
    }
    void expect_layers() {
        ASSERT_EQ(layers.size(), 1U);
        EXPECT_EQ(layers[0].info_bytes, ByteVector(100));
        ASSERT_EQ(layers[0].layers.size(), swarm::missing_of(content).layers.size());
        for (const metainfo::PieceLayer& layer : layers[0].layers)
            for (std::size_t file = 0; file < content.files.size(); ++file)
                if (content.files[file].pieces_root == layer.pieces_root) {
                    EXPECT_EQ(layer.hashes, swarm::layer_of(content, file));
                }
    }

    metainfo::Metainfo content;
    std::optional<swarm::LayerProofs> proofs;
};

TEST_F(HashesTest, LayersThatTheDictionaryLacksAreFetchedFromAPeer) {
    start_magnet();
    TestPeer& peer = connect_peer();
    EXPECT_TRUE(asked_of(peer).empty());
    fetch_layers();
    EXPECT_EQ(asked_of(peer).size(), swarm::LayerFetch::requests_per_peer_max);
    answer_all(peer);
    EXPECT_EQ(asked_of(peer).size(), 11U) << "10 parts of the long file, one of the short";
    expect_layers();
    EXPECT_FALSE(peer.closed);
}

TEST_F(HashesTest, AnotherSizeOfTheDictionaryThatIsThereChangesNothing) {
    start_magnet();
    TestPeer& owner = connect_peer();
    fetch_layers();
    TestPeer& odd = connect_peer({.extensions = true});
    wire::ExtensionHandshake theirs;
    theirs.ut_metadata = 3;
    theirs.metadata_size_bytes = 105;
    ByteVector words;
    wire::append_extension_handshake(words, theirs);
    say(odd, words);
    advance(30s);
    EXPECT_TRUE(odd.extended(3).empty()) << "nothing is asked for";
    wire::append_metadata_data(words = {}, 1, 0, ByteVector(105));
    say(odd, words);
    EXPECT_EQ(metadata.size(), 1U);
    answer_all(owner);
    advance(30s);
    answer_all(owner);
    expect_layers();
}

TEST_F(HashesTest, SeveralPeersShareTheLayers) {
    start_magnet();
    TestPeer& first = connect_peer();
    fetch_layers();
    TestPeer& second = connect_peer();
    advance(1s);
    EXPECT_EQ(asked_of(first).size() + asked_of(second).size(), 11U);
    answer_all(first);
    EXPECT_TRUE(layers.empty());
    answer_all(second);
    expect_layers();
}

TEST_F(HashesTest, APeerWhoseHashesAreFalseIsBannedAndOthersAreAsked) {
    start_magnet();
    TestPeer& liar = connect_peer();
    fetch_layers();
    answer(liar, asked_of(liar).at(0), std::byte{1});
    run();
    EXPECT_TRUE(liar.closed);
    EXPECT_EQ(drops(DropReason::false_data), 1U);
    TestPeer& honest = connect_peer();
    advance(1s);
    answer_all(honest);
    expect_layers();
}

TEST_F(HashesTest, APeerThatRejectsKeepsItsConnectionAndOthersAreAsked) {
    start_magnet();
    TestPeer& without = connect_peer();
    fetch_layers();
    ByteVector words;
    for (const HashRef& range : asked_of(without)) wire::append_hash_reject(words, range);
    say(without, words);
    EXPECT_FALSE(without.closed);
    TestPeer& owner = connect_peer();
    advance(1s);
    answer_all(owner);
    expect_layers();
}

TEST_F(HashesTest, ASilentPeerHoldsNothingUp) {
    start_magnet();
    TestPeer& silent = connect_peer();
    fetch_layers();
    TestPeer& talker = connect_peer();
    advance(1s);
    answer_all(talker);
    EXPECT_TRUE(layers.empty());
    for (int second = 0; second < 10 && layers.empty(); ++second) {
        advance(1s);
        answer_all(talker);
    }
    expect_layers();
    EXPECT_FALSE(silent.closed);
}

TEST_F(HashesTest, WhatAPeerLeavesUnansweredIsAskedOfOthers) {
    start_magnet();
    TestPeer& leaver = connect_peer();
    fetch_layers();
    hang_up(leaver);
    TestPeer& peer = connect_peer();
    advance(1s);
    answer_all(peer);
    expect_layers();
}

TEST_F(HashesTest, WhileLayersAreMissingPiecesAreNotTalkedAbout) {
    start_magnet();
    TestPeer& peer = connect_peer();
    fetch_layers();
    say(peer, message(MessageId::have_all) + message(MessageId::unchoke));
    EXPECT_TRUE(peer.requests.empty());
    const HashRef range = asked_of(peer).at(0);
    ByteVector words;
    wire::append_hash_request(words, range);
    say(peer, words);
    EXPECT_EQ(hash_refs(peer, MessageId::hash_reject), std::vector{range})
        << "we don't serve what we don't have";
}

TEST_F(HashesTest, HashesThatNobodyAskedForAreIgnored) {
    start();
    TestPeer& peer = connect_peer();
    ByteVector words;
    wire::append_hashes(words, HashRef{}, std::vector<Sha256Digest>(4));
    wire::append_hash_reject(words, HashRef{});
    say(peer, words);
    EXPECT_FALSE(peer.closed);
}

TEST_F(HashesTest, ATorrentsLayersAreServedChokedOrNot) {
    start(false);
    content = swarm::layered_torrent({1, 5000});
    proofs.emplace(content);
    add_torrent(content);
    TestPeer& peer = connect_peer();
    const HashRef range{*content.files[1].pieces_root, 0, 512, 512, 12};
    const HashRef leaves_of_nobody{{}, 0, 0, 2, 0};
    ByteVector words;
    wire::append_hash_request(words, range);
    wire::append_hash_request(words, leaves_of_nobody);
    say(peer, words);
    EXPECT_EQ(hash_refs(peer, MessageId::hashes), std::vector{range});
    EXPECT_EQ(hash_refs(peer, MessageId::hash_reject), std::vector{leaves_of_nobody});
    ByteVector expected;
    wire::append_hashes(expected, range, *proofs->prove(range));
    for (const SentMessage& message : peer.messages)
        if (message.id == MessageId::hashes) {
            EXPECT_EQ(message.body, ByteVector(expected.begin() + 5, expected.end()));
        }
}

TEST_F(HashesTest, APeerThatDoesNotReadGetsRejectsInsteadOfMoreHashes) {
    start(false);
    content = swarm::layered_torrent({5000});
    add_torrent(content);
    TestPeer& peer = connect_peer();
    const HashRef range{*content.files[0].pieces_root, 0, 0, 512, 12};
    ByteVector words;
    for (int i = 0; i < 40; ++i) wire::append_hash_request(words, range);
    say(peer, words);  // in one piece: we send nothing in between
    const std::size_t served = hash_refs(peer, MessageId::hashes).size();
    EXPECT_EQ(served, 16U) << "256 KiB";
    EXPECT_EQ(hash_refs(peer, MessageId::hash_reject).size(), 40 - served);
}

TEST_F(HashesTest, AV1TorrentHasNoHashesToServe) {
    start();
    TestPeer& peer = connect_peer();
    ByteVector words;
    wire::append_hash_request(words, HashRef{{}, 0, 0, 2, 0});
    say(peer, words);
    EXPECT_EQ(peer.count(MessageId::hash_reject), 1U);
}

TEST_F(HashesTest, AHybridIsCalledByEitherOfItsHashes) {
    start(false);
    metainfo::Metainfo hybrid = test_content(8);
    hybrid.info_hash_v2.emplace();
    hybrid.info_hash_v2->bytes.fill(std::byte{9});
    add_torrent(hybrid);
    for (const InfoHash& hash : {hybrid.info_hash, metainfo::truncated(*hybrid.info_hash_v2)}) {
        TestPeer& peer = accept();
        wire::Handshake words = handshake_of(hash == hybrid.info_hash ? 51 : 52, {});
        words.info_hash = hash;
        say(peer, handshake(words));
        ASSERT_TRUE(peer.handshake);
        EXPECT_EQ(peer.handshake->info_hash, hash);
        EXPECT_FALSE(peer.closed);
    }
}

}  // namespace
}  // namespace spate::session
