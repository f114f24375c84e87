#pragma once
// hashing/kernels/sha_constants.hpp: the constants of FIPS 180-4. Data only, no code.
#include <cstdint>

namespace spate::hashing {

inline constexpr std::uint32_t sha1_initial[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                                  0xc3d2e1f0};

inline constexpr std::uint32_t sha1_round_constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc,
                                                          0xca62c1d6};

inline constexpr std::uint32_t sha256_initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(64) inline constexpr std::uint32_t sha256_round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// Round constant plus schedule word, for each round of the block that pads a 64-byte message. That
/// block is always the same, so its schedule is worked out here once.
struct PaddingSchedule {
    alignas(64) std::uint32_t k_plus_w[64];
};

consteval PaddingSchedule make_padding_schedule() {
    const auto rotate = [](std::uint32_t x, int n) { return (x >> n) | (x << (32 - n)); };
    std::uint32_t w[64] = {0x80000000U};
    w[15] = 64 * 8;
    for (int i = 16; i < 64; ++i) {
        const std::uint32_t x = w[i - 15];
        const std::uint32_t y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ (x >> 3)) +
               (rotate(y, 17) ^ rotate(y, 19) ^ (y >> 10));
    }
    PaddingSchedule schedule{};
    for (int i = 0; i < 64; ++i) schedule.k_plus_w[i] = w[i] + sha256_round_constants[i];
    return schedule;
}

inline constexpr PaddingSchedule padding_of_64_bytes = make_padding_schedule();

}  // namespace spate::hashing
