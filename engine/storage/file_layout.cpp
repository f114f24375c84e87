#include "engine/storage/file_layout.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/base/plain_path.hpp"

namespace spate::storage {
namespace {

using Components = std::span<const std::string>;

std::string path_of(const metainfo::Metainfo& torrent, Components components) {
    std::string path = torrent.name;
    for (const std::string& component : components) path += "/" + component;
    SPATE_ASSERT(is_plain_path(path));
    return path;
}

/// What a link at `path` says to lead to `target`, both relative to the download folder.
std::string link_text(std::string_view path, std::string_view target) {
    while (path.contains('/') && target.contains('/')) {
        const std::size_t shared = path.find('/') + 1;
        if (path.substr(0, shared) != target.substr(0, target.find('/') + 1)) break;
        path.remove_prefix(shared);
        target.remove_prefix(shared);
    }
    std::string text;
    for (std::ptrdiff_t up = std::ranges::count(path, '/'); up > 0; --up) text += "../";
    return text.append(target);
}

}  // namespace

std::vector<PlannedFile> lay_out(const metainfo::Metainfo& torrent) {
    std::vector<PlannedFile> planned;
    planned.reserve(torrent.files.size());
    for (const metainfo::FileEntry& file : torrent.files) {
        PlannedFile& plan = planned.emplace_back();
        plan.path = path_of(torrent, torrent.single_file ? Components{} : Components(file.path));
        plan.size_bytes = file.size_bytes;
        plan.pad = file.pad;
        plan.executable = file.executable;
        if (!file.symlink.empty())
            plan.link_target = link_text(plan.path, path_of(torrent, file.symlink));
    }
    return planned;
}

std::string shared_path(const metainfo::Metainfo& first, const metainfo::Metainfo& second) {
    if (first.name != second.name) return {};
    const std::vector<PlannedFile> files = lay_out(first);
    std::unordered_set<std::string_view> paths;
    for (const PlannedFile& file : files)
        if (!file.pad && file.size_bytes > 0) paths.insert(file.path);
    for (PlannedFile& file : lay_out(second))
        if (!file.pad && file.size_bytes > 0 && paths.contains(file.path))
            return std::move(file.path);
    return {};
}

}  // namespace spate::storage
