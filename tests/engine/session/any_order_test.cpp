// Whatever peers say and a driver may do, in any order: a call answered or lost, a receive that
// ends early or late, a cold read, a send cut off, hashes, writes, mail between two cores,
// trackers, failures, stops, time; a line may be lost between any two. No assertion is met, and in
// the end nothing is left. See SessionWorld, and for_each_seed() for longer runs.
#include <array>
#include <initializer_list>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "tests/engine/random_rounds.hpp"
#include "tests/fuzz/session_world.hpp"

namespace spate::session {
namespace {

/// Steps of a SessionWorld that make sense as a rule: random bytes hardly ever lead a peer to its
/// first block. Each script has some kinds of steps often and others seldom or never.
class Script {
public:
    explicit Script(std::uint64_t seed) : random_(seed) {
        for (std::uint64_t& weight : weights_)
            weight = random_.below(4) == 0 ? 0 : 50 * random_.below(9);
        weights_[accepting] = 60;
        weights_[leaving] /= 50;
        weights_[speaking] += 800;
        weights_[trouble] = random_.below(2);
    }

    Bytes beginning() {
        // Version, rate limits, flags, pieces that are stored.
        magnet_ = random_.below(3) == 0;
        const auto flags = static_cast<std::uint8_t>((any() & 0xfe) | (magnet_ ? 1 : 0));
        return say({any(), any(), any(), flags, one_of({0x00, 0xff, any()})});
    }
    Bytes next() {
        bytes_.clear();
        step();
        if (random_.below(64) == 0) bytes_[random_.below(bytes_.size())] = std::byte{any()};
        return bytes_;
    }

private:
    enum Kind : int {
        accepting,
        calling,
        leaving,
        receiving,
        sending,
        hashing,
        writing,
        checking,
        tracker,
        posting,
        delivering,
        time,
        trouble,
        speaking,
        kinds
    };

    std::uint8_t any() { return static_cast<std::uint8_t>(random_()); }
    std::uint8_t one_of(std::initializer_list<int> values) {
        return static_cast<std::uint8_t>(values.begin()[random_.below(values.size())]);
    }
    Bytes say(std::initializer_list<std::uint8_t> bytes) {
        for (const std::uint8_t byte : bytes) bytes_.push_back(std::byte{byte});
        return bytes_;
    }
    /// The step's number, and now and then that its outputs wait or that its line is lost before.
    std::uint8_t choice(int step) {
        const std::uint64_t ticket = random_.below(64);
        return static_cast<std::uint8_t>(step + (ticket == 0 ? 224 : ticket < 24 ? 192 : 0));
    }

    Kind choose() {
        std::uint64_t total = 0;
        for (const std::uint64_t weight : weights_) total += weight;
        std::uint64_t ticket = random_.below(total);
        for (int kind = 0;; ++kind) {
            if (ticket < weights_[static_cast<std::size_t>(kind)]) return static_cast<Kind>(kind);
            ticket -= weights_[static_cast<std::size_t>(kind)];
        }
    }

    Bytes step() {
        switch (choose()) {
            case accepting:
                return say({choice(0), any(), any(), any(), 200,
                            one_of({0, 0, 0, 0, 0, 0, 2, 4, any()}), any()});
            case calling:
                return say({choice(2), any()});
            case leaving:
                return say({choice(3), any()});
            case receiving:
                return say({choice(one_of({4, 4, 4, 5})), any()});
            case sending:
                return say({choice(6), any(), one_of({0, 2, 3, 4, 5, 6, 7, any()})});
            case hashing:
                return say({choice(9), any(), any()});
            case writing:
                return say({choice(11), any(), any(), any()});
            case checking:
                return say({choice(13), any()});
            case tracker:
                return say({choice(14), any(), 1, any(), any()});
            case posting:
                return say({choice(15), any()});
            case delivering:
                return say({choice(16), any()});
            case time:
                return say({choice(17), one_of({0, 1, 2, 3, 4, 5, any(), 128 + any() / 2})});
            case trouble:
                return say({choice(20), any()});
            default:
                return speak();
        }
    }

    Bytes speak() {
        const auto count = static_cast<std::uint8_t>(random_.below(4));
        say({choice(21 + static_cast<int>(random_.below(11))), any(),
             static_cast<std::uint8_t>(2 * count)});
        for (std::uint8_t i = 0; i <= count; ++i) word();
        return bytes_;
    }

    /// Of a torrent whose info dictionary isn't known: it, and the hashes.
    Bytes word_on_metadata() {
        const auto part = static_cast<std::uint8_t>(random_.below(3));
        switch (random_.below(8)) {
            case 0:
                return say({19, one_of({0, 0, 0, 2, any()})});
            case 1:
                return say({25, any()});
            case 2:
                return say({21, any()});
            case 3:
                return say({25, one_of({4, 5, 6, 7, 3})});
            default:  // a part of it, false now and then
                return say({21, static_cast<std::uint8_t>(one_of({8, 8, 8, 8, 136}) + part)});
        }
    }

    Bytes word_on_pieces() {
        const auto piece = static_cast<std::uint8_t>(random_.below(5));
        const std::uint8_t block = piece == 4 ? 0 : one_of({0, 1});
        switch (random_.below(10)) {
            case 0:
                return say({one_of({3, 3, 4})});
            case 1:
                return say({one_of({5, 5, 6})});
            case 2:
                return say({7, piece});
            case 3:
            case 4:
                return say({10, piece, block});
            default:
                return say({28, static_cast<std::uint8_t>(random_.below(240)), piece, block});
        }
    }

    Bytes word() {
        switch (random_.below(16)) {
            case 0:
                return say({one_of({0, 1, 1, 1})});
            case 1:
                return say({3});
            case 2:
                return say({one_of({13, 14, 15, 16, 17, 18}),
                            static_cast<std::uint8_t>(random_.below(4)), 0});
            case 3:
                return random_.below(8) == 0 ? say({any(), any(), any()}) : say({1});
            default:
                return magnet_ ? word_on_metadata() : word_on_pieces();
        }
    }

    Prng random_;
    bool magnet_ = false;
    std::array<std::uint64_t, kinds> weights_{};
    std::vector<std::byte> bytes_;
};

void run_world(std::uint64_t seed, std::size_t steps) {
    Script script(seed);
    fuzz::SessionWorld world(script.beginning());
    for (std::size_t i = 0; i < steps; ++i) world.step(script.next());
    world.finish();
}

TEST(SessionAnyOrder, ShortLivesEndWithNothingLeft) {
    for_each_seed(1'000, [](std::uint64_t seed) { run_world(seed, 60); });
}

TEST(SessionAnyOrder, LongLivesEndWithNothingLeft) {
    for_each_seed(150, [](std::uint64_t seed) { run_world(seed, 2'000); });
}

}  // namespace
}  // namespace spate::session
