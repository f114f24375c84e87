#include "engine/storage/file_layout.hpp"

#include "engine/base/assert.hpp"

namespace spate::storage {

std::vector<PlannedFile> lay_out(const metainfo::Metainfo& torrent) {
    std::vector<PlannedFile> planned;
    planned.reserve(torrent.files.size());
    for (const metainfo::FileEntry& file : torrent.files) {
        std::string path = torrent.name;
        if (!torrent.single_file)
            for (const std::string& component : file.path) path += "/" + component;
        SPATE_ASSERT(is_safe_path(path));
        planned.push_back({std::move(path), file.size_bytes, file.pad, file.executable});
    }
    return planned;
}

bool is_safe_path(std::string_view path) {
    if (path.contains('\0')) return false;
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view component = path.substr(0, slash);
        if (component.empty() || component == "." || component == "..") return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

std::vector<std::string_view> parent_folders(std::string_view path) {
    std::vector<std::string_view> folders;
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1))
        folders.push_back(path.substr(0, slash));
    return folders;
}

}  // namespace spate::storage
