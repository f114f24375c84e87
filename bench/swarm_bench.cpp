// What the swarm's decisions cost: the picker by the block in a large swarm, availability counters
// by threads, the choker by the round.
//
//   swarm_bench --benchmark_filter=pick          percentiles of one block, in nanoseconds
//   swarm_bench --benchmark_filter=availability/ HAVEs per second by threads
//   swarm_bench --benchmark_filter=choke/        one round, by strategy and peers
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/base/prng.hpp"
#include "engine/swarm/availability.hpp"
#include "engine/swarm/choker.hpp"
#include "engine/swarm/picker.hpp"

using namespace spate;
using namespace spate::swarm;

namespace {

constexpr Time start{1'000s};
constexpr CoreIndex core{0};

/// Addresses, and nothing behind them: the picker never looks at payload.
class NoMemory final : public PayloadMemory {
public:
    MutableBytes allocate(std::size_t size_bytes) override {
        next_ += size_bytes;
        return {reinterpret_cast<std::byte*>(next_), size_bytes};
    }
    void free(MutableBytes) override {}

private:
    std::uintptr_t next_ = 4096;
};

/// A downloader in the middle of a large swarm: peers with anything from a twentieth to nearly all
/// of the pieces, one seed in twenty, and HAVEs that come at a steady rate of virtual time.
class LargeSwarm {
public:
    static constexpr std::uint32_t blocks_per_piece = 16;
    static constexpr std::uint32_t piece_length = blocks_per_piece * block_size_bytes;

    LargeSwarm(std::uint32_t peer_count, std::uint32_t piece_count)
        : pieces_(piece_count),
          availability_(piece_count),
          buffers_(memory_, 1ULL << 40),
          picker_(core, [](PieceIndex) { return piece_length; }, pieces_, availability_, buffers_) {
        for (std::uint32_t i = 0; i < peer_count; ++i) {
            Peer& peer = peers_.emplace_back();
            peer.id = ConnectionId(i + 1);
            fill(peer.has, piece_count);
            if (peer.has.all()) {
                availability_.add_seed();
            } else {
                availability_.add(peer.has, core);
            }
        }
        for (std::uint32_t i = 0; i < PieceOrder::random_first_pieces; ++i)
            pieces_.set_stored(PieceIndex(i));
    }

    /// Some peer's data has come: the session looks at its connection, handles what came, which
    /// passes so much time, and asks it for so many blocks. Returns what picking took.
    std::chrono::nanoseconds answer(std::uint32_t count, Duration passed, double haves_per_s) {
        Peer& peer = peers_[random_.below(peers_.size())];
        peer.received_at = now_;
        benchmark::DoNotOptimize(peer.has.count());
        const auto before = std::chrono::steady_clock::now();
        picker_.fetch_ahead(peer.has, peer.state);
        const auto fetching = std::chrono::steady_clock::now();
        live(passed, haves_per_s);
        return pick_for(peer, count) + (fetching - before);
    }
    /// Some peer is asked for so many blocks out of the blue, with nothing of it in a cache.
    std::chrono::nanoseconds ask(std::uint32_t count, Duration passed, double haves_per_s) {
        live(passed, haves_per_s);
        return pick_for(peers_[random_.below(peers_.size())], count);
    }
    bool used_up() const { return pieces_.missing_count() < pieces_.size() / 10; }

private:
    static constexpr std::size_t in_flight_blocks = 20'000;

    struct Peer {
        ConnectionId id;
        Time received_at;
        Bitfield has;
        PeerPickState state;
    };
    struct Asked {
        BlockRef block;
        ConnectionId peer;
    };

    void fill(Bitfield& has, std::uint32_t piece_count) {
        has = Bitfield(piece_count);
        if (random_.below(20) == 0) return has.set_all();
        // Sixteenths: one to fifteen of them.
        const std::uint64_t density = 1 + random_.below(15);
        std::vector<std::byte> bits((piece_count + 7) / 8);
        for (std::byte& byte : bits) {
            std::uint64_t mixed = 0;
            for (unsigned digit = 0; digit < 4; ++digit)
                mixed = (density >> digit & 1) != 0 ? mixed | random_() : mixed & random_();
            byte = static_cast<std::byte>(mixed);
        }
        if (piece_count % 8 != 0) bits.back() &= std::byte(0xff << (8 - piece_count % 8));
        if (!has.assign(bits, piece_count)) std::abort();
    }

    std::chrono::nanoseconds pick_for(Peer& peer, std::uint32_t count) {
        picks_.clear();
        const auto before = std::chrono::steady_clock::now();
        picker_.pick({peer.id, peer.has, window_, peer.state, 1'000'000}, count, random_, now_,
                     picks_);
        const auto after = std::chrono::steady_clock::now();
        for (const Picker::Pick& pick : picks_) in_flight_.push_back({pick.block, peer.id});
        return after - before;
    }

    /// Time passes, blocks come, and HAVEs.
    void live(Duration passed, double haves_per_s) {
        now_ += passed;
        while (in_flight_.size() > in_flight_blocks) receive_one();
        for (haves_due_ += haves_per_s * to_seconds(passed); haves_due_ >= 1; --haves_due_) {
            Peer& peer = peers_[random_.below(peers_.size())];
            const PieceIndex piece(static_cast<std::uint32_t>(random_.below(pieces_.size())));
            if (!peer.has.set(piece.value)) continue;
            availability_.add(piece, core);
            picker_.on_have(peer.state, piece);
        }
    }

    void receive_one() {
        const Asked asked = in_flight_.front();
        in_flight_.pop_front();
        if (picker_.on_block(asked.block, asked.peer) != Picker::Received::completes_piece) return;
        (void)pieces_.store(asked.block.piece);
        picker_.drop(asked.block.piece);
    }

    Prng random_{7};
    NoMemory memory_;
    PieceTable pieces_;
    Availability availability_;
    PieceBuffers buffers_;
    Picker picker_;
    RequestWindow window_;
    std::deque<Peer> peers_;
    std::deque<Asked> in_flight_;
    std::vector<Picker::Pick> picks_;
    Time now_ = start;
    double haves_due_ = 0;
};

double percentile(std::vector<std::int64_t>& sorted, double share) {
    if (sorted.empty()) return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    return static_cast<double>(sorted[at]);
}

/// What reading the clock twice adds to each figure.
std::int64_t clock_cost_ns() {
    std::vector<std::int64_t> costs;
    for (int i = 0; i < 10'000; ++i) {
        const auto before = std::chrono::steady_clock::now();
        const auto after = std::chrono::steady_clock::now();
        costs.push_back((after - before).count());
    }
    std::ranges::nth_element(costs, costs.begin() + 5'000);
    return costs[5'000];
}

/// Figures are for one block: the call's time by its blocks. Each call is for another peer, whose
/// bits are in no cache when its data comes. `timed` does what happens between two calls, and the
/// call.
template <class Timed>
void report_picks(benchmark::State& state, int clock_readings, Timed&& timed) {
    const auto peers = static_cast<std::uint32_t>(state.range(0));
    const auto pieces = static_cast<std::uint32_t>(state.range(1));
    const auto batch = static_cast<std::uint32_t>(state.range(2));
    auto swarm = std::make_unique<LargeSwarm>(peers, pieces);
    const std::int64_t clock_ns = clock_readings * clock_cost_ns();
    std::vector<std::int64_t> took;
    for (auto _ : state) {
        if (swarm->used_up()) {
            state.PauseTiming();
            swarm = std::make_unique<LargeSwarm>(peers, pieces);
            state.ResumeTiming();
        }
        const std::int64_t call_ns = timed(*swarm, batch).count() - clock_ns;
        took.push_back(std::max<std::int64_t>(0, call_ns) / batch);
    }
    std::ranges::sort(took);
    state.counters["p50_ns"] = percentile(took, 0.50);
    state.counters["p90_ns"] = percentile(took, 0.90);
    state.counters["p99_ns"] = percentile(took, 0.99);
    state.counters["p999_ns"] = percentile(took, 0.999);
    state.counters["max_ns"] = percentile(took, 1);
}

constexpr double haves_per_s = 100'000;
/// 50,000 blocks a second: 0.8 GB/s.
constexpr Duration between_blocks = 20us;

/// As the session does it: what picking needs is fetched when the peer's data comes, and used when
/// the data has been handled. Both count. Requests travel in batches of a quarter of the window
/// (RequestWindow::room()): four when it begins, sixteen and more at its usual depth, one at the
/// least.
void pick(benchmark::State& state) {
    report_picks(state, 2, [](LargeSwarm& swarm, std::uint32_t batch) {
        return swarm.answer(batch, batch * between_blocks, haves_per_s);
    });
}
BENCHMARK(pick)
    ->ArgNames({"peers", "pieces", "batch"})
    ->Args({100, 1'000, 16})
    ->Args({1'000, 10'000, 16})
    ->Args({10'000, 100'000, 1})
    ->Args({10'000, 100'000, 4})
    ->Args({10'000, 100'000, 16});

/// What a timer does, after which no data has come: the call waits for memory, twice in a row.
void pick_cold(benchmark::State& state) {
    report_picks(state, 1, [](LargeSwarm& swarm, std::uint32_t batch) {
        return swarm.ask(batch, batch * between_blocks, haves_per_s);
    });
}
BENCHMARK(pick_cold)
    ->ArgNames({"peers", "pieces", "batch"})
    ->Args({10'000, 100'000, 1})
    ->Args({10'000, 100'000, 4})
    ->Args({10'000, 100'000, 16});

/// HAVEs of one core's peers each, counted for all.
std::unique_ptr<Availability> shared_availability;

void availability(benchmark::State& state) {
    constexpr std::uint32_t pieces = 100'000;
    const CoreIndex mine(static_cast<std::uint16_t>(state.thread_index()));
    Prng random(static_cast<std::uint64_t>(state.thread_index()) + 1);
    for (auto _ : state)
        shared_availability->add(PieceIndex(static_cast<std::uint32_t>(random.below(pieces))),
                                 mine);
    state.counters["HAVE/s"] =
        benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(availability)
    ->Setup([](const benchmark::State&) {
        shared_availability = std::make_unique<Availability>(100'000);
    })
    ->Teardown([](const benchmark::State&) { shared_availability.reset(); })
    ->ThreadRange(1, 8)
    ->UseRealTime();

void choke(benchmark::State& state, LeechStrategy leech, bool seeding) {
    Prng random(3);
    std::vector<ChokeCandidate> peers;
    for (std::uint32_t i = 0; i < state.range(0); ++i)
        peers.push_back({.key = {core, ConnectionId(i)},
                         .interested = random.below(4) != 0,
                         .snubbed = random.below(10) == 0,
                         .unchokes_us = random.below(3) == 0,
                         .rate_bytes_per_s = random.below(1'000'000),
                         .given_bytes_per_s = random.below(1'000'000),
                         .have_share = random.unit(),
                         .joined_at = start - Duration(random.below(600'000'000'000)),
                         .choke_changed_at = start - Duration(random.below(600'000'000'000))});
    Choker choker(leech);
    Time now = start;
    for (auto _ : state) {
        benchmark::DoNotOptimize(choker.choose({.peers = peers,
                                                .slots = 40,
                                                .uplink_bytes_per_s = 100'000'000,
                                                .random = random,
                                                .now = now},
                                               seeding));
        now += Choker::round;
    }
}
BENCHMARK_CAPTURE(choke, tit_for_tat, LeechStrategy::tit_for_tat, false)
    ->ArgName("peers")
    ->Arg(100)
    ->Arg(10'000);
BENCHMARK_CAPTURE(choke, tyrant, LeechStrategy::tyrant, false)
    ->ArgName("peers")
    ->Arg(100)
    ->Arg(10'000);
BENCHMARK_CAPTURE(choke, round_robin, LeechStrategy::tit_for_tat, true)
    ->ArgName("peers")
    ->Arg(100)
    ->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
