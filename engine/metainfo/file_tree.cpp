#include "engine/metainfo/file_tree.hpp"

#include <cstring>
#include <utility>

#include "engine/metainfo/file_fields.hpp"
#include "engine/metainfo/pad_file.hpp"
#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::metainfo {
namespace {

using Kind = MetainfoErrorKind;
using bencode::Node;

using Refusal = std::optional<MetainfoError>;

std::expected<std::optional<Sha256Digest>, MetainfoError> read_root(Node leaf,
                                                                    std::uint64_t size_bytes,
                                                                    const std::string& what) {
    const auto text = leaf.find_string("pieces root");
    if (!text && size_bytes == 0) return std::nullopt;
    if (!text) return refuse(Kind::pieces_root_invalid, what + " has no pieces root");
    if (text->size() != Sha256Digest::size_bytes)
        return refuse(Kind::pieces_root_invalid, what + " has a pieces root of " +
                                                     std::to_string(text->size()) +
                                                     " bytes instead of 32");
    if (size_bytes == 0) return std::nullopt;
    Sha256Digest root;
    std::memcpy(root.bytes.data(), text->data(), root.bytes.size());
    return root;
}

/// Walks a file tree. Recursion is bounded by path_components_max.
class Walker {
public:
    Walker(FileList& list, std::uint32_t piece_length_bytes)
        : list_(list), piece_length_bytes_(piece_length_bytes) {}

    /// A folder whose path is path_. Keys ascend, or two readers might number pieces differently.
    Refusal walk(Node folder) {
        std::optional<std::string_view> before;
        for (const auto [key, value] : folder.entries()) {
            if (before && key <= *before)
                return MetainfoError{Kind::file_tree_invalid,
                                     "the file tree has " + quoted(key) + " out of order"};
            before = key;
            if (auto error = enter(key, value)) return error;
        }
        return std::nullopt;
    }

private:
    Refusal enter(std::string_view name, Node value) {
        if (!value.is_dict())
            return MetainfoError{Kind::file_tree_invalid,
                                 "the file tree has no dictionary at " + quoted(name)};
        if (path_.size() == path_components_max)
            return MetainfoError{Kind::path_too_long, "the file tree is more than " +
                                                          std::to_string(path_components_max) +
                                                          " folders deep"};
        auto component = read_component(name, "in the file tree,");
        if (!component) return std::move(component.error());
        path_.push_back(std::move(*component));
        const auto leaf = value.find("");
        Refusal error = leaf ? add_file(value, *leaf) : walk(value);
        path_.pop_back();
        return error;
    }

    Refusal add_file(Node entry, Node leaf) {
        const std::string what = "the file " + quoted(path_.back());
        if (!leaf.is_dict() || entry.size() != 1)
            return MetainfoError{Kind::file_tree_invalid,
                                 what + " is also a folder, or not described, in the file tree"};
        if (++files_ > files_max)
            return MetainfoError{Kind::too_many_files, "the torrent has more than " +
                                                           std::to_string(files_max) + " files"};
        auto file = read_leaf(leaf, what);
        if (!file) return std::move(file.error());
        if (auto error = check_path_length(list_.name, *file, what)) return error;
        if (auto error = align()) return error;
        return append_entry(std::move(*file), list_.files, list_.total_bytes);
    }

    std::expected<FileEntry, MetainfoError> read_leaf(Node leaf, const std::string& what) {
        FileEntry file{.path = path_};
        const bool is_link = leaf.find_string("attr").value_or("").contains('l');
        if (!is_link || leaf.find("length")) {
            const auto size = read_size(leaf, what);
            if (!size) return std::unexpected(size.error());
            file.size_bytes = *size;
        }
        if (auto error = read_attributes(leaf, what, file))
            return std::unexpected(std::move(*error));
        if (file.pad)
            return refuse(Kind::file_tree_invalid,
                          what + " is a pad file, which has no place in a file tree");
        auto root = read_root(leaf, file.size_bytes, what);
        if (!root) return std::unexpected(std::move(root.error()));
        file.pieces_root = *root;
        return file;
    }

    /// Puts the pad file behind the newest file, which turned out not to be the last.
    Refusal align() {
        const std::uint64_t gap = bytes_to_align(list_.total_bytes, piece_length_bytes_);
        if (gap == 0) return std::nullopt;
        return append_entry({.path = pad_path(gap), .size_bytes = gap, .pad = true}, list_.files,
                            list_.total_bytes);
    }

    FileList& list_;
    const std::uint32_t piece_length_bytes_;
    PathComponents path_;
    std::size_t files_ = 0;
};

/// The first of `files` from `at` on that is no pad file, or their end.
std::size_t next_file(const std::vector<FileEntry>& files, std::size_t at) {
    while (at < files.size() && files[at].pad) ++at;
    return at;
}

MetainfoError mismatch(const FileEntry& file, std::string_view how) {
    std::string path;
    for (const std::string& component : file.path) path += (path.empty() ? "" : "/") + component;
    return {Kind::file_tree_mismatch,
            "the torrent's v1 and v2 parts disagree: " + quoted(path) + " " + std::string(how)};
}

Refusal check_alignment(const FileList& list, std::uint32_t piece_length_bytes) {
    for (const FileEntry& file : list.files) {
        if (file.size_bytes == 0) continue;
        const std::uint64_t in_piece = file.offset_bytes % piece_length_bytes;
        const bool right = file.pad
                               ? in_piece != 0 && file.size_bytes <= piece_length_bytes - in_piece
                               : in_piece == 0;
        if (!right)
            return MetainfoError{Kind::not_aligned,
                                 "the torrent's v1 part has " + quoted(file.path.back()) +
                                     " where v2 has no " + (file.pad ? "gap" : "piece's start")};
    }
    return std::nullopt;
}

}  // namespace

std::expected<FileList, MetainfoError> parse_file_tree(Node info,
                                                       std::uint32_t piece_length_bytes) {
    const auto tree = info.find_dict("file tree");
    if (!tree) return refuse(Kind::file_tree_invalid, "the v2 torrent has no file tree");
    auto name = read_name(info);
    if (!name) return std::unexpected(std::move(name.error()));
    FileList list{std::move(*name), false, 0, {}};
    Walker walker(list, piece_length_bytes);
    if (auto error = walker.walk(*tree)) return std::unexpected(std::move(*error));
    if (auto error = check_content(list.files)) return std::unexpected(std::move(*error));
    if (auto error = check_collisions(list.files)) return std::unexpected(std::move(*error));
    const PathComponents& first = list.files.front().path;
    list.single_file = list.files.size() == 1 && first.size() == 1 && first.front() == list.name;
    return list;
}

std::optional<MetainfoError> match_file_tree(const FileList& tree, std::uint32_t piece_length_bytes,
                                             FileList& list) {
    std::size_t in_tree = next_file(tree.files, 0);
    for (FileEntry& file : list.files) {
        if (file.pad) continue;
        if (in_tree == tree.files.size()) return mismatch(file, "is in v1 only");
        const FileEntry& twin = tree.files[in_tree];
        if (file.path != twin.path) return mismatch(file, "isn't where v2 has it");
        if (file.size_bytes != twin.size_bytes) return mismatch(file, "has two sizes");
        file.pieces_root = twin.pieces_root;
        in_tree = next_file(tree.files, in_tree + 1);
    }
    if (in_tree < tree.files.size()) return mismatch(tree.files[in_tree], "is in v2 only");
    return check_alignment(list, piece_length_bytes);
}

}  // namespace spate::metainfo
