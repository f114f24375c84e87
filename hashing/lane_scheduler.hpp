#pragma once
// hashing/lane_scheduler.hpp: keeps lanes full while messages of any lengths start and end.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/assert.hpp"
#include "engine/base/bytes.hpp"
#include "hashing/hasher.hpp"
#include "hashing/lane_plan.hpp"

namespace spate::hashing {

/// Runs one call of `Hasher`: message i is parts[i], continuing streams[i] when there are streams.
/// With digests the messages are padded and closed, else their states go back to the streams.
/// Busy lanes are always the first ones: an ended message hands its lane to the next message, or at
/// the end to the last lane, so that fewer lanes can go on with a narrower kernel.
/// Lives on the stack of one call.
template <class Digest>
class LaneScheduler {
public:
    LaneScheduler(const LanePlan& plan, std::span<HashStream<Digest>> streams,
                  std::span<const Bytes> parts, std::span<Digest> digests)
        : plan_(plan), streams_(streams), parts_(parts), digests_(digests) {
        SPATE_ASSERT(streams.empty() || streams.size() == parts.size());
        SPATE_ASSERT(digests.empty() || digests.size() == parts.size());
    }

    void run() {
        while (busy_ < lanes_max && start_next(busy_)) ++busy_;
        std::fill(data_.begin() + busy_, data_.end(), data_[0]);
        while (busy_ > 0) {
            const std::size_t blocks = *std::min_element(left_.begin(), left_.begin() + busy_);
            plan_.advance(state_.data(), data_.data(), busy_, blocks);
            after_advance(blocks);
        }
    }

private:
    static constexpr unsigned words = std::tuple_size_v<decltype(HashStream<Digest>::state)>;
    static constexpr std::size_t length_field_bytes = 8;

    void after_advance(std::size_t blocks) {
        for (unsigned lane = 0; lane < busy_; ++lane) {
            data_[lane] += blocks * sha_block_bytes;
            left_[lane] -= blocks;
        }
        // From the back, so that a lane that moves down has been looked at already.
        for (unsigned lane = busy_; lane-- > 0;) {
            if (left_[lane] > 0 || start_tail(lane)) continue;
            end_message(lane);
            if (start_next(lane)) continue;
            --busy_;
            move_lane(busy_, lane);
        }
        std::fill(data_.begin() + busy_, data_.end(), data_[0]);
    }

    /// Puts the next message that has anything to compute into `lane`; false when none is left.
    bool start_next(unsigned lane) {
        while (next_ < parts_.size()) {
            const std::size_t message = next_++;
            message_[lane] = message;
            in_tail_[lane] = digests_.empty();
            data_[lane] = parts_[message].data();
            left_[lane] = parts_[message].size() / sha_block_bytes;
            set_state(lane, streams_.empty() ? HashStream<Digest>{} : streams_[message]);
            if (left_[lane] > 0 || start_tail(lane)) return true;
        }
        return false;
    }

    /// Points `lane` at its message's last bytes with the padding behind them; false when the
    /// message has none or is through with it.
    bool start_tail(unsigned lane) {
        if (in_tail_[lane]) return false;
        in_tail_[lane] = true;
        const std::size_t message = message_[lane];
        const std::size_t rest_bytes = parts_[message].size() % sha_block_bytes;
        const std::uint64_t before = streams_.empty() ? 0 : streams_[message].length_bytes;
        auto& tail = tails_[lane];
        std::ranges::fill(tail, std::byte{0});
        std::ranges::copy(parts_[message].last(rest_bytes), tail.begin());
        tail[rest_bytes] = std::byte{0x80};
        left_[lane] = rest_bytes + 1 + length_field_bytes <= sha_block_bytes ? 1 : 2;
        store_be<std::uint64_t>(tail.data() + left_[lane] * sha_block_bytes - length_field_bytes,
                                (before + parts_[message].size()) * 8);
        data_[lane] = tail.data();
        return true;
    }

    void end_message(unsigned lane) {
        const std::size_t message = message_[lane];
        for (unsigned w = 0; w < words; ++w) {
            const std::uint32_t word = state_[w * lanes_max + lane];
            if (digests_.empty())
                streams_[message].state[w] = word;
            else
                store_be(digests_[message].bytes.data() + w * sizeof word, word);
        }
        if (!streams_.empty()) streams_[message].length_bytes += parts_[message].size();
    }

    void set_state(unsigned lane, const HashStream<Digest>& stream) {
        for (unsigned w = 0; w < words; ++w) state_[w * lanes_max + lane] = stream.state[w];
    }

    void move_lane(unsigned from, unsigned to) {
        if (from == to) return;
        for (unsigned w = 0; w < words; ++w) {
            state_[w * lanes_max + to] = state_[w * lanes_max + from];
        }
        const std::byte* const old_tail = tails_[from].data();
        const bool reads_tail = data_[from] >= old_tail && data_[from] < old_tail + tail_bytes;
        tails_[to] = tails_[from];
        data_[to] = reads_tail ? tails_[to].data() + (data_[from] - old_tail) : data_[from];
        left_[to] = left_[from];
        message_[to] = message_[from];
        in_tail_[to] = in_tail_[from];
    }

    static constexpr std::size_t tail_bytes = 2 * sha_block_bytes;

    const LanePlan& plan_;
    std::span<HashStream<Digest>> streams_;
    std::span<const Bytes> parts_;
    std::span<Digest> digests_;
    std::size_t next_ = 0;
    unsigned busy_ = 0;
    alignas(64) std::array<std::uint32_t, words * lanes_max> state_;
    std::array<const std::byte*, lanes_max> data_{};
    std::array<std::size_t, lanes_max> left_;  // blocks
    std::array<std::size_t, lanes_max> message_;
    std::array<bool, lanes_max> in_tail_;
    std::array<std::array<std::byte, tail_bytes>, lanes_max> tails_;
};

}  // namespace spate::hashing
