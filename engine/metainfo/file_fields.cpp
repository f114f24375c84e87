#include "engine/metainfo/file_fields.hpp"

#include <algorithm>
#include <utility>

#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::metainfo {
namespace {

using Kind = MetainfoErrorKind;
using bencode::Node;

Kind kind_of(PathFault fault) {
    switch (fault) {
        case PathFault::empty:
            return Kind::path_empty;
        case PathFault::absolute:
            return Kind::path_absolute;
        case PathFault::traversal:
            return Kind::path_traversal;
        case PathFault::control_character:
            return Kind::path_control_character;
    }
    return Kind::path_empty;
}

std::size_t joined_bytes(const PathComponents& path) {
    std::size_t size = 0;
    for (const std::string& component : path) size += component.size() + 1;
    return size;
}

/// The target of a link, or nothing when it isn't below the torrent's folder.
PathComponents read_target(Node file) {
    const auto list = file.find_list("symlink path");
    if (!list || list->size() > path_components_max) return {};
    PathComponents target;
    for (const Node item : list->items()) {
        const auto raw = item.as_string();
        if (raw == ".") continue;
        auto component = raw ? safe_component(*raw) : std::unexpected(PathFault::empty);
        if (!component) return {};
        target.push_back(std::move(*component));
    }
    return joined_bytes(target) > path_bytes_max ? PathComponents() : target;
}

}  // namespace

std::unexpected<MetainfoError> refuse(MetainfoErrorKind kind, std::string sentence) {
    return std::unexpected(MetainfoError{kind, std::move(sentence)});
}

std::expected<std::string, MetainfoError> read_component(std::string_view raw,
                                                         const std::string& what) {
    auto safe = safe_component(raw);
    if (safe) return std::move(*safe);
    return refuse(kind_of(safe.error()),
                  what + " " + quoted(raw) + " " + std::string(describe(safe.error())));
}

std::expected<std::string, MetainfoError> read_name(Node info) {
    auto name = info.find_string("name.utf-8");
    if (!name || name->empty()) name = info.find_string("name");
    if (!name) return refuse(Kind::name_missing, "the torrent has no name");
    return read_component(*name, "the name");
}

std::expected<std::uint64_t, MetainfoError> read_size(Node file, const std::string& what) {
    const auto length = file.find_integer("length");
    if (!length) return refuse(Kind::size_invalid, what + " has no length");
    const std::string shown = std::to_string(*length);
    if (*length < 0)
        return refuse(Kind::size_invalid, what + " has a negative length, " + shown + " bytes");
    const auto size = static_cast<std::uint64_t>(*length);
    if (size > total_bytes_max)
        return refuse(Kind::size_too_large, what + " has " + shown + " bytes; the limit is " +
                                                std::to_string(total_bytes_max));
    return size;
}

std::optional<MetainfoError> read_attributes(Node file, const std::string& what, FileEntry& entry) {
    const std::string_view attributes = file.find_string("attr").value_or("");
    entry.pad = attributes.contains('p');
    entry.executable = attributes.contains('x');
    entry.hidden = attributes.contains('h');
    if (!attributes.contains('l')) return std::nullopt;
    if (entry.size_bytes > 0)
        return MetainfoError{Kind::size_invalid, what + " is a symbolic link, but has " +
                                                     std::to_string(entry.size_bytes) + " bytes"};
    entry.symlink = read_target(file);
    return std::nullopt;
}

std::optional<MetainfoError> check_path_length(const std::string& name, const FileEntry& entry,
                                               const std::string& what) {
    if (name.size() + joined_bytes(entry.path) <= path_bytes_max) return std::nullopt;
    return MetainfoError{Kind::path_too_long,
                         what + " has a path of over " + std::to_string(path_bytes_max) + " bytes"};
}

std::optional<MetainfoError> append_entry(FileEntry entry, std::vector<FileEntry>& files,
                                          std::uint64_t& total_bytes) {
    entry.offset_bytes = total_bytes;
    total_bytes += entry.size_bytes;
    if (total_bytes > total_bytes_max)
        return MetainfoError{
            Kind::size_too_large,
            "the files have more than " + std::to_string(total_bytes_max) + " bytes together"};
    files.push_back(std::move(entry));
    return std::nullopt;
}

std::optional<MetainfoError> check_collisions(const std::vector<FileEntry>& files) {
    std::vector<const PathComponents*> paths;
    for (const FileEntry& file : files)
        if (!file.pad) paths.push_back(&file.path);
    const auto collision = find_collision(paths);
    if (!collision) return std::nullopt;
    std::string path;
    for (const std::string& component : *paths[collision->first])
        path += (path.empty() ? "" : "/") + component;
    return MetainfoError{Kind::path_collision,
                         collision->file_is_folder
                             ? quoted(path) + " is both a file and a folder"
                             : "two files have the same path " + quoted(path)};
}

std::optional<MetainfoError> check_content(const std::vector<FileEntry>& files) {
    if (files.empty()) return MetainfoError{Kind::files_missing, "the list of files is empty"};
    const bool has_content = std::ranges::any_of(
        files, [](const FileEntry& file) { return !file.pad && file.size_bytes > 0; });
    if (has_content) return std::nullopt;
    return MetainfoError{Kind::nothing_to_share, "all files of the torrent are empty"};
}

}  // namespace spate::metainfo
