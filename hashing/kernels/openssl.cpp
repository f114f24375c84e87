// The one-lane kernel that runs everywhere: OpenSSL's block functions, which choose their own
// instructions. They are reached through the low-level calls, deprecated but the only way to hand a
// state in and out; the digest they hold is plain words.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <array>

#include <openssl/sha.h>

#include "hashing/kernels/sha_constants.hpp"
#include "hashing/lane_kernel.hpp"

namespace spate::hashing::kernels {

void sha1_openssl(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    SHA_CTX context{};
    std::uint32_t* const words[5] = {&context.h0, &context.h1, &context.h2, &context.h3,
                                     &context.h4};
    for (unsigned w = 0; w < 5; ++w) *words[w] = state[w * lanes_max];
    SHA1_Update(&context, data[0], blocks * sha_block_bytes);
    for (unsigned w = 0; w < 5; ++w) state[w * lanes_max] = *words[w];
}

void sha256_openssl(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    SHA256_CTX context{};
    context.md_len = SHA256_DIGEST_LENGTH;
    for (unsigned w = 0; w < 8; ++w) context.h[w] = state[w * lanes_max];
    SHA256_Update(&context, data[0], blocks * sha_block_bytes);
    for (unsigned w = 0; w < 8; ++w) state[w * lanes_max] = context.h[w];
}

void parents_openssl(std::uint32_t* state, const std::byte* const* data, std::size_t /*blocks*/) {
    // 0x80, zeros, and the length of 512 bits, big-endian.
    static constexpr auto padding = [] {
        std::array<unsigned char, sha_block_bytes> bytes{0x80};
        bytes[62] = 0x02;
        return bytes;
    }();
    SHA256_CTX context{};
    for (unsigned w = 0; w < 8; ++w) context.h[w] = sha256_initial[w];
    SHA256_Transform(&context, reinterpret_cast<const unsigned char*>(data[0]));
    SHA256_Transform(&context, padding.data());
    for (unsigned w = 0; w < 8; ++w) state[w * lanes_max] = context.h[w];
}

}  // namespace spate::hashing::kernels
