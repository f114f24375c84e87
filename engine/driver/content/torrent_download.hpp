#pragma once
// engine/driver/content/torrent_download.hpp: a .torrent file from the web.
#include <chrono>
#include <cstddef>
#include <expected>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/metainfo/metainfo.hpp"

namespace spate::driver {

struct TorrentDownload {
    std::string url;
    std::size_t bytes_max = metainfo::torrent_bytes_max;
    std::chrono::seconds patience{60};
    std::chrono::seconds connect_patience{15};
};

/// Fetches an http or https URL that the user named, TLS verified. Follows redirects, but not from
/// https to http, and only where tracker::may_follow() lets a stranger's server send us. Fails with
/// a sentence. Blocks; ends within a second of a stop request. libcurl is initialised by main.
std::expected<std::vector<std::byte>, std::string> download_torrent(const TorrentDownload& request,
                                                                    std::stop_token stop);

}  // namespace spate::driver
