// LayerFetch under any order of inputs, with honest peers and liars.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "engine/swarm/layer_fetch.hpp"
#include "tests/engine/random_rounds.hpp"
#include "tests/engine/swarm/layer_content.hpp"

namespace spate::swarm {
namespace {

using Answer = LayerFetch::Answer;

/// Peers up to `honest_count` are honest, but may be slow, reject, be silent, leave and come back.
class Model {
public:
    explicit Model(std::uint64_t seed)
        : random_(seed),
          torrent_(layered_torrent({1, 2 + size(), 3, 600 + size()})),
          proofs_(torrent_),
          fetch_(missing_of(torrent_)),
          honest_count_(1 + random_.below(3)) {}

    void run(int steps) {
        for (int i = 0; i < steps && !fetch_.complete(); ++i) step();
    }

    /// The honest ones answer, the liars go on as before: the end must come.
    void finish() {
        hostile_only_ = true;
        for (int tick = 0; tick < 1'200 && !fetch_.complete(); ++tick) {
            now_ += 500ms;
            for (std::uint32_t i = 1; i <= honest_count_; ++i) {
                ask(ConnectionId(i));
                for (const HashRef& range : std::set(asked_[ConnectionId(i)]))
                    answer(ConnectionId(i), range, false);
            }
            for (int i = 0; i < 8 && !fetch_.complete(); ++i) step();
        }
        ASSERT_TRUE(fetch_.complete()) << "the honest peers weren't enough in ten minutes";
        for (const metainfo::PieceLayer& layer : fetch_.take())
            for (std::size_t file = 0; file < torrent_.files.size(); ++file)
                if (torrent_.files[file].pieces_root == layer.pieces_root) {
                    EXPECT_EQ(layer.hashes, layer_of(torrent_, file));
                }
    }

private:
    std::uint32_t size() { return static_cast<std::uint32_t>(random_.below(3'000)); }
    bool honest(ConnectionId id) const { return id.value <= honest_count_; }

    void ask(ConnectionId id) {
        const auto range = fetch_.next_request(id, now_);
        if (!range) return;
        asked_[id].insert(*range);
        EXPECT_LE(range->length, LayerFetch::part_hashes_max);
    }

    void answer(ConnectionId id, const HashRef& range, bool lie) {
        if (fetch_.complete()) return;
        auto hashes = *proofs_.prove(range);
        if (lie) hashes[random_.below(hashes.size())].bytes[3] ^= std::byte{1};
        const Answer answer = fetch_.on_hashes(id, range, joined(hashes), now_);
        EXPECT_TRUE(answer != Answer::false_hashes || lie) << "the hashes were true";
        EXPECT_TRUE(answer != Answer::good || !lie) << "the hashes were false";
        EXPECT_TRUE(answer == Answer::unasked || asked_[id].contains(range));
        if (answer == Answer::false_hashes) asked_.erase(id);
        if (answer == Answer::good) asked_[id].erase(range);
    }

    void step() {
        const ConnectionId id(static_cast<std::uint32_t>(1 + random_.below(8)));
        if (hostile_only_ && honest(id)) return;
        auto& asked = asked_[id];
        switch (random_.below(8)) {
            case 0:
                if (random_.below(4) != 0) return;
                fetch_.on_left(id);
                asked_.erase(id);
                return;
            case 1:
                if (!asked.empty()) fetch_.on_reject(id, *asked.begin(), now_);
                return;
            case 2:
                return fetch_.on_reject(id, HashRef{}, now_);
            case 3:
            case 4:
                if (!asked.empty())
                    answer(id, *asked.rbegin(), !honest(id) && random_.below(2) == 0);
                return;
            case 5:  // what another was asked for
                if (const auto& others = asked_[ConnectionId(1)]; !others.empty())
                    answer(id, *others.begin(), false);
                return;
            case 6:
                if (!hostile_only_) now_ += Duration(1ms) * static_cast<int>(random_.below(5'000));
                return;
            default:
                return ask(id);
        }
    }

    Prng random_;
    Time now_{1'000s};
    metainfo::Metainfo torrent_;
    LayerProofs proofs_;
    LayerFetch fetch_;
    std::uint64_t honest_count_ = 0;
    bool hostile_only_ = false;
    std::map<ConnectionId, std::set<HashRef>> asked_;
};

TEST(LayerFetchModel, AnyOrderOfInputsEndsWithTheTrueLayers) {
    for_each_seed(60, [](std::uint64_t seed) {
        Model model(seed);
        model.run(100);
        model.finish();
    });
}

}  // namespace
}  // namespace spate::swarm
