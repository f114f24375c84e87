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
    static constexpr unsigned redirects_max = 5;

    std::string url;
    std::size_t bytes_max = metainfo::torrent_bytes_max;
    std::chrono::seconds patience{60};
    std::chrono::seconds connect_patience{15};
};

/// Fetches an http or https URL, TLS verified. Follows redirects, but not from https to http, and
/// not from the public network into a private one, where a stranger's server could otherwise send
/// us about. Fails with a sentence. Blocks; ends within a second of a stop request. libcurl is
/// initialised by main.
std::expected<std::vector<std::byte>, std::string> download_torrent(const TorrentDownload& request,
                                                                    std::stop_token stop);

}  // namespace spate::driver
