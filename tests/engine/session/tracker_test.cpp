// Announces: when, what, and what comes of the answer.
#include <algorithm>

#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using tracker::AnnounceEvent;
using wire::MessageId;

struct TrackerTest : SessionTest {
    TrackerTest() { trackers = {{url}}; }

    void answer(std::vector<Endpoint> found, std::string warning = {}) {
        tracker::AnnounceResponse response;
        response.interval = 30min;
        response.peers = std::move(found);
        response.warning = std::move(warning);
        session->handle_announced(TorrentId(0), url, response, now);
        run();
    }
    std::size_t announced(AnnounceEvent event) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            announces, [&](const auto& a) { return a.request.event == event; }));
    }
    void download_all() {
        TestPeer& seed = connect_seed();
        for (int i = 0; i < 100 && !torrents[0]->pieces.complete(); ++i) {
            answer_requests(seed);
            while (!hashes.empty()) hash_next(true);
            while (!writes.empty()) write_next();
        }
    }

    const std::string url = "http://tracker.test/announce";
};

TEST_F(TrackerTest, TheFirstAnnounceSaysStartedAndWhatIsLeft) {
    options.tracker_key = 77;
    start();
    ASSERT_EQ(announces.size(), 1U);
    const Announce& first = announces[0];
    EXPECT_EQ(first.url, url);
    EXPECT_EQ(first.request.event, AnnounceEvent::started);
    EXPECT_EQ(first.request.info_hash, torrents[0]->metainfo->info_hash);
    EXPECT_EQ(first.request.peer_id, options.peer_id);
    EXPECT_EQ(first.request.port, options.listen_port);
    EXPECT_EQ(first.request.left, torrents[0]->metainfo->total_bytes);
    EXPECT_EQ(first.request.key, 77U);
}

TEST_F(TrackerTest, ThePeersOfTheAnswerAreCalled) {
    start();
    answer({*Endpoint::parse("10.1.1.1:6881"), *Endpoint::parse("10.1.1.2:6881")});
    EXPECT_EQ(calls.size(), 2U);
    EXPECT_EQ(session->known_peers(TorrentId(0)).size(), 2U);
}

TEST_F(TrackerTest, ASeedNobodyHasAskedForKeepsNoListsOfPeers) {
    seeding = true;
    start();
    answer({});
    advance(1h);
    EXPECT_GE(announces.size(), 2U) << "it goes on announcing";
    EXPECT_FALSE(session->find_torrent(TorrentId(0))->home);
    TestPeer& late = connect_peer();
    say(late, message(MessageId::interested));
    EXPECT_TRUE(session->find_torrent(TorrentId(0))->home);
    EXPECT_EQ(late.count(MessageId::unchoke), 1U) << "and its first peer is served at once";
}

TEST_F(TrackerTest, CompletedIsSaidOnce) {
    start();
    answer({});
    download_all();
    ASSERT_EQ(announced(AnnounceEvent::completed), 1U);
    EXPECT_EQ(announces.back().request.left, 0U);
    EXPECT_EQ(announces.back().request.downloaded, torrents[0]->metainfo->total_bytes);
    answer({});
    advance(2h);
    EXPECT_EQ(announced(AnnounceEvent::completed), 1U);
}

TEST_F(TrackerTest, ASeedNeverSaysCompleted) {
    seeding = true;
    start();
    EXPECT_EQ(announces.at(0).request.left, 0U);
    answer({});
    advance(1h);
    EXPECT_EQ(announced(AnnounceEvent::completed), 0U);
    EXPECT_TRUE(completed.empty());
}

TEST_F(TrackerTest, StoppedIsSaidAtTheEndAndNothingAfterwards) {
    start();
    answer({*Endpoint::parse("10.1.1.1:6881")});
    session->stop_torrent(TorrentId(0), now);
    run();
    EXPECT_EQ(announced(AnnounceEvent::stopped), 1U);
    session->stop_torrent(TorrentId(0), now);
    calls.clear();
    answer({*Endpoint::parse("10.1.1.2:6881")});
    advance(2h);
    EXPECT_EQ(announces.size(), 2U);
    EXPECT_TRUE(calls.empty());
}

TEST_F(TrackerTest, ARetiredTorrentSaysNothing) {
    start();
    answer({});
    session->retire_torrent(TorrentId(0), now);
    run();
    EXPECT_EQ(announces.size(), 1U);
}

TEST_F(TrackerTest, AFailureIsToldToTheUserAndTriedAgain) {
    start();
    session->handle_announced(TorrentId(0), url,
                              std::unexpected(tracker::TrackerFailure{
                                  tracker::TrackerFailureKind::unreachable, "no such host", {}}),
                              now);
    run();
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(warnings[0].sentence, "no such host");
    advance(1min);
    EXPECT_EQ(announces.size(), 2U);
    EXPECT_EQ(announces[1].request.event, AnnounceEvent::started);
}

TEST_F(TrackerTest, AWarningIsToldToTheUser) {
    start();
    answer({}, "be nice");
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(warnings[0].sentence, "be nice");
}

}  // namespace
}  // namespace spate::session
