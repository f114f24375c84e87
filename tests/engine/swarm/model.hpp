#pragma once
// tests/engine/swarm/model.hpp: every interleaving of the atomic steps of a few threads.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/assert.hpp"

namespace spate::swarm {

/// Runs small programs, one a thread, in every order of their atomic operations, on one real
/// thread. A program is deterministic but for what its atomic operations yield. To take one step of
/// it, it is run from its beginning: earlier operations yield what they yielded before, the next
/// one is really done, and the one after that stops it. So the state of a run is the values of the
/// words and each thread's record, which can be copied; states that were seen are not explored
/// again. Orders are sequentially consistent ones; what weaker memory orders allow is
/// ThreadSanitizer's business.
class Model {
public:
    using Program = std::function<void()>;
    using Check = std::function<void()>;

    /// Explores all interleavings, from the words' values now. `at_end` is called for each
    /// different end, after each program was run once more for its results; `at_each` in every
    /// state.
    void explore(const std::vector<Program>& programs, const Check& at_each, const Check& at_end) {
        at_each_ = &at_each;
        at_end_ = &at_end;
        seen_.clear();
        states_ = ends_ = 0;
        const State start{cells_, std::vector<Record>(programs.size())};
        visit(programs, start);
        cells_ = start.cells;
    }
    std::uint64_t states() const { return states_; }
    std::uint64_t ends() const { return ends_; }

    // For ModelAtomic.
    std::size_t add_cell(std::uint64_t value) {
        cells_.push_back(value);
        return cells_.size() - 1;
    }
    /// The old value; `next` makes the new one of it.
    template <class Next>
    std::uint64_t step(std::size_t cell, Next&& next) {
        if (running_ == nullptr) return std::exchange(cells_[cell], next(cells_[cell]));
        if (at_ < running_->yields.size()) return running_->yields[at_++];
        if (stepped_) throw Pause();
        stepped_ = true;
        ++at_;
        running_->yields.push_back(cells_[cell]);
        return std::exchange(cells_[cell], next(cells_[cell]));
    }

    /// Arrays that programs make are those of a store, made before: the first that a thread's
    /// program makes is always the same one, whatever ran in between.
    template <class Array>
    Array* take_array() {
        const auto found = arrays_.find({thread_, arrays_taken_++});
        SPATE_ASSERT(found != arrays_.end());
        return static_cast<Array*>(found->second);
    }
    void give_array(std::size_t thread, std::size_t number, void* array) {
        arrays_[{thread, number}] = array;
    }

    /// The model that atomics made now belong to.
    static Model*& current() {
        static thread_local Model* model = nullptr;
        return model;
    }

private:
    struct Pause {};
    struct Record {
        std::vector<std::uint64_t> yields;
        bool done = false;
        auto operator<=>(const Record&) const = default;
    };
    struct State {
        std::vector<std::uint64_t> cells;
        std::vector<Record> threads;
        auto operator<=>(const State&) const = default;
    };

    /// One step, or none when the program has no more.
    void run(const Program& program, std::size_t thread, Record& record, bool may_step) {
        running_ = &record;
        thread_ = thread;
        arrays_taken_ = 0;
        at_ = 0;
        stepped_ = !may_step;
        try {
            program();
            record.done = true;
        } catch (const Pause&) {
        }
        running_ = nullptr;
    }

    void visit(const std::vector<Program>& programs, const State& state) {
        if (!seen_.insert(state).second) return;
        ++states_;
        cells_ = state.cells;
        (*at_each_)();
        bool over = true;
        for (std::size_t i = 0; i < programs.size(); ++i) {
            if (state.threads[i].done) continue;
            over = false;
            State next = state;
            cells_ = state.cells;
            run(programs[i], i, next.threads[i], true);
            next.cells = cells_;
            visit(programs, next);
        }
        if (!over) return;
        ++ends_;
        cells_ = state.cells;
        State end = state;
        for (std::size_t i = 0; i < programs.size(); ++i)
            run(programs[i], i, end.threads[i], false);
        cells_ = state.cells;
        (*at_end_)();
    }

    std::vector<std::uint64_t> cells_;
    std::set<State> seen_;
    const Check* at_each_ = nullptr;
    const Check* at_end_ = nullptr;
    Record* running_ = nullptr;
    std::map<std::pair<std::size_t, std::size_t>, void*> arrays_;  // by thread and number
    std::size_t thread_ = 0;
    std::size_t arrays_taken_ = 0;
    std::size_t at_ = 0;
    bool stepped_ = false;
    std::uint64_t states_ = 0;
    std::uint64_t ends_ = 0;
};

/// As std::atomic<T> for small T and pointers, as far as it is used.
template <class T>
class ModelAtomic {
public:
    ModelAtomic() : ModelAtomic(T{}) {}
    explicit ModelAtomic(T value)
        : model_(*Model::current()), cell_(model_.add_cell(word_of(value))) {}
    ModelAtomic(const ModelAtomic&) = delete;
    ModelAtomic& operator=(const ModelAtomic&) = delete;

    T load(std::memory_order = {}) const {
        return step([](T old) { return old; });
    }
    T exchange(T value, std::memory_order = {}) {
        return step([&](T) { return value; });
    }
    T fetch_add(T value, std::memory_order = {}) {
        return step([&](T old) { return static_cast<T>(old + value); });
    }
    T fetch_or(T value, std::memory_order = {}) {
        return step([&](T old) { return static_cast<T>(old | value); });
    }
    T fetch_sub(T value, std::memory_order = {}) {
        return step([&](T old) { return static_cast<T>(old - value); });
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order = {}) {
        const T old = step([&](T now) { return now == expected ? desired : now; });
        return std::exchange(expected, old) == old;
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order = {}) {
        return compare_exchange_strong(expected, desired);
    }

private:
    template <class Next>
    T step(Next&& next) const {
        return value_of(
            model_.step(cell_, [&](std::uint64_t old) { return word_of(next(value_of(old))); }));
    }
    static std::uint64_t word_of(T value) {
        if constexpr (std::is_pointer_v<T>) {
            return reinterpret_cast<std::uintptr_t>(value);
        } else {
            return static_cast<std::uint64_t>(value);
        }
    }
    static T value_of(std::uint64_t word) {
        if constexpr (std::is_pointer_v<T>) {
            return reinterpret_cast<T>(static_cast<std::uintptr_t>(word));
        } else {
            return static_cast<T>(word);
        }
    }

    Model& model_;
    const std::size_t cell_;
};

struct ModelAtomics {
    template <class T>
    using Atomic = ModelAtomic<T>;

    template <class T>
    static Atomic<T>* make_array(std::size_t) {
        return Model::current()->take_array<Atomic<T>>();
    }
    template <class T>
    static void free_array(Atomic<T>*) {}  // the store's
};

}  // namespace spate::swarm
