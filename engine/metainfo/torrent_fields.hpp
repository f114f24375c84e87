#pragma once
// engine/metainfo/torrent_fields.hpp: what a .torrent says beside its info dictionary.
#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

/// Fills the trackers (BEP 3, 12), web seeds (17, 19), nodes (5) and texts of `torrent`. Nothing
/// here is worth refusing a torrent for: what can't be used is left out.
void read_torrent_fields(bencode::Node root, Metainfo& torrent);

}  // namespace spate::metainfo
