#pragma once
// tests/engine/storage/torrent_fixture.hpp: torrents with the files that a test names.
#include <cstdint>
#include <string>
#include <vector>

#include "engine/metainfo/metainfo.hpp"

namespace spate::storage {

struct FixtureFile {
    std::string path;
    std::uint64_t size_bytes = 0;
    bool pad = false;
};

/// A folder "root" of `files` in a row, with hashes of nothing.
inline metainfo::Metainfo folder_of(const std::vector<FixtureFile>& files,
                                    std::uint32_t piece_length_bytes) {
    metainfo::Metainfo torrent;
    torrent.name = "root";
    torrent.single_file = false;
    torrent.piece_length_bytes = piece_length_bytes;
    for (const FixtureFile& file : files) {
        metainfo::FileEntry entry;
        entry.path = {file.path};
        entry.size_bytes = file.size_bytes;
        entry.offset_bytes = torrent.total_bytes;
        entry.pad = file.pad;
        torrent.total_bytes += file.size_bytes;
        torrent.files.push_back(entry);
    }
    torrent.piece_hashes.resize((torrent.total_bytes + piece_length_bytes - 1) /
                                piece_length_bytes);
    return torrent;
}

}  // namespace spate::storage
