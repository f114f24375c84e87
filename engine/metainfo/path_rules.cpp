#include "engine/metainfo/path_rules.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "engine/metainfo/text.hpp"

namespace spate::metainfo {
namespace {

constexpr std::size_t extension_bytes_max = 16;

bool has_traversal(std::string_view raw) {
    while (true) {
        const std::size_t separator = raw.find_first_of("/\\");
        if (raw.substr(0, separator) == "..") return true;
        if (separator == std::string_view::npos) return false;
        raw.remove_prefix(separator + 1);
    }
}

std::string cut_before_extension(const std::string& name) {
    if (name.size() <= component_bytes_max) return name;
    const std::size_t dot = name.rfind('.');
    const bool has_extension = dot != std::string::npos && name.size() - dot <= extension_bytes_max;
    const std::string_view extension =
        has_extension ? std::string_view(name).substr(dot) : std::string_view();
    std::string cut(shortened(name, component_bytes_max - extension.size()));
    cut += extension;
    return cut;
}

}  // namespace

std::string_view describe(PathFault fault) {
    switch (fault) {
        case PathFault::empty:
            return "names no file";
        case PathFault::absolute:
            return "is an absolute path";
        case PathFault::traversal:
            return "would leave the download folder";
        case PathFault::control_character:
            return "contains a control character";
    }
    return "is not a usable name";
}

std::expected<std::string, PathFault> safe_component(std::string_view raw) {
    if (raw.empty() || raw == ".") return std::unexpected(PathFault::empty);
    if (has_traversal(raw)) return std::unexpected(PathFault::traversal);
    if (raw.front() == '/') return std::unexpected(PathFault::absolute);
    if (has_control_byte(raw)) return std::unexpected(PathFault::control_character);
    std::string safe = clean_text(raw, raw.size());
    std::ranges::replace(safe, '/', '_');
    return cut_before_extension(safe);
}

std::optional<PathCollision> find_collision(std::span<const PathComponents* const> paths) {
    std::vector<std::size_t> order(paths.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    // In the order of components (not of joined text) a path is followed at once by all that have
    // it as their folder.
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return std::tie(*paths[a], a) < std::tie(*paths[b], b);
    });
    for (std::size_t i = 1; i < order.size(); ++i) {
        const PathComponents& before = *paths[order[i - 1]];
        const PathComponents& path = *paths[order[i]];
        if (before.size() > path.size()) continue;
        if (!std::equal(before.begin(), before.end(), path.begin())) continue;
        return PathCollision{order[i - 1], order[i], before.size() < path.size()};
    }
    return std::nullopt;
}

}  // namespace spate::metainfo
