#pragma once
// tests/layering/rules.hpp: the table of docs/architecture.md as data.
#include <span>
#include <string_view>
#include <vector>

namespace spate::layering {

/// What the files below one folder may do.
enum class Freedom {
    pure,     ///< the C++ library without threads, files, clocks and random devices
    system,   ///< the whole C++ library, POSIX and Linux headers; no ambient time or randomness
    ambient,  ///< everything: where the program reads its clock and its random device
};

/// The rule of the longest `folder` that begins a file's path holds for it.
struct Rule {
    std::string_view folder;
    Freedom freedom;
    /// Project folders it may include, besides itself.
    std::vector<std::string_view> project;
    /// Other people's headers: a whole name, or the beginning of one that ends in a slash.
    std::vector<std::string_view> third_party;
};

std::span<const Rule> rules();

/// Headers of the C++ and C libraries that compute only.
std::span<const std::string_view> pure_standard_headers();

/// Text that reads a clock, a random device or the environment.
std::span<const std::string_view> ambient_text();

/// Text that starts a thread or opens a file.
std::span<const std::string_view> impure_text();

}  // namespace spate::layering
