#pragma once
// tests/engine/metainfo/v2_content.hpp: small v2 and hybrid torrents of data that anybody can make.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "engine/metainfo/aligned_layout.hpp"
#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/torrent_writer.hpp"
#include "hashing/digest.hpp"
#include "hashing/merkle.hpp"

namespace spate::metainfo {

inline constexpr std::uint32_t v2_piece_length = 32 << 10;

/// Byte i of a file of n bytes is (7 i + n) mod 251; of a pad file 0.
inline std::vector<std::byte> content_of(const NewFile& file) {
    std::vector<std::byte> bytes(file.size_bytes);
    if (file.pad) return bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>((7 * i + bytes.size()) % 251);
    return bytes;
}

inline void add_piece_hashes(NewTorrent& torrent) {
    std::vector<std::byte> all;
    for (const NewFile& file : torrent.files) {
        const auto bytes = content_of(file);
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    for (std::size_t at = 0; at < all.size(); at += torrent.piece_length_bytes)
        torrent.piece_hashes.push_back(hashing::sha1(Bytes(all).subspan(
            at, std::min<std::size_t>(torrent.piece_length_bytes, all.size() - at))));
}

inline void add_piece_roots(NewTorrent& torrent) {
    const auto hasher = hashing::Hasher::best();
    const std::size_t length = torrent.piece_length_bytes;
    for (const NewFile& file : torrent.files) {
        if (file.pad) continue;
        const auto content = content_of(file);
        for (std::size_t at = 0; at < content.size(); at += length) {
            const auto leaves = hashing::leaf_hashes(
                hasher, Bytes(content).subspan(at, std::min(length, content.size() - at)));
            const std::size_t total = content.size() > length ? length / hashing::leaf_bytes
                                                              : std::bit_ceil(leaves.size());
            torrent.piece_roots.push_back(hashing::merkle_root(hasher, leaves, total));
        }
    }
}

inline NewTorrent torrent_of_files(std::string name, std::vector<NewFile> files,
                                   TorrentVersion version) {
    NewTorrent torrent;
    torrent.version = version;
    torrent.single_file = files.size() == 1 && files.front().path.front() == name;
    torrent.name = std::move(name);
    torrent.piece_length_bytes = v2_piece_length;
    torrent.files = aligned_layout(std::move(files), v2_piece_length, version);
    if (version != TorrentVersion::v2) add_piece_hashes(torrent);
    if (version != TorrentVersion::v1) add_piece_roots(torrent);
    return torrent;
}

/// Folders, an empty file, a link, and files of more and of less than a piece.
inline NewTorrent v2_folder(TorrentVersion version) {
    return torrent_of_files("folder",
                            {{.path = {"tool"}, .size_bytes = 100, .executable = true},
                             {.path = {"a.txt"}, .size_bytes = 5},
                             {.path = {"a-b", "x"}, .size_bytes = 70'000},
                             {.path = {"a", "z"}, .size_bytes = 16'384},
                             {.path = {"link"}, .executable = true, .symlink = {"a", "z"}},
                             {.path = {"b"}, .size_bytes = 40'000},
                             {.path = {"a", "empty"}}},
                            version);
}

inline NewTorrent v2_single(TorrentVersion version) {
    return torrent_of_files(
        "single", {{.path = {"single"}, .size_bytes = 50'000, .executable = true}}, version);
}

}  // namespace spate::metainfo
