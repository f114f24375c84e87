#include "engine/driver/content/durable_records.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <system_error>

#include <fmt/format.h>

#include "engine/driver/content/record_file.hpp"
#include "engine/driver/content/resume_file.hpp"
#include "engine/storage/file_layout.hpp"
#include "io/file.hpp"

namespace spate::driver {
namespace {

namespace fs = std::filesystem;

/// Syncs the filesystem of each file that it is shown, unless it has done so before: everything
/// must have been written before the first of them.
class DiskSyncs {
public:
    /// A file that isn't there is as good as synced: no record claims anything of it.
    std::error_code sync(int directory, const std::string& path) {
        const auto info = io::file_info_beneath(directory, path);
        if (!info)
            return info.error() == std::errc::no_such_file_or_directory ? std::error_code()
                                                                        : info.error();
        const auto known = filesystems_.find(info->device);
        if (known != filesystems_.end() && known->second != std::errc::not_supported)
            return known->second;
        const auto file = io::open_beneath(directory, path);
        if (!file) return file.error();
        if (known == filesystems_.end()) {
            const std::error_code error = io::sync_filesystem(file->get());
            filesystems_[info->device] = error;
            if (error != std::errc::not_supported) return error;
        }
        return io::sync_file(file->get());
    }

private:
    std::map<std::uint64_t, std::error_code> filesystems_;  // by device: what their syncs said
};

/// Where a record is, with its folder open. Opened for each step anew: there may be more folders
/// than descriptors.
struct Place {
    io::FileDescriptor directory;
    std::string name;
};

std::expected<Place, std::error_code> find_place(const DurableRecord& record) {
    const fs::path path = resume_path(record.folder, record.state.info_hash);
    auto directory = io::open_directory(path.parent_path().string());
    if (!directory) return std::unexpected(directory.error());
    return Place{std::move(*directory), path.filename().string()};
}

std::error_code stage(const DurableRecord& record) {
    std::error_code error;
    fs::create_directories(records_path(record.folder), error);
    if (error) return error;
    const auto place = find_place(record);
    if (!place) return place.error();
    const auto staged =
        io::stage_file(place->directory.get(), place->name, storage::encode(record.state));
    return staged ? std::error_code() : staged.error();
}

std::error_code sync(const DurableRecord& record, DiskSyncs& syncs) {
    const auto folder = io::open_directory(record.folder.empty() ? "." : record.folder.string());
    if (!folder) return folder.error();
    for (const storage::PlannedFile& file : storage::lay_out(*record.torrent)) {
        if (record.data_synced || file.pad || file.size_bytes == 0) continue;
        if (const auto error = syncs.sync(folder->get(), file.path)) return error;
    }
    const auto place = find_place(record);
    if (!place) return place.error();
    return syncs.sync(place->directory.get(), io::staged_name(place->name));
}

std::error_code finish(const DurableRecord& record, std::error_code error) {
    const auto place = find_place(record);
    if (!place) return error ? error : place.error();
    if (!error) return io::place_file(place->directory.get(), place->name);
    io::drop_staged_file(place->directory.get(), place->name);
    return error;
}

}  // namespace

std::vector<UnsavedRecord> save_durable(std::span<const DurableRecord> records) {
    std::vector<std::error_code> errors;
    errors.reserve(records.size());
    for (const DurableRecord& record : records) errors.push_back(stage(record));
    DiskSyncs syncs;
    for (std::size_t i = 0; i < records.size(); ++i)
        if (!errors[i]) errors[i] = sync(records[i], syncs);
    // Where the last rename of a folder is lost, the torrent has its old record, or none.
    for (std::size_t i = 0; i < records.size(); ++i) errors[i] = finish(records[i], errors[i]);
    std::vector<UnsavedRecord> unsaved;
    for (std::size_t i = 0; i < records.size(); ++i)
        if (errors[i])
            unsaved.push_back(
                {i, fmt::format("cannot save {}: {}",
                                resume_path(records[i].folder, records[i].state.info_hash).string(),
                                errors[i].message())});
    return unsaved;
}

}  // namespace spate::driver
