#pragma once
// tests/engine/swarm/layer_content.hpp: v2 torrents of made-up piece hashes, and peers that answer
// from them.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "engine/base/prng.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/swarm/layer_proofs.hpp"
#include "hashing/merkle.hpp"

namespace spate::swarm {

/// One file for each of `piece_counts`, its last piece short; pieces of 16 KiB unless told.
inline metainfo::Metainfo layered_torrent(const std::vector<std::uint32_t>& piece_counts,
                                          std::uint32_t piece_length_bytes = 16 * 1024) {
    metainfo::Metainfo torrent;
    torrent.info_hash_v2.emplace();
    torrent.single_file = false;
    torrent.name = "layered";
    torrent.piece_length_bytes = piece_length_bytes;
    Prng random(7);
    for (const std::uint32_t count : piece_counts) {
        std::vector<Sha256Digest> layer(count);
        for (Sha256Digest& hash : layer) random.fill(hash.bytes);
        metainfo::FileEntry file;
        file.path = {std::to_string(torrent.files.size())};
        file.size_bytes = std::uint64_t{count} * piece_length_bytes - 1;
        file.offset_bytes = torrent.piece_roots.size() * std::uint64_t{piece_length_bytes};
        file.pieces_root = count == 1 ? layer.front()
                                      : hashing::root_of_piece_layer(hashing::Hasher::best(), layer,
                                                                     piece_length_bytes);
        torrent.total_bytes = file.offset_bytes + file.size_bytes;
        torrent.files.push_back(file);
        torrent.piece_roots.insert(torrent.piece_roots.end(), layer.begin(), layer.end());
    }
    return torrent;
}

inline metainfo::MissingLayers missing_of(const metainfo::Metainfo& torrent) {
    metainfo::MissingLayers missing{torrent.piece_length_bytes, {}};
    for (const metainfo::FileEntry& file : torrent.files)
        if (file.size_bytes > torrent.piece_length_bytes)
            missing.layers.push_back(
                {*file.pieces_root, static_cast<std::uint32_t>(
                                        (file.size_bytes - 1) / torrent.piece_length_bytes + 1)});
    return missing;
}

/// The hashes of the file of this number, as the torrent has them.
inline std::vector<Sha256Digest> layer_of(const metainfo::Metainfo& torrent, std::size_t number) {
    const metainfo::FileEntry& file = torrent.files[number];
    const auto first = static_cast<std::ptrdiff_t>(file.offset_bytes / torrent.piece_length_bytes);
    const auto count =
        static_cast<std::ptrdiff_t>((file.size_bytes - 1) / torrent.piece_length_bytes + 1);
    return {torrent.piece_roots.begin() + first, torrent.piece_roots.begin() + first + count};
}

/// Joined, as a message has them.
inline std::vector<std::byte> joined(const std::vector<Sha256Digest>& hashes) {
    std::vector<std::byte> bytes(hashes.size() * Sha256Digest::size_bytes);
    std::memcpy(bytes.data(), hashes.data(), bytes.size());
    return bytes;
}

}  // namespace spate::swarm
