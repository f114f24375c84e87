#include "engine/metainfo/file_tree_writer.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"
#include "hashing/merkle.hpp"

namespace spate::metainfo {
namespace {

using Roots = std::span<const Sha256Digest>;

/// Cuts from the front of `roots` those of a file's pieces.
Roots take_roots(Roots& roots, std::uint64_t size_bytes, std::uint32_t piece_length_bytes) {
    const auto count =
        static_cast<std::size_t>((size_bytes + piece_length_bytes - 1) / piece_length_bytes);
    SPATE_ASSERT(count <= roots.size());
    const Roots taken = roots.first(count);
    roots = roots.subspan(count);
    return taken;
}

/// The root of a file with these pieces, of which there is one at least.
Sha256Digest pieces_root(const hashing::Hasher& hasher, Roots roots,
                         std::uint32_t piece_length_bytes) {
    if (roots.size() == 1) return roots.front();
    return hashing::root_of_piece_layer(hasher, roots, piece_length_bytes);
}

void write_leaf(TorrentWriter& writer, const NewFile& file, const Sha256Digest* root) {
    writer.key("").begin_dict();
    write_attributes(writer, file);
    if (file.symlink.empty())
        writer.key("length").integer(static_cast<std::int64_t>(file.size_bytes));
    if (root != nullptr) writer.key("pieces root").string(root->bytes);
    write_target(writer, file);
    writer.end();
}

/// Ends the folders of `from` that `to` isn't in and begins its own; then its name.
void go_to(TorrentWriter& writer, const PathComponents& from, const PathComponents& to) {
    const auto common =
        static_cast<std::size_t>(std::ranges::mismatch(from, to).in1 - from.begin());
    for (std::size_t i = common; i < from.size(); ++i) writer.end();
    for (std::size_t i = common; i < to.size(); ++i) writer.key(to[i]).begin_dict();
}

}  // namespace

PieceLayers piece_layers_of(const NewTorrent& torrent) {
    PieceLayers layers;
    if (torrent.version == TorrentVersion::v1) return layers;
    const auto hasher = hashing::Hasher::best();
    Roots rest = torrent.piece_roots;
    for (const NewFile& file : torrent.files) {
        if (file.pad) continue;
        const Roots roots = take_roots(rest, file.size_bytes, torrent.piece_length_bytes);
        if (roots.size() < 2) continue;
        layers.emplace(pieces_root(hasher, roots, torrent.piece_length_bytes), roots);
    }
    return layers;
}

PieceLayers piece_layers_of(const Metainfo& torrent) {
    PieceLayers layers;
    if (torrent.piece_roots.empty()) return layers;
    Roots rest = torrent.piece_roots;
    for (const FileEntry& file : torrent.files) {
        if (file.pad) continue;
        const Roots roots = take_roots(rest, file.size_bytes, torrent.piece_length_bytes);
        if (roots.size() > 1) layers.emplace(*file.pieces_root, roots);
    }
    return layers;
}

void write_piece_layers(TorrentWriter& writer, const PieceLayers& layers) {
    static_assert(sizeof(Sha256Digest) == Sha256Digest::size_bytes);
    writer.key("piece layers").begin_dict();
    for (const auto& [root, layer] : layers)
        writer.key(as_text(root.bytes)).string(std::as_bytes(layer));
    writer.end();
}

void write_file_tree(TorrentWriter& writer, const NewTorrent& torrent) {
    const auto hasher = hashing::Hasher::best();
    Roots rest = torrent.piece_roots;
    PathComponents at;
    writer.key("file tree").begin_dict();
    for (const NewFile& file : torrent.files) {
        if (file.pad) continue;
        const PathComponents path = torrent.single_file ? PathComponents{torrent.name} : file.path;
        SPATE_ASSERT(!path.empty());
        go_to(writer, at, path);
        const Roots roots = take_roots(rest, file.size_bytes, torrent.piece_length_bytes);
        Sha256Digest root;
        if (!roots.empty()) root = pieces_root(hasher, roots, torrent.piece_length_bytes);
        write_leaf(writer, file, roots.empty() ? nullptr : &root);
        at = path;
    }
    go_to(writer, at, {});
    writer.end();
    SPATE_ASSERT(rest.empty());
}

void write_attributes(TorrentWriter& writer, const NewFile& file) {
    std::string attributes;
    if (file.pad) attributes += 'p';
    if (file.executable) attributes += 'x';
    if (!file.symlink.empty()) attributes += 'l';
    write_text(writer, "attr", attributes);
}

void write_target(TorrentWriter& writer, const NewFile& file) {
    if (file.symlink.empty()) return;
    SPATE_ASSERT(file.size_bytes == 0);
    writer.key("symlink path");
    write_strings(writer, file.symlink);
}

void write_text(TorrentWriter& writer, std::string_view key, std::string_view text) {
    if (!text.empty()) writer.key(key).string(text);
}

void write_strings(TorrentWriter& writer, const std::vector<std::string>& strings) {
    writer.begin_list();
    for (const std::string& text : strings) writer.string(text);
    writer.end();
}

}  // namespace spate::metainfo
