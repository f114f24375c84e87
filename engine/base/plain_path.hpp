#pragma once
// engine/base/plain_path.hpp: paths that stay where they start.
#include <string_view>

namespace spate {

/// True when `path` is relative and can't lead out of the folder it is relative to: components
/// between single slashes, none of them empty, "." or "..", and no NUL. (A symbolic link that is
/// already in the folder is the opener's concern.)
constexpr bool is_plain_path(std::string_view path) {
    if (path.contains('\0')) return false;
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view component = path.substr(0, slash);
        if (component.empty() || component == "." || component == "..") return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace spate
