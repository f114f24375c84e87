// MetadataFetch under any order of inputs, with honest peers and liars of every kind.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "engine/session/metadata_fetch.hpp"
#include "engine/wire/metadata_message.hpp"
#include "tests/engine/random_rounds.hpp"

namespace spate::session {
namespace {

constexpr std::uint32_t part_bytes = wire::metadata_piece_size_bytes;

/// Peers below `honest_count` are honest, but may be slow, reject, be silent, leave and come back.
class Model {
public:
    explicit Model(std::uint64_t seed) : random_(seed) {
        truth_.resize(1 + random_.below(4 * part_bytes));
        random_.fill(truth_);
        honest_count_ = 1 + static_cast<std::uint32_t>(random_.below(3));
        peer_count_ = honest_count_ + static_cast<std::uint32_t>(random_.below(12));
    }

    void run(int steps) {
        for (int i = 0; i < steps; ++i) step();
    }

    /// The honest ones stay and answer, the liars go on as before: the end must come.
    void finish() {
        hostile_only_ = true;
        for (int tick = 0; tick < 1'200 && !fetch_.done(); ++tick) {
            now_ += 500ms;
            for (std::uint32_t i = 0; i < honest_count_; ++i) serve_honestly(id_of(i));
            for (int i = 0; i < 8; ++i) step();
        }
        EXPECT_TRUE(fetch_.done()) << "the honest peers weren't enough in ten minutes";
        EXPECT_FALSE(fetch_.next_request(id_of(0), now_ + 1h));
    }

private:
    ConnectionId id_of(std::uint32_t peer) const { return ConnectionId(peer + 1); }
    bool honest(ConnectionId id) const { return id.value <= honest_count_; }
    static MetadataFetch::Source source(ConnectionId id) {
        const std::byte address[]{std::byte{10}, std::byte{0}, std::byte{0},
                                  static_cast<std::byte>(id.value)};
        return {id, {IpAddress(address), 6881}, {}};
    }
    std::uint32_t true_size() const { return static_cast<std::uint32_t>(truth_.size()); }

    void join(ConnectionId id) {
        if (convicted_.contains(id)) return;
        std::uint32_t said = true_size();
        if (!honest(id) && random_.below(2) == 0)
            said += static_cast<std::uint32_t>(random_.below(5));
        fetch_.on_peer(source(id), said, now_);
        said_[id] = said;
    }

    void leave(ConnectionId id) {
        fetch_.on_left(id);
        said_.erase(id);
        asked_.erase(id);
    }

    void ask(ConnectionId id) {
        const auto part = fetch_.next_request(id, now_);
        if (!part) return;
        EXPECT_TRUE(said_.contains(id)) << "of somebody who isn't here";
        EXPECT_FALSE(whole_.has_value() || fetch_.done()) << "though the whole is there";
        EXPECT_LT(*part, wire::metadata_piece_count(said_[id]));
        asked_[id].insert(*part);
    }

    void give(ConnectionId id, std::uint32_t part, bool lie) {
        const std::uint32_t said = said_.contains(id) ? said_[id] : true_size();
        const std::size_t at = std::size_t{part} * part_bytes;
        if (at >= said) return;
        std::vector<std::byte> bytes(truth_);
        bytes.resize(said);
        bytes.resize(std::min<std::size_t>(said, at + part_bytes));
        std::vector<std::byte> data(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end());
        if (lie) data[random_.below(data.size())] ^= static_cast<std::byte>(1 + random_.below(255));
        const bool checking = whole_.has_value();  // then it counts for nothing
        if (auto whole = fetch_.on_data(id, part, said, data, now_)) {
            EXPECT_FALSE(checking) << "one is being checked";
            EXPECT_TRUE(asked_[id].contains(part)) << "it wasn't asked";
            whole_ = std::move(whole);
        }
        if (!checking) asked_[id].erase(part);
    }

    void check() {
        if (!whole_) {
            if (random_.below(50) == 0) {
                EXPECT_TRUE(fetch_.on_checked(random_.below(2) == 0, now_).empty());
            }
            return;
        }
        const bool matches = *whole_ == truth_;
        whole_.reset();
        for (const auto& liar : fetch_.on_checked(matches, now_)) {
            EXPECT_FALSE(honest(liar.connection)) << "convicted " << liar.connection.value;
            convicted_.insert(liar.connection);
            leave(liar.connection);
        }
        EXPECT_EQ(fetch_.done(), matches);
    }

    void serve_honestly(ConnectionId id) {
        join(id);
        ask(id);
        for (const std::uint32_t part : std::set(asked_[id])) give(id, part, false);
        check();
    }

    void step() {
        ConnectionId id = id_of(static_cast<std::uint32_t>(random_.below(peer_count_)));
        if (hostile_only_ && honest(id)) return check();
        switch (random_.below(10)) {
            case 0:
            case 1:
                return join(id);
            case 2:
                if (random_.below(4) == 0) leave(id);
                return;
            case 3:
            case 4:
                return ask(id);
            case 5:
            case 6:
                if (!asked_[id].empty())
                    give(id, *asked_[id].begin(), !honest(id) && random_.below(3) == 0);
                return;
            case 7:  // what nobody asked for
                return give(id, static_cast<std::uint32_t>(random_.below(5)), !honest(id));
            case 8:
                fetch_.on_reject(id, static_cast<std::uint32_t>(random_.below(5)), now_);
                return;
            default:
                if (!hostile_only_) now_ += Duration(1ms) * static_cast<int>(random_.below(8'000));
                return check();
        }
    }

    Prng random_;
    Time now_{1'000s};
    MetadataFetch fetch_{SipKey{1, 2}};
    std::vector<std::byte> truth_;
    std::uint32_t honest_count_ = 0;
    std::uint32_t peer_count_ = 0;
    bool hostile_only_ = false;
    std::map<ConnectionId, std::uint32_t> said_;
    std::map<ConnectionId, std::set<std::uint32_t>> asked_;
    std::optional<std::vector<std::byte>> whole_;  // to be checked
    std::set<ConnectionId> convicted_;
};

TEST(MetadataFetchModel, AnyOrderOfInputsConvictsNobodyHonestAndEnds) {
    for_each_seed(300, [](std::uint64_t seed) {
        Model model(seed);
        model.run(200);
        model.finish();
    });
}

}  // namespace
}  // namespace spate::session
