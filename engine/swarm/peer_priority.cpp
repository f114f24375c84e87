#include "engine/swarm/peer_priority.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace spate::swarm {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // reflected

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
        table[i] = crc;
    }
    return table;
}

constexpr auto table = make_table();

/// Bytes in which the addresses agree from the front.
std::size_t common_prefix(Bytes a, Bytes b) {
    return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

/// BEP 40: the first bytes whole, then every other bit: 0x55.
std::vector<std::byte> masked(Bytes address, std::size_t whole) {
    std::vector<std::byte> result(address.begin(), address.end());
    for (std::size_t i = whole; i < result.size(); ++i) result[i] &= std::byte{0x55};
    return result;
}

}  // namespace

std::uint32_t crc32c(Bytes bytes) {
    std::uint32_t crc = ~std::uint32_t{0};
    for (const std::byte b : bytes)
        crc = table[(crc ^ std::to_integer<std::uint32_t>(b)) & 0xff] ^ crc >> 8;
    return ~crc;
}

std::uint32_t peer_priority(const Endpoint& ours, const Endpoint& theirs) {
    const Bytes a = ours.address.bytes();
    const Bytes b = theirs.address.bytes();
    if (a.size() != b.size()) return 0;
    std::vector<std::byte> first;
    std::vector<std::byte> second;
    if (ours.address == theirs.address) {
        const auto put = [](std::vector<std::byte>& to, std::uint16_t port) {
            to = {std::byte(port >> 8), std::byte(port & 0xff)};
        };
        put(first, ours.port);
        put(second, theirs.port);
    } else {
        // The mask FF.FF.55.55 by default, one more byte whole for each byte in which both agree
        // from the /16 on; for IPv6 from the /48 on.
        const std::size_t least = a.size() == 4 ? 2 : 6;
        const std::size_t common = common_prefix(a, b);
        const std::size_t whole = common < least ? least : common + 1;
        first = masked(a, whole);
        second = masked(b, whole);
    }
    if (second < first) first.swap(second);
    first.insert(first.end(), second.begin(), second.end());
    return crc32c(first);
}

}  // namespace spate::swarm
