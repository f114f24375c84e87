#include "engine/metainfo/file_list.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::metainfo {
namespace {

using Kind = MetainfoErrorKind;
using bencode::Node;

std::unexpected<MetainfoError> refuse(Kind kind, std::string sentence) {
    return std::unexpected(MetainfoError{kind, std::move(sentence)});
}

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

/// "file 3" for a list's third; counted from one, as people do.
std::string label(std::size_t index) {
    return "file " + std::to_string(index + 1);
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

std::expected<PathComponents, MetainfoError> read_path(Node file, std::size_t index) {
    auto list = file.find_list("path.utf-8");
    if (!list || list->size() == 0) list = file.find_list("path");
    if (!list || list->size() == 0)
        return refuse(Kind::path_missing, label(index) + " has no path");
    if (list->size() > path_components_max)
        return refuse(Kind::path_too_long, label(index) + " is more than " +
                                               std::to_string(path_components_max) +
                                               " folders deep");
    PathComponents path;
    for (const Node item : list->items()) {
        const auto raw = item.as_string();
        if (!raw) return refuse(Kind::path_missing, label(index) + " has a path that isn't text");
        auto component = read_component(*raw, "the path of " + label(index) + ":");
        if (!component) return std::unexpected(std::move(component.error()));
        path.push_back(std::move(*component));
    }
    return path;
}

std::size_t joined_bytes(const PathComponents& path) {
    std::size_t size = 0;
    for (const std::string& component : path) size += component.size() + 1;
    return size;
}

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Padding of before BEP 47 had its attribute.
bool is_named_as_padding(const PathComponents& path) {
    return path.back().starts_with("_____padding_file_") ||
           (path.size() == 2 && path.front() == ".pad" && is_digits(path.back()));
}

void read_attributes(Node file, FileEntry& entry) {
    const std::string_view attributes = file.find_string("attr").value_or("");
    entry.pad = attributes.contains('p');
    entry.executable = attributes.contains('x');
    entry.hidden = attributes.contains('h');
}

std::expected<FileEntry, MetainfoError> read_file(Node file, std::size_t index) {
    auto path = read_path(file, index);
    if (!path) return std::unexpected(std::move(path.error()));
    const auto size = read_size(file, label(index) + " (" + quoted(path->back()) + ")");
    if (!size) return std::unexpected(size.error());
    FileEntry entry{.path = std::move(*path), .size_bytes = *size};
    read_attributes(file, entry);
    entry.pad = entry.pad || is_named_as_padding(entry.path);
    return entry;
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

std::expected<FileList, MetainfoError> read_single(Node info, std::string name) {
    const auto size = read_size(info, "the file " + quoted(name));
    if (!size) return std::unexpected(size.error());
    FileEntry entry{.path = {name}, .size_bytes = *size};
    read_attributes(info, entry);
    entry.pad = false;
    if (*size == 0) return refuse(Kind::nothing_to_share, "the torrent's only file is empty");
    return FileList{std::move(name), true, *size, {std::move(entry)}};
}

std::expected<FileList, MetainfoError> read_multi(Node files, std::string name) {
    FileList list{std::move(name), false, 0, {}};
    bool has_content = false;
    for (const Node file : files.items()) {
        if (list.files.size() == files_max)
            return refuse(Kind::too_many_files,
                          "the torrent has more than " + std::to_string(files_max) + " files");
        auto entry = read_file(file, list.files.size());
        if (!entry) return std::unexpected(std::move(entry.error()));
        if (list.name.size() + joined_bytes(entry->path) > path_bytes_max)
            return refuse(Kind::path_too_long, label(list.files.size()) + " has a path of over " +
                                                   std::to_string(path_bytes_max) + " bytes");
        entry->offset_bytes = list.total_bytes;
        list.total_bytes += entry->size_bytes;
        if (list.total_bytes > total_bytes_max)
            return refuse(
                Kind::size_too_large,
                "the files have more than " + std::to_string(total_bytes_max) + " bytes together");
        has_content = has_content || (!entry->pad && entry->size_bytes > 0);
        list.files.push_back(std::move(*entry));
    }
    if (list.files.empty()) return refuse(Kind::files_missing, "the list of files is empty");
    if (!has_content) return refuse(Kind::nothing_to_share, "all files of the torrent are empty");
    if (auto collision = check_collisions(list.files)) return std::unexpected(*collision);
    return list;
}

}  // namespace

std::expected<FileList, MetainfoError> parse_file_list(Node info) {
    const auto files = info.find_list("files");
    const bool has_length = info.find("length").has_value();
    if (files && has_length)
        return refuse(
            Kind::files_and_length,
            "the torrent is a single file and a folder at once (\"length\" and \"files\")");
    if (!files && !has_length)
        return refuse(Kind::files_missing, "the torrent has neither \"length\" nor \"files\"");
    auto name = read_name(info);
    if (!name) return std::unexpected(std::move(name.error()));
    return files ? read_multi(*files, std::move(*name)) : read_single(info, std::move(*name));
}

}  // namespace spate::metainfo
