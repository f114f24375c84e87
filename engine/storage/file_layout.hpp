#pragma once
// engine/storage/file_layout.hpp: a torrent's files as paths below a download folder.
#include <cstdint>
#include <string>
#include <vector>

#include "engine/metainfo/metainfo.hpp"

namespace spate::storage {

/// A file as it shall be on disk.
struct PlannedFile {
    /// Relative to the download folder: NAME for a single file, else NAME/COMPONENT/...
    std::string path;
    std::uint64_t size_bytes = 0;
    /// Not on disk at all.
    bool pad = false;
    bool executable = false;
    /// Of a symbolic link (BEP 47): its text, relative to the folder that it lies in, which leads
    /// to a path of the torrent's own folder. Empty for all else.
    std::string link_target{};

    bool operator==(const PlannedFile&) const = default;
};

/// One for each of the torrent's files, in its order. Every path passes is_plain_path().
std::vector<PlannedFile> lay_out(const metainfo::Metainfo& torrent);

/// The first path where both torrents have bytes, if they are downloaded into one folder; empty
/// when there is none.
std::string shared_path(const metainfo::Metainfo& first, const metainfo::Metainfo& second);

}  // namespace spate::storage
