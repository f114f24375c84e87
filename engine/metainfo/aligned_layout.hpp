#pragma once
// engine/metainfo/aligned_layout.hpp: the byte space of a new v2 or hybrid torrent (BEP 52).
#include <cstdint>
#include <span>
#include <vector>

#include "engine/metainfo/new_file.hpp"

namespace spate::metainfo {

/// `files` (no pad among them; a single file's path is its name) in the order of the file tree,
/// which is that of the raw bytes of their paths' components, with the pad files that make each
/// start a piece. Where one goes is what decides a hybrid's info-hash, and follows libtorrent:
/// behind each file that doesn't fill its last piece, the last one too unless it is alone. A v2
/// torrent has none behind its last file, and none in its file tree: there they are only gaps.
///
/// For v1 the files as they are.
std::vector<NewFile> aligned_layout(std::vector<NewFile> files, std::uint32_t piece_length_bytes,
                                    TorrentVersion version);

/// Pad files included.
std::uint64_t total_bytes(std::span<const NewFile> files);

/// Pieces of the byte space; what NewTorrent wants as many hashes of.
std::uint64_t piece_count(std::span<const NewFile> files, std::uint32_t piece_length_bytes);

}  // namespace spate::metainfo
