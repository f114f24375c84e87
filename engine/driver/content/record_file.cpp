#include "engine/driver/content/record_file.hpp"

#include <fmt/format.h>

#include "engine/storage/resume_state.hpp"
#include "io/file.hpp"

namespace spate::driver {

namespace fs = std::filesystem;

fs::path records_path(const fs::path& folder) {
    return folder / storage::records_folder;
}

std::expected<std::vector<std::byte>, std::error_code> read_record(const fs::path& folder,
                                                                   const std::string& name,
                                                                   std::size_t size_max) {
    const auto directory = io::open_directory(records_path(folder).string());
    if (!directory) return std::unexpected(directory.error());
    return io::read_whole_file(directory->get(), name, size_max);
}

std::expected<void, std::string> write_record(const fs::path& folder, const std::string& name,
                                              Bytes content) {
    const fs::path records = records_path(folder);
    const auto fail = [&](const std::error_code& error) {
        return std::unexpected(
            fmt::format("cannot save {}: {}", (records / name).string(), error.message()));
    };
    std::error_code error;
    fs::create_directories(records, error);
    if (error) return fail(error);
    const auto directory = io::open_directory(records.string());
    if (!directory) return fail(directory.error());
    error = io::atomic_write_file(directory->get(), name, content);
    if (error) return fail(error);
    return {};
}

}  // namespace spate::driver
