#pragma once
// engine/swarm/atomics.hpp: what the parts that cores share are made of.
#include <atomic>
#include <cstddef>

namespace spate::swarm {

/// Atomic words and arrays of them. The tests put others in their place, to step through every
/// interleaving of their operations.
struct StdAtomics {
    template <class T>
    using Atomic = std::atomic<T>;

    /// All zero.
    template <class T>
    static Atomic<T>* make_array(std::size_t count) {
        return new Atomic<T>[count] {};
    }
    template <class T>
    static void free_array(Atomic<T>* array) {
        delete[] array;
    }
};

}  // namespace spate::swarm
