#include "engine/swarm/layer_fetch.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/engine/swarm/layer_content.hpp"

namespace spate::swarm {
namespace {

using Answer = LayerFetch::Answer;

struct LayerFetchTest : testing::Test {
    void start(const std::vector<std::uint32_t>& piece_counts) {
        torrent = layered_torrent(piece_counts);
        proofs.emplace(torrent);
        fetch.emplace(missing_of(torrent));
    }
    std::vector<HashRef> ask(ConnectionId peer) {
        std::vector<HashRef> requests;
        while (const auto request = fetch->next_request(peer, now)) requests.push_back(*request);
        return requests;
    }
    Answer answer(ConnectionId peer, const HashRef& request) {
        return fetch->on_hashes(peer, request, joined(*proofs->prove(request)), now);
    }
    Answer lie(ConnectionId peer, const HashRef& request) {
        auto hashes = *proofs->prove(request);
        hashes.back().bytes[0] ^= std::byte{1};
        return fetch->on_hashes(peer, request, joined(hashes), now);
    }
    void serve_all(ConnectionId peer) {
        for (auto requests = ask(peer); !requests.empty(); requests = ask(peer))
            for (const HashRef& request : requests) ASSERT_EQ(answer(peer, request), Answer::good);
    }
    void expect_everything() {
        ASSERT_TRUE(fetch->complete());
        const auto layers = fetch->take();
        std::size_t found = 0;
        for (std::size_t file = 0; file < torrent.files.size(); ++file)
            for (const metainfo::PieceLayer& layer : layers)
                if (layer.pieces_root == torrent.files[file].pieces_root) {
                    EXPECT_EQ(layer.hashes, layer_of(torrent, file));
                    ++found;
                }
        EXPECT_EQ(found, layers.size());
        EXPECT_EQ(found, missing_of(torrent).layers.size());
    }

    static constexpr ConnectionId alice{1};
    static constexpr ConnectionId bob{2};
    Time now{100s};
    metainfo::Metainfo torrent;
    std::optional<LayerProofs> proofs;
    std::optional<LayerFetch> fetch;
};

TEST_F(LayerFetchTest, OnePeerGivesTheLayersOfAllFilesLongerThanAPiece) {
    for (const std::uint32_t pieces : {2U, 3U, 511U, 512U, 513U, 514U, 1025U, 10'000U}) {
        start({1, pieces, 2, 1, 77});
        serve_all(alice);
        expect_everything();
    }
}

TEST_F(LayerFetchTest, RequestsAreAtMost512HashesAndNoMoreThanTheFileHas) {
    start({512 + 100});
    const auto requests = ask(alice);
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0], (HashRef{*torrent.files[0].pieces_root, 0, 0, 512, 9}));
    EXPECT_EQ(requests[1], (HashRef{*torrent.files[0].pieces_root, 0, 512, 128, 9}));
}

TEST_F(LayerFetchTest, APeerHasEightRequestsAtATime) {
    start({100'000});
    const auto requests = ask(alice);
    EXPECT_EQ(requests.size(), LayerFetch::requests_per_peer_max);
    EXPECT_EQ(answer(alice, requests[3]), Answer::good);
    EXPECT_EQ(ask(alice).size(), 1U);
}

TEST_F(LayerFetchTest, PeersShareTheWorkWithoutAskingTwice) {
    start({5000});
    std::set<std::uint32_t> asked;
    for (const auto& requests : {ask(alice), ask(bob)})
        for (const HashRef& request : requests)
            EXPECT_TRUE(asked.insert(request.index).second) << request.index;
    EXPECT_EQ(asked.size(), 10U);
}

TEST_F(LayerFetchTest, ALiarIsFoundAtOnceAndItsPartsGoToOthers) {
    start({5000});
    const auto of_the_liar = ask(alice);
    EXPECT_EQ(answer(alice, of_the_liar[0]), Answer::good) << "what is proven is kept";
    EXPECT_EQ(lie(alice, of_the_liar[1]), Answer::false_hashes);
    EXPECT_EQ(answer(alice, of_the_liar[2]), Answer::unasked) << "forgotten";
    serve_all(bob);
    expect_everything();
}

TEST_F(LayerFetchTest, HashesOfAnotherNumberAreALie) {
    start({600});
    const auto requests = ask(alice);
    auto hashes = *proofs->prove(requests[0]);
    hashes.pop_back();
    EXPECT_EQ(fetch->on_hashes(alice, requests[0], joined(hashes), now), Answer::false_hashes);
    EXPECT_EQ(ask(bob).size(), 2U);
}

TEST_F(LayerFetchTest, WhatWasNotAskedForIsNotLookedAt) {
    start({600, 600});
    const auto requests = ask(alice);
    EXPECT_EQ(answer(bob, requests[0]), Answer::unasked);
    HashRef other = requests[0];
    other.length = 256;
    EXPECT_EQ(fetch->on_hashes(alice, other, joined(*proofs->prove(other)), now), Answer::unasked);
    EXPECT_EQ(fetch->on_hashes(alice, HashRef{}, {}, now), Answer::unasked);
    EXPECT_EQ(answer(alice, requests[0]), Answer::good);
    EXPECT_EQ(answer(alice, requests[0]), Answer::unasked) << "twice";
}

TEST_F(LayerFetchTest, APeerThatRejectsIsLeftAloneForAWhileAndOthersAreAsked) {
    start({600});
    const auto requests = ask(alice);
    for (const HashRef& request : requests) fetch->on_reject(alice, request, now);
    EXPECT_TRUE(ask(alice).empty());
    EXPECT_EQ(ask(bob).size(), 2U);
    fetch->on_left(bob);
    now += LayerFetch::pause;
    serve_all(alice);
    expect_everything();
}

TEST_F(LayerFetchTest, ASilentPeerIsGivenUpAndOthersAreAsked) {
    start({600});
    EXPECT_EQ(ask(alice).size(), 2U);
    now += LayerFetch::patience;
    EXPECT_TRUE(ask(alice).empty());
    serve_all(bob);
    expect_everything();
}

TEST_F(LayerFetchTest, APeerThatAnswersSlowlyIsNotSilent) {
    start({4096});
    const auto requests = ask(alice);
    for (const HashRef& request : requests) {
        now += LayerFetch::patience - 1s;
        EXPECT_TRUE(ask(alice).empty());
        EXPECT_EQ(answer(alice, request), Answer::good);
    }
    expect_everything();
}

TEST_F(LayerFetchTest, AnUnansweredPartIsAskedOfASecondPeerAndOfNoThird) {
    start({600});
    EXPECT_EQ(ask(alice).size(), 2U);
    EXPECT_TRUE(ask(bob).empty());
    now += LayerFetch::second_asker_after;
    EXPECT_TRUE(ask(alice).empty()) << "itself";
    const auto requests = ask(bob);
    EXPECT_EQ(requests.size(), 2U);
    now += LayerFetch::second_asker_after;
    EXPECT_TRUE(ask(ConnectionId(3)).empty());
    EXPECT_EQ(answer(bob, requests[0]), Answer::good);
    EXPECT_EQ(answer(alice, requests[0]), Answer::unasked) << "too late";
    EXPECT_EQ(answer(alice, requests[1]), Answer::good);
    expect_everything();
}

TEST_F(LayerFetchTest, PartsOfAPeerThatLeftAreAskedOfOthers) {
    start({600});
    EXPECT_EQ(ask(alice).size(), 2U);
    fetch->on_left(alice);
    serve_all(bob);
    expect_everything();
}

TEST_F(LayerFetchTest, TheSmallestLayerHasTwoHashesAndSurvivesALie) {
    start({2});
    const auto requests = ask(alice);
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0].length, 2U);
    EXPECT_EQ(lie(alice, requests[0]), Answer::false_hashes);
    EXPECT_FALSE(fetch->complete());
    serve_all(bob);
    expect_everything();
}

}  // namespace
}  // namespace spate::swarm
