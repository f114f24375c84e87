#pragma once
// tests/engine/metainfo/torrent_reader.hpp: what the parser makes of a torrent, or why it refuses.
#include <string>

#include <gtest/gtest.h>

#include "engine/base/bytes.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

inline Metainfo read(const std::string& torrent) {
    auto parsed = parse_torrent(as_bytes(torrent));
    EXPECT_TRUE(parsed) << parsed.error().sentence;
    return parsed ? *parsed : Metainfo{};
}

inline MetainfoError refusal(const std::string& torrent) {
    const auto parsed = parse_torrent(as_bytes(torrent));
    EXPECT_FALSE(parsed);
    return parsed ? MetainfoError{} : parsed.error();
}

}  // namespace spate::metainfo
