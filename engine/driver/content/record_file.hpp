#pragma once
// engine/driver/content/record_file.hpp: files of ours beside the data, in FOLDER/.spate.
#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "engine/base/bytes.hpp"

namespace spate::driver {

/// Where the records of downloads into `folder` are.
std::filesystem::path records_path(const std::filesystem::path& folder);

std::expected<std::vector<std::byte>, std::error_code> read_record(
    const std::filesystem::path& folder, const std::string& name, std::size_t size_max);

/// Replaces the record whole or not at all. The error is a sentence.
std::expected<void, std::string> write_record(const std::filesystem::path& folder,
                                              const std::string& name, Bytes content);

}  // namespace spate::driver
