#include "engine/storage/file_layout.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"
#include "engine/base/plain_path.hpp"

namespace spate::storage {
namespace {

std::string path_of(const metainfo::Metainfo& torrent, const std::vector<std::string>& components) {
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
        plan.path = path_of(torrent, torrent.single_file ? std::vector<std::string>{} : file.path);
        plan.size_bytes = file.size_bytes;
        plan.pad = file.pad;
        plan.executable = file.executable;
        if (!file.symlink.empty())
            plan.link_target = link_text(plan.path, path_of(torrent, file.symlink));
    }
    return planned;
}

std::vector<std::string_view> parent_folders(std::string_view path) {
    std::vector<std::string_view> folders;
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1))
        folders.push_back(path.substr(0, slash));
    return folders;
}

}  // namespace spate::storage
