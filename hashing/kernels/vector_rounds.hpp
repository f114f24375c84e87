// hashing/kernels/vector_rounds.hpp: SHA-1 and SHA-256 (FIPS 180-4) with one message in each 32-bit
// lane of a vector. Included once by each vector kernel, whose translation unit is compiled for its
// own instruction set. Everything is in the unnamed namespace and always inlined: a function of the
// same name that the linker could share between files would bring those instructions into code that
// must run anywhere.
//
// V has: Vector, lanes, load(const void*), store(void*, Vector), all(uint32_t), add, exclusive_or,
// exclusive_or3, choose, majority, rotate_right<n>, shift_right<n>, and
// load_blocks(Vector (&w)[16], data, offset): 64 bytes of each lane, transposed, as big-endian
// words.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>
#include <utility>

#include "hashing/kernels/sha_constants.hpp"
#include "hashing/lane_kernel.hpp"

namespace spate::hashing {
namespace {

/// How far ahead of the block at hand every lane's data is fetched. Sixteen streams are more than
/// the hardware prefetchers follow; past the end of a message a prefetch does nothing.
constexpr std::size_t prefetch_ahead_bytes = 256;

template <class V>
[[gnu::always_inline]] inline void prefetch_lanes(const std::byte* const* data,
                                                  std::size_t offset) {
    for (unsigned lane = 0; lane < V::lanes; ++lane) {
        __builtin_prefetch(data[lane] + offset + prefetch_ahead_bytes);
    }
}

// --- SHA-1. The five state words rotate their roles instead of moving.

template <class V, std::size_t I>
[[gnu::always_inline]] inline void sha1_round(typename V::Vector (&s)[5],
                                              typename V::Vector (&w)[16]) {
    constexpr std::size_t a = (80 - I) % 5, b = (81 - I) % 5, c = (82 - I) % 5, d = (83 - I) % 5,
                          e = (84 - I) % 5;
    if constexpr (I >= 16) {
        w[I % 16] = V::template rotate_right<31>(V::exclusive_or(
            V::exclusive_or3(w[(I + 13) % 16], w[(I + 8) % 16], w[(I + 2) % 16]), w[I % 16]));
    }
    typename V::Vector mixed;
    if constexpr (I < 20)
        mixed = V::choose(s[b], s[c], s[d]);
    else if constexpr (I >= 40 && I < 60)
        mixed = V::majority(s[b], s[c], s[d]);
    else
        mixed = V::exclusive_or3(s[b], s[c], s[d]);
    const auto keyed = V::add(s[e], V::add(w[I % 16], V::all(sha1_round_constants[I / 20])));
    s[e] = V::add(V::add(keyed, mixed), V::template rotate_right<27>(s[a]));
    s[b] = V::template rotate_right<2>(s[b]);
}

template <class V, std::size_t... I>
[[gnu::always_inline]] inline void sha1_rounds(typename V::Vector (&s)[5],
                                               typename V::Vector (&w)[16],
                                               std::index_sequence<I...>) {
    (sha1_round<V, I>(s, w), ...);
}

template <class V>
[[gnu::always_inline]] inline void sha1_lanes(std::uint32_t* state, const std::byte* const* data,
                                              std::size_t blocks) {
    typename V::Vector s[5], before[5], w[16];
    const std::byte* lanes[V::lanes];
    for (unsigned lane = 0; lane < V::lanes; ++lane) lanes[lane] = data[lane];
    for (unsigned i = 0; i < 5; ++i) s[i] = V::load(state + i * lanes_max);
    for (std::size_t offset = 0; offset < blocks * sha_block_bytes; offset += sha_block_bytes) {
        V::load_blocks(w, lanes, offset);
        prefetch_lanes<V>(lanes, offset);
        for (unsigned i = 0; i < 5; ++i) before[i] = s[i];
        sha1_rounds<V>(s, w, std::make_index_sequence<80>{});
        for (unsigned i = 0; i < 5; ++i) s[i] = V::add(s[i], before[i]);
    }
    for (unsigned i = 0; i < 5; ++i) V::store(state + i * lanes_max, s[i]);
}

// --- SHA-256, likewise with eight words.

template <class V, std::size_t I>
[[gnu::always_inline]] inline void sha256_schedule(typename V::Vector (&w)[16]) {
    const auto x = w[(I + 1) % 16];
    const auto y = w[(I + 14) % 16];
    const auto sigma0 =
        V::exclusive_or3(V::template rotate_right<7>(x), V::template rotate_right<18>(x),
                         V::template shift_right<3>(x));
    const auto sigma1 =
        V::exclusive_or3(V::template rotate_right<17>(y), V::template rotate_right<19>(y),
                         V::template shift_right<10>(y));
    w[I % 16] = V::add(V::add(w[I % 16], w[(I + 9) % 16]), V::add(sigma0, sigma1));
}

/// One round with round constant and schedule word already added.
template <class V, std::size_t I>
[[gnu::always_inline]] inline void sha256_round(typename V::Vector (&s)[8],
                                                typename V::Vector k_plus_w) {
    constexpr std::size_t a = (64 - I) % 8, b = (65 - I) % 8, c = (66 - I) % 8, d = (67 - I) % 8,
                          e = (68 - I) % 8, f = (69 - I) % 8, g = (70 - I) % 8, h = (71 - I) % 8;
    const auto sum1 =
        V::exclusive_or3(V::template rotate_right<6>(s[e]), V::template rotate_right<11>(s[e]),
                         V::template rotate_right<25>(s[e]));
    const auto sum0 =
        V::exclusive_or3(V::template rotate_right<2>(s[a]), V::template rotate_right<13>(s[a]),
                         V::template rotate_right<22>(s[a]));
    // Short chains: each new word is three operations away from the round before.
    const auto keyed = V::add(s[h], k_plus_w);
    const auto rest = V::subtract(V::majority(s[a], s[b], s[c]), s[d]);
    s[d] = V::add(V::add(V::add(s[d], keyed), V::choose(s[e], s[f], s[g])), sum1);
    s[h] = V::add(V::add(rest, s[d]), sum0);
}

template <class V, std::size_t I>
[[gnu::always_inline]] inline void sha256_scheduled_round(typename V::Vector (&s)[8],
                                                          typename V::Vector (&w)[16]) {
    if constexpr (I >= 16) sha256_schedule<V, I>(w);
    sha256_round<V, I>(s, V::add(w[I % 16], V::all(sha256_round_constants[I])));
}

template <class V, std::size_t... I>
[[gnu::always_inline]] inline void sha256_rounds(typename V::Vector (&s)[8],
                                                 typename V::Vector (&w)[16],
                                                 std::index_sequence<I...>) {
    (sha256_scheduled_round<V, I>(s, w), ...);
}

template <class V, std::size_t... I>
[[gnu::always_inline]] inline void sha256_padding_rounds(typename V::Vector (&s)[8],
                                                         std::index_sequence<I...>) {
    (sha256_round<V, I>(s, V::all(padding_of_64_bytes.k_plus_w[I])), ...);
}

template <class V>
[[gnu::always_inline]] inline void sha256_lanes(std::uint32_t* state, const std::byte* const* data,
                                                std::size_t blocks) {
    typename V::Vector s[8], w[16];
    const std::byte* lanes[V::lanes];
    for (unsigned lane = 0; lane < V::lanes; ++lane) lanes[lane] = data[lane];
    for (unsigned i = 0; i < 8; ++i) s[i] = V::load(state + i * lanes_max);
    for (std::size_t offset = 0; offset < blocks * sha_block_bytes; offset += sha_block_bytes) {
        V::load_blocks(w, lanes, offset);
        prefetch_lanes<V>(lanes, offset);
        sha256_rounds<V>(s, w, std::make_index_sequence<64>{});
        // The state before the block waits in memory: registers are what the rounds are short of.
        for (unsigned i = 0; i < 8; ++i) {
            s[i] = V::add(s[i], V::load(state + i * lanes_max));
            V::store(state + i * lanes_max, s[i]);
        }
    }
}

template <class V>
[[gnu::always_inline]] inline void parents_lanes(std::uint32_t* state,
                                                 const std::byte* const* data) {
    typename V::Vector s[8], w[16];
    V::load_blocks(w, data, 0);
    for (unsigned i = 0; i < 8; ++i) s[i] = V::all(sha256_initial[i]);
    sha256_rounds<V>(s, w, std::make_index_sequence<64>{});
    for (unsigned i = 0; i < 8; ++i) {
        s[i] = V::add(s[i], V::all(sha256_initial[i]));
        V::store(state + i * lanes_max, s[i]);
    }
    sha256_padding_rounds<V>(s, std::make_index_sequence<64>{});
    for (unsigned i = 0; i < 8; ++i) {
        V::store(state + i * lanes_max, V::add(s[i], V::load(state + i * lanes_max)));
    }
}

}  // namespace
}  // namespace spate::hashing
