#pragma once
// io/spsc_queue.hpp: a bounded queue from one thread to another.
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <utility>

namespace spate::io {

/// Lock-free, at most `capacity` messages, from one producer thread to one consumer thread. Each
/// side keeps its last view of the other's index, so that it reads the shared line only when the
/// queue looks full or empty. Popped messages are destroyed at once; T has a default value.
template <class T, std::size_t capacity>
class SpscQueue {
    static_assert(std::has_single_bit(capacity));

public:
    static constexpr std::size_t messages_max = capacity;

    SpscQueue() = default;
    SpscQueue(const SpscQueue&) = delete;
    SpscQueue& operator=(const SpscQueue&) = delete;

    /// Producer. False when full; `message` is then untouched.
    [[nodiscard]] bool try_push(T&& message) {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - producer_head_ == capacity) {
            producer_head_ = head_.load(std::memory_order_acquire);
            if (tail - producer_head_ == capacity) return false;
        }
        slots_[tail % capacity] = std::move(message);
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }
    [[nodiscard]] bool try_push(const T& message) { return try_push(T(message)); }

    /// Consumer.
    std::optional<T> try_pop() {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        if (head == consumer_tail_) {
            consumer_tail_ = tail_.load(std::memory_order_acquire);
            if (head == consumer_tail_) return std::nullopt;
        }
        std::optional<T> message(std::exchange(slots_[head % capacity], T{}));
        head_.store(head + 1, std::memory_order_release);
        return message;
    }

    /// Consumer.
    bool empty() const {
        return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire);
    }

private:
    static constexpr std::size_t cache_line_bytes = 64;

    alignas(cache_line_bytes) std::atomic<std::size_t> head_{0};  // written by the consumer
    std::size_t consumer_tail_ = 0;
    alignas(cache_line_bytes) std::atomic<std::size_t> tail_{0};  // written by the producer
    std::size_t producer_head_ = 0;
    alignas(cache_line_bytes) std::array<T, capacity> slots_{};
};

}  // namespace spate::io
