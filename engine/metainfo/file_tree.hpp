#pragma once
// engine/metainfo/file_tree.hpp: the files of a v2 info dictionary (BEP 52 "file tree").
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "engine/metainfo/file_list.hpp"

namespace spate::metainfo {

/// The byte space of a v2 torrent, with pad files where files don't fill their last piece, none
/// behind the last. Paths and sizes as parse_file_list() has them; every file with bytes has its
/// pieces root.
std::expected<FileList, MetainfoError> parse_file_tree(bencode::Node info,
                                                       std::uint32_t piece_length_bytes);

/// Gives the files of a hybrid's v1 list their pieces roots. Fails unless `tree` has the same
/// files, and the pad files in `list` align them.
std::optional<MetainfoError> match_file_tree(const FileList& tree, std::uint32_t piece_length_bytes,
                                             FileList& list);

}  // namespace spate::metainfo
