#pragma once
// engine/cli/version.hpp: of the program; CMake says which.

namespace spate::cli {

inline constexpr const char* version = SPATE_VERSION;

}  // namespace spate::cli
