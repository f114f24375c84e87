#pragma once
// io/kernel.hpp: constants of kernels newer than the liburing 2.3 that we build with.
#include <cstdint>

namespace spate::io {

/// SEND_ZC flag of 6.2: the notification's result says whether the bytes were copied after all.
inline constexpr std::uint16_t send_zc_report_usage = 1U << 3;
/// Set in a notification's result when the kernel copied.
inline constexpr std::uint32_t notification_copied = 1U << 31;

}  // namespace spate::io
