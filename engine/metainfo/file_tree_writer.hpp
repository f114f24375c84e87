#pragma once
// engine/metainfo/file_tree_writer.hpp: the parts of a .torrent that v2 adds (BEP 52).
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/metainfo/bencode_writer.hpp"
#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/torrent_writer.hpp"

namespace spate::metainfo {

/// The info dictionary, the file tree, a dictionary for each component, what the file is, and the
/// list of a link's target.
inline constexpr std::size_t torrent_depth_max = path_components_max + 4;

using TorrentWriter = bencode::Writer<std::vector<std::byte>, torrent_depth_max>;

/// The piece layer of each file longer than a piece, by its pieces root; views into a torrent.
using PieceLayers = std::map<Sha256Digest, std::span<const Sha256Digest>>;

PieceLayers piece_layers_of(const NewTorrent& torrent);
/// Empty when the layers aren't known.
PieceLayers piece_layers_of(const Metainfo& torrent);

void write_piece_layers(TorrentWriter& writer, const PieceLayers& layers);

/// The key "file tree" with its value.
void write_file_tree(TorrentWriter& writer, const NewTorrent& torrent);

/// "attr", where there is one to tell (BEP 47).
void write_attributes(TorrentWriter& writer, const NewFile& file);

/// "symlink path" of a link.
void write_target(TorrentWriter& writer, const NewFile& file);

/// "key" with `text`, unless that is empty.
void write_text(TorrentWriter& writer, std::string_view key, std::string_view text);

void write_strings(TorrentWriter& writer, const std::vector<std::string>& strings);

}  // namespace spate::metainfo
