#pragma once
// engine/driver/content/durable_records.hpp: resume records that hold after a power failure too.
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/metainfo/metainfo.hpp"
#include "engine/storage/resume_state.hpp"

namespace spate::driver {

/// A torrent of which nothing is being written any more, and its record.
struct DurableRecord {
    std::shared_ptr<const metainfo::Metainfo> torrent;
    std::filesystem::path folder;
    storage::ResumeState state;
    /// Its data is on the disk already.
    bool data_synced = false;
};

struct UnsavedRecord {
    std::size_t index = 0;
    std::string sentence;
};

/// Saves the records, after all that they claim: the torrents' files and the records' own bytes are
/// on the disk before the first of them takes its name. So a crash at any moment leaves a torrent
/// its old record or its new one, and each of them true. A filesystem is synced once for all
/// records: a disk gives some ten of a second when each is synced by itself, thousands so. Blocks.
/// Yields those that were not saved, and why.
std::vector<UnsavedRecord> save_durable(std::span<const DurableRecord> records);

}  // namespace spate::driver
