// Thirty-two lanes, as two sets of sixteen: each step is taken by one set, then by the other. What
// limits sixteen lanes is the time from one result to the next, so the second set works in the gaps
// of the first. Compiled with AVX-512 F, BW and VL.
#include "hashing/kernels/zmm_lanes.hpp"

namespace spate::hashing {
namespace {

struct TwiceZmmLanes {
    struct Vector {
        ZmmLanes::Vector one;
        ZmmLanes::Vector two;
    };
    static constexpr unsigned lanes = 2 * ZmmLanes::lanes;

    [[gnu::always_inline]] static Vector load(const void* at) {
        return {ZmmLanes::load(at),
                ZmmLanes::load(static_cast<const std::byte*>(at) + sizeof(ZmmLanes::Vector))};
    }
    [[gnu::always_inline]] static void store(void* at, Vector x) {
        ZmmLanes::store(at, x.one);
        ZmmLanes::store(static_cast<std::byte*>(at) + sizeof x.one, x.two);
    }
    [[gnu::always_inline]] static Vector all(std::uint32_t x) {
        return {ZmmLanes::all(x), ZmmLanes::all(x)};
    }
    [[gnu::always_inline]] static Vector add(Vector a, Vector b) {
        return {ZmmLanes::add(a.one, b.one), ZmmLanes::add(a.two, b.two)};
    }
    [[gnu::always_inline]] static Vector subtract(Vector a, Vector b) {
        return {ZmmLanes::subtract(a.one, b.one), ZmmLanes::subtract(a.two, b.two)};
    }
    [[gnu::always_inline]] static Vector exclusive_or(Vector a, Vector b) {
        return {ZmmLanes::exclusive_or(a.one, b.one), ZmmLanes::exclusive_or(a.two, b.two)};
    }
    [[gnu::always_inline]] static Vector exclusive_or3(Vector a, Vector b, Vector c) {
        return {ZmmLanes::exclusive_or3(a.one, b.one, c.one),
                ZmmLanes::exclusive_or3(a.two, b.two, c.two)};
    }
    [[gnu::always_inline]] static Vector choose(Vector a, Vector b, Vector c) {
        return {ZmmLanes::choose(a.one, b.one, c.one), ZmmLanes::choose(a.two, b.two, c.two)};
    }
    [[gnu::always_inline]] static Vector majority(Vector a, Vector b, Vector c) {
        return {ZmmLanes::majority(a.one, b.one, c.one), ZmmLanes::majority(a.two, b.two, c.two)};
    }
    template <int Bits>
    [[gnu::always_inline]] static Vector rotate_right(Vector x) {
        return {ZmmLanes::rotate_right<Bits>(x.one), ZmmLanes::rotate_right<Bits>(x.two)};
    }
    template <int Bits>
    [[gnu::always_inline]] static Vector shift_right(Vector x) {
        return {ZmmLanes::shift_right<Bits>(x.one), ZmmLanes::shift_right<Bits>(x.two)};
    }

    [[gnu::always_inline]] static void load_blocks(Vector (&w)[16], const std::byte* const* data,
                                                   std::size_t offset) {
        ZmmLanes::Vector half[16];
        ZmmLanes::load_blocks(half, data, offset);
        for (unsigned i = 0; i < 16; ++i) w[i].one = half[i];
        ZmmLanes::load_blocks(half, data + ZmmLanes::lanes, offset);
        for (unsigned i = 0; i < 16; ++i) w[i].two = half[i];
    }
};

}  // namespace

namespace kernels {

void sha1_avx512_x32(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha1_lanes<TwiceZmmLanes>(state, data, blocks);
}

void sha256_avx512_x32(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha256_lanes<TwiceZmmLanes>(state, data, blocks);
}

void parents_avx512_x32(std::uint32_t* state, const std::byte* const* data, std::size_t) {
    parents_lanes<TwiceZmmLanes>(state, data);
}

}  // namespace kernels
}  // namespace spate::hashing
