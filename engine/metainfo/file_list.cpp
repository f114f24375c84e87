#include "engine/metainfo/file_list.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/metainfo/file_fields.hpp"
#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::metainfo {
namespace {

using Kind = MetainfoErrorKind;
using bencode::Node;

/// "file 3" for a list's third; counted from one, as people do.
std::string label(std::size_t index) {
    return "file " + std::to_string(index + 1);
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

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Padding of before BEP 47 had its attribute.
bool is_named_as_padding(const PathComponents& path) {
    return path.back().starts_with("_____padding_file_") ||
           (path.size() == 2 && path.front() == ".pad" && is_digits(path.back()));
}

std::expected<FileEntry, MetainfoError> read_file(Node file, std::size_t index, bool is_hybrid) {
    auto path = read_path(file, index);
    if (!path) return std::unexpected(std::move(path.error()));
    const std::string what = label(index) + " (" + quoted(path->back()) + ")";
    const auto size = read_size(file, what);
    if (!size) return std::unexpected(size.error());
    FileEntry entry{.path = std::move(*path), .size_bytes = *size};
    if (auto error = read_attributes(file, what, entry)) return std::unexpected(std::move(*error));
    entry.pad = entry.pad || (!is_hybrid && is_named_as_padding(entry.path));
    return entry;
}

std::expected<FileList, MetainfoError> read_single(Node info, std::string name) {
    const auto size = read_size(info, "the file " + quoted(name));
    if (!size) return std::unexpected(size.error());
    FileEntry entry{.path = {name}, .size_bytes = *size};
    if (*size == 0) return refuse(Kind::nothing_to_share, "the torrent's only file is empty");
    if (auto error = read_attributes(info, "the only file", entry))
        return std::unexpected(std::move(*error));
    entry.pad = false;
    return FileList{std::move(name), true, *size, {std::move(entry)}};
}

std::expected<FileList, MetainfoError> read_multi(Node files, std::string name, bool is_hybrid) {
    FileList list{std::move(name), false, 0, {}};
    std::size_t real_files = 0;
    for (const Node file : files.items()) {
        auto entry = read_file(file, list.files.size(), is_hybrid);
        if (!entry) return std::unexpected(std::move(entry.error()));
        if (!entry->pad) ++real_files;
        if (list.files.size() == entries_max || real_files > files_max)
            return refuse(Kind::too_many_files,
                          "the torrent has more than " + std::to_string(files_max) + " files");
        auto error = check_path_length(list.name, *entry, label(list.files.size()));
        if (!error) error = append_entry(std::move(*entry), list.files, list.total_bytes);
        if (error) return std::unexpected(std::move(*error));
    }
    if (auto error = check_content(list.files)) return std::unexpected(std::move(*error));
    if (auto error = check_collisions(list.files)) return std::unexpected(std::move(*error));
    return list;
}

}  // namespace

std::expected<FileList, MetainfoError> parse_file_list(Node info, bool is_hybrid) {
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
    return files ? read_multi(*files, std::move(*name), is_hybrid)
                 : read_single(info, std::move(*name));
}

}  // namespace spate::metainfo
