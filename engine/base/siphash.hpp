#pragma once
// engine/base/siphash.hpp: a hash that strangers can't aim at.
#include <array>
#include <cstdint>

#include "engine/base/bytes.hpp"

namespace spate {

/// 128 bits from the operating system's random source; main hands them in.
using SipKey = std::array<std::uint64_t, 2>;

/// SipHash-2-4 (Aumasson and Bernstein, 2012).
std::uint64_t siphash(const SipKey& key, Bytes message);

}  // namespace spate
