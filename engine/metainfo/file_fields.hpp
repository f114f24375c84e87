#pragma once
// engine/metainfo/file_fields.hpp: what the v1 list and the v2 tree say alike of a file.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

std::unexpected<MetainfoError> refuse(MetainfoErrorKind kind, std::string sentence);

/// One component of a path, safe; `what` begins the sentence of a refusal.
std::expected<std::string, MetainfoError> read_component(std::string_view raw,
                                                         const std::string& what);

/// The torrent's name.
std::expected<std::string, MetainfoError> read_name(bencode::Node info);

/// "length", within total_bytes_max.
std::expected<std::uint64_t, MetainfoError> read_size(bencode::Node file, const std::string& what);

/// "attr" and a link's target (BEP 47). A target that isn't a place below the torrent's folder is
/// forgotten: the entry is then an empty file. Fails for a link with bytes.
std::optional<MetainfoError> read_attributes(bencode::Node file, const std::string& what,
                                             FileEntry& entry);

/// Fails when the path below the folder `name` is too long for one.
std::optional<MetainfoError> check_path_length(const std::string& name, const FileEntry& entry,
                                               const std::string& what);

/// Appends `entry` where the files so far end; fails when they have too many bytes together.
std::optional<MetainfoError> append_entry(FileEntry entry, std::vector<FileEntry>& files,
                                          std::uint64_t& total_bytes);

/// Fails when two files, pad files aside, can't be on one disk together.
std::optional<MetainfoError> check_collisions(const std::vector<FileEntry>& files);

/// Fails when there is nothing to share.
std::optional<MetainfoError> check_content(const std::vector<FileEntry>& files);

}  // namespace spate::metainfo
