#pragma once
// tests/engine/driver/content/scratch_folder.hpp: a folder of test data that goes away again.
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/prng.hpp"
#include "engine/driver/content/content_hash.hpp"
#include "engine/metainfo/aligned_layout.hpp"
#include "engine/metainfo/torrent_writer.hpp"

namespace spate::driver {

/// Made in the system's temporary folder, removed with all that is in it.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "spate-test-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

    void write(const std::string& name, Bytes content) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary)
            .write(reinterpret_cast<const char*>(content.data()),
                   static_cast<std::streamsize>(content.size()));
    }
    void write_random(const std::string& name, std::size_t size_bytes) const {
        std::vector<std::byte> content(size_bytes);
        Prng(size_bytes + 1).fill(content);
        write(name, content);
    }
    void flip_byte(const std::string& name, std::size_t offset) const {
        std::fstream file(path_ / name, std::ios::binary | std::ios::in | std::ios::out);
        file.seekg(static_cast<std::streamoff>(offset));
        const char flipped = static_cast<char>(~file.get());
        file.seekp(static_cast<std::streamoff>(offset));
        file.put(flipped);
    }

private:
    std::filesystem::path path_;
};

/// The torrent of what is in folder / name now.
inline metainfo::Metainfo torrent_of(
    const std::filesystem::path& path, std::uint32_t piece_length_bytes,
    metainfo::TorrentVersion version = metainfo::TorrentVersion::v1) {
    const ContentListing listing = list_content(path).value();
    hashing::PieceProgress progress;
    metainfo::NewTorrent torrent;
    torrent.name = listing.name;
    torrent.single_file = listing.single_file;
    torrent.piece_length_bytes = piece_length_bytes;
    torrent.version = version;
    torrent.files = metainfo::aligned_layout(listing.new_files(), piece_length_bytes, version);
    auto digests = hash_content({.listing = listing,
                                 .files = torrent.files,
                                 .version = version,
                                 .piece_length_bytes = piece_length_bytes},
                                hashing::Hasher::best(), progress, {})
                       .value();
    torrent.piece_hashes = std::move(digests.piece_hashes);
    torrent.piece_roots = std::move(digests.piece_roots);
    return metainfo::parse_torrent(metainfo::write_torrent(torrent)).value();
}

}  // namespace spate::driver
