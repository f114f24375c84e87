#pragma once
// engine/base/assert.hpp: our own bugs stop the program, in release too.

namespace spate {

/// Prints `expression`, file and line to standard error and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace spate

#define SPATE_ASSERT(condition) \
    ((condition) ? void(0) : ::spate::assertion_failed(#condition, __FILE__, __LINE__))
