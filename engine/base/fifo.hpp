#pragma once
// engine/base/fifo.hpp: a queue that costs nothing while it is unused.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "engine/base/assert.hpp"

namespace spate {

/// A queue in consecutive memory, usually taken from the front; now and then something else is
/// erased. It holds no memory before its first entry, nor after release() while empty. (An empty
/// std::deque holds over half a KiB.)
template <class T>
class Fifo {
public:
    using value_type = T;
    using iterator = std::vector<T>::iterator;
    using const_iterator = std::vector<T>::const_iterator;

    std::size_t size() const { return entries_.size() - head_; }
    bool empty() const { return size() == 0; }
    const T& front() const {
        SPATE_ASSERT(!empty());
        return entries_[head_];
    }
    iterator begin() { return entries_.begin() + offset(); }
    iterator end() { return entries_.end(); }
    const_iterator begin() const { return entries_.begin() + offset(); }
    const_iterator end() const { return entries_.end(); }

    void push_back(T entry) {
        if (head_ > size()) compact();
        entries_.push_back(std::move(entry));
    }
    void pop_front() {
        SPATE_ASSERT(!empty());
        if (++head_ == entries_.size()) clear();
    }
    /// Moves the older ones, which are few as a rule. Invalidates iterators.
    void erase(iterator at) {
        std::move_backward(begin(), at, std::next(at));
        pop_front();
    }
    /// Erases those that `unwanted` says, asked of each once, in order.
    template <class Unwanted>
    void erase_if(Unwanted unwanted) {
        entries_.erase(std::remove_if(begin(), end(), unwanted), end());
    }
    void clear() {
        entries_.clear();
        head_ = 0;
    }
    /// Gives the memory back if the queue is empty.
    void release() {
        if (empty()) *this = Fifo();
    }

private:
    std::ptrdiff_t offset() const { return static_cast<std::ptrdiff_t>(head_); }
    void compact() {
        entries_.erase(entries_.begin(), begin());
        head_ = 0;
    }

    std::vector<T> entries_;  // those before head_ are gone
    std::size_t head_ = 0;
};

}  // namespace spate
