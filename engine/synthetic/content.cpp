#include "engine/synthetic/content.hpp"

#include <algorithm>
#include <fstream>

#include "engine/base/assert.hpp"
#include "engine/base/prng.hpp"
#include "engine/metainfo/torrent_writer.hpp"
#include "hashing/digest.hpp"

namespace spate::synthetic {

Content make_content(std::uint64_t size_bytes, std::uint32_t piece_length_bytes,
                     std::uint64_t random_seed) {
    SPATE_ASSERT(piece_length_bytes != 0 && piece_length_bytes % block_size_bytes == 0);
    Content content;
    content.piece.resize(piece_length_bytes);
    Prng(random_seed).fill(content.piece);
    const std::uint64_t count = std::max<std::uint64_t>(size_bytes / piece_length_bytes, 1);
    metainfo::NewTorrent torrent;
    torrent.name = "bench.bin";
    torrent.files = {{.path = {torrent.name}, .size_bytes = count * piece_length_bytes}};
    torrent.piece_length_bytes = piece_length_bytes;
    torrent.piece_hashes.assign(count, hashing::sha1(content.piece));
    content.torrent_bytes = metainfo::write_torrent(torrent);
    content.torrent = metainfo::parse_torrent(content.torrent_bytes).value();
    return content;
}

bool write_content(const Content& content, const std::filesystem::path& folder) {
    std::ofstream file(folder / content.torrent.name, std::ios::binary);
    for (std::uint32_t piece = 0; piece < content.piece_count() && file; ++piece)
        file.write(reinterpret_cast<const char*>(content.piece.data()),
                   static_cast<std::streamsize>(content.piece.size()));
    return file.flush().good();
}

}  // namespace spate::synthetic
