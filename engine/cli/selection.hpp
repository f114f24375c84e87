#pragma once
// engine/cli/selection.hpp: which files of a torrent the user means.
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::cli {

/// One true or false a file. A pattern is an index as `spate show` prints it (counted from 1), a
/// range of them ("3-7"), a path below the torrent's folder, a folder, or a glob ("*.flac", in
/// which '*' doesn't cross a slash; without a slash it is matched against the file's own name). A
/// comma-separated list is several patterns; without patterns all are meant. The error is a
/// sentence about a pattern of `option` that selects nothing.
std::expected<std::vector<bool>, std::string> select_files(const metainfo::Metainfo& torrent,
                                                           const std::vector<std::string>& patterns,
                                                           std::string_view option);

/// Pieces with a byte of a selected file.
Bitfield pieces_of(const metainfo::Metainfo& torrent, const std::vector<bool>& selected);

/// The others. Empty when there are none.
Bitfield skipped_pieces(const metainfo::Metainfo& torrent, const std::vector<bool>& selected);

}  // namespace spate::cli
