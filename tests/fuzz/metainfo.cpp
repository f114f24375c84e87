// What the parser accepts keeps the promises of Metainfo, and can be written and read again.
#include "engine/metainfo/metainfo.hpp"

#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/torrent_writer.hpp"

using namespace spate;
using namespace spate::metainfo;

namespace {

void check_files(const Metainfo& torrent) {
    std::uint64_t offset = 0;
    for (const FileEntry& file : torrent.files) {
        SPATE_ASSERT(file.offset_bytes == offset);
        offset += file.size_bytes;
        SPATE_ASSERT(!file.path.empty());
        for (const std::string& component : file.path)
            SPATE_ASSERT(safe_component(component) == component);
    }
    SPATE_ASSERT(offset == torrent.total_bytes);
}

void check_pieces(const Metainfo& torrent) {
    std::uint64_t total = 0;
    for (std::uint32_t piece = 0; piece < torrent.piece_count(); ++piece)
        total += torrent.piece_size_bytes(PieceIndex{piece});
    SPATE_ASSERT(total == torrent.total_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = std::as_bytes(std::span(data, size));
    const auto torrent = parse_torrent(input);
    if (!torrent) {
        SPATE_ASSERT(!torrent.error().sentence.empty());
        return 0;
    }
    SPATE_ASSERT(safe_component(torrent->name) == torrent->name);
    check_files(*torrent);
    check_pieces(*torrent);
    SPATE_ASSERT(parse_torrent(write_torrent(*torrent)) == *torrent);
    return 0;
}
