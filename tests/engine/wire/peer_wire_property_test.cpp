// Random peers against a reference: the same bytes give the same events and the same payload,
// however they arrive and whatever the session changes its mind about meanwhile.
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "engine/wire/peer_wire.hpp"
#include "tests/engine/wire/reference_wire.hpp"
#include "tests/engine/wire/wire_script.hpp"

using namespace spate;
using namespace spate::wire;

namespace {

constexpr std::byte sentinel{0xee};

enum class Mode : std::uint8_t { linear, planned, mixed };

/// One connection with a session on one end and a moody peer on the other.
class Conversation {
public:
    Conversation(std::uint64_t seed, Mode mode) : prng_(seed), mode_(mode) {
        std::vector<Event> events;
        EXPECT_TRUE(wire_.handle_bytes(any_handshake(), slots_.buffers(), events));
    }

    void step() {
        if (wire_.expected_count() < 40 && prng_.below(3) == 0) session_requests();
        if (stream_.size() < 100'000 && prng_.below(2) == 0) peer_sends();
        if (prng_.below(6) == 0) session_forgets();
        if (mode_ == Mode::linear || (mode_ == Mode::mixed && prng_.below(3) == 0))
            receive_linearly();
        else
            receive_planned();
    }

    /// Until all bytes are handled, and a check of what must not have been touched.
    void finish() {
        while (!stream_.empty()) receive_planned();
        for (const ExpectedBlock& gone : retired_) {
            for (const std::byte b : slots_.buffers().at(gone.slot, gone.block.length))
                ASSERT_EQ(b, sentinel)
                    << "written after it was forgotten: " << describe(gone.block);
        }
        EXPECT_EQ(wire_.payload_bytes_received() + wire_.protocol_bytes_received(),
                  bytes_handled_ + handshake_size_bytes);
        EXPECT_EQ(wire_.expected_count(), reference_.expected_count());
    }

    std::size_t received_count() const { return received_count_; }
    std::size_t discarded_count() const { return discarded_count_; }
    std::uint64_t bytes_copied() const { return wire_.bytes_copied(); }

private:
    BlockRef random_block() {
        const std::uint32_t length = static_cast<std::uint32_t>(
            prng_.below(8) == 0 ? block_size_bytes : 1 + prng_.below(300));
        return {PieceIndex(static_cast<std::uint32_t>(prng_.below(1000))),
                static_cast<std::uint32_t>(prng_.below(1 << 20)), length};
    }

    void expect(BlockRef block) {
        const BlockSlot slot = slots_.allocate(block.length);
        wire_.expect_block(block, slot);
        reference_.expect_block(block, slot);
        asked_.push_back(block);
        current_.push_back({block, slot});
    }

    void session_requests() {
        for (std::uint64_t n = 1 + prng_.below(20); n > 0; --n) expect(random_block());
        if (!forgotten_.empty() && prng_.below(2) == 0) {  // asked for once more, elsewhere
            expect(forgotten_.back());
            forgotten_.pop_back();
        }
    }

    void session_forgets() {
        if (current_.empty() || prng_.below(10) == 0) {
            const BlockRef never_asked{PieceIndex{5000}, 0, 7};
            EXPECT_FALSE(wire_.forget_block(never_asked));
            return;
        }
        const std::size_t index = prng_.below(std::min<std::size_t>(current_.size(), 20));
        const ExpectedBlock gone = current_[index];
        current_.erase(current_.begin() + static_cast<std::ptrdiff_t>(index));
        ASSERT_TRUE(wire_.forget_block(gone.block));
        ASSERT_TRUE(reference_.forget_block(gone.block));
        forgotten_.push_back(gone.block);
        retire(gone);
    }

    /// The slot may be written to by a plan in flight, but never afterwards.
    void retire(const ExpectedBlock& gone) {
        if (in_flight_)
            retiring_.push_back(gone);
        else
            seal(gone);
    }

    void seal(const ExpectedBlock& gone) {
        std::ranges::fill(slots_.buffers().at(gone.slot, gone.block.length), sentinel);
        retired_.push_back(gone);
    }

    void peer_sends() {
        for (std::uint64_t n = 1 + prng_.below(12); n > 0; --n) peer_sends_one();
    }

    void peer_talks_of_hashes() {
        HashRef range{{}, 4, 512, 8, 3};
        prng_.fill(range.pieces_root.bytes);
        const std::uint64_t kind = prng_.below(3);
        if (kind == 0) return append_hash_request(stream_, range);
        if (kind == 1) return append_hash_reject(stream_, range);
        append_hashes(stream_, range, std::vector<Sha256Digest>(prng_.below(600)));
    }

    void peer_sends_one() {
        const std::uint64_t mood = prng_.below(100);
        if (mood < 75) return peer_answers(mood < 66 ? 0 : prng_.below(asked_.size() + 1));
        if (mood < 85) return append_have(stream_, PieceIndex(7));
        if (mood < 87) return append_keep_alive(stream_);
        if (mood < 89) return append_message(stream_, MessageId::choke);
        if (mood < 91) return append_request(stream_, random_block());
        if (mood < 93) return append_reject(stream_, random_block());
        if (mood < 95) return append_piece(stream_, random_block());  // nobody asked
        if (mood < 96) return append_bitfield(stream_, Bitfield(1 + prng_.below(3000)));
        if (mood < 97) return peer_talks_of_hashes();
        if (mood < 98) {
            const std::vector<std::byte> body(prng_.below(2) == 0 ? prng_.below(20'000) : 3);
            return append_extended(stream_, 3, body);
        }
        ByteWriter(stream_).write(std::uint32_t{6}).write(std::uint8_t{99});  // an unknown id
        stream_.insert(stream_.end(), 5, std::byte{1});
    }

    void peer_answers(std::size_t index) {
        if (index >= asked_.size()) return;
        append_piece(stream_, asked_[index]);
        asked_.erase(asked_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    std::size_t random_count(std::size_t most) {
        const std::size_t scale = prng_.below(3) == 0 ? 16 : prng_.below(2) == 0 ? 800 : most;
        return std::min(most, prng_.below(scale + 1));
    }

    void receive_linearly() {
        const std::size_t count = random_count(stream_.size());
        std::vector<Event> events;
        ASSERT_TRUE(wire_.handle_bytes(Bytes(stream_).first(count), slots_.buffers(), events));
        check(events, count);
    }

    void receive_planned() {
        ReceivePlan plan;
        if (!wire_.plan_receive(plan, slots_.buffers())) return receive_linearly();
        ASSERT_FALSE(plan.empty());
        in_flight_ = true;
        if (prng_.below(3) == 0) session_forgets();
        if (prng_.below(4) == 0) session_requests();
        in_flight_ = false;
        const std::size_t count = random_count(std::min(stream_.size(), plan.size_bytes()));
        receive_into(plan, stream_, count);
        std::vector<Event> events;
        ASSERT_TRUE(wire_.handle_planned(plan, count, slots_.buffers(), events));
        check(events, count);
        for (const ExpectedBlock& gone : retiring_) seal(gone);
        retiring_.clear();
    }

    void check(const std::vector<Event>& events, std::size_t count) {
        ASSERT_EQ(describe(events), reference_.handle(Bytes(stream_).first(count)));
        for (const Event& event : events) {
            discarded_count_ += std::holds_alternative<BlockDiscarded>(event);
            const auto* received = std::get_if<BlockReceived>(&event);
            if (received == nullptr) continue;
            ++received_count_;
            ASSERT_TRUE(slots_.holds_payload(received->block, received->slot));
            std::erase_if(current_,
                          [&](const ExpectedBlock& e) { return e.block == received->block; });
        }
        stream_.erase(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(count));
        bytes_handled_ += count;
        ASSERT_EQ(wire_.expected_count(), current_.size());
    }

    Prng prng_;
    Mode mode_;
    SlotMemory slots_;
    PeerWire wire_;
    ReferenceWire reference_;
    std::vector<std::byte> stream_;        // sent by the peer, not yet received
    std::deque<BlockRef> asked_;           // what the peer believes we want
    std::vector<ExpectedBlock> current_;   // what we want
    std::vector<BlockRef> forgotten_;      // what we wanted
    std::vector<ExpectedBlock> retiring_;  // forgotten while a plan was in flight
    std::vector<ExpectedBlock> retired_;   // their slots hold the sentinel
    bool in_flight_ = false;
    std::size_t bytes_handled_ = 0;
    std::size_t received_count_ = 0;
    std::size_t discarded_count_ = 0;
};

void converse(Mode mode) {
    std::size_t received = 0;
    std::size_t discarded = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Conversation conversation(seed, mode);
        for (int i = 0; i < 250; ++i) {
            conversation.step();
            if (testing::Test::HasFatalFailure()) return;
        }
        conversation.finish();
        if (testing::Test::HasFatalFailure()) return;
        received += conversation.received_count();
        discarded += conversation.discarded_count();
    }
    EXPECT_GT(received, 1000U);
    EXPECT_GT(discarded, 100U);
}

}  // namespace

TEST(PeerWireProperty, LinearBytesInAnyChunksGiveTheReferencesEvents) {
    converse(Mode::linear);
}

TEST(PeerWireProperty, PlansOfAnyFillGiveTheReferencesEvents) {
    converse(Mode::planned);
}

TEST(PeerWireProperty, AMixtureOfBothGivesTheReferencesEvents) {
    converse(Mode::mixed);
}
