#pragma once
// engine/driver/content/content_survey.hpp: what the sizes and holes of files say without reading.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/driver/content/content_reader.hpp"

namespace spate::driver {

/// A file that isn't as the torrent says. `error` is an errno; 0 where it only has another size.
struct FileFault {
    std::size_t file = 0;
    /// Where the trouble begins, in the file.
    std::uint64_t offset_bytes = 0;
    int error = 0;
    bool too_long = false;
};

struct ContentSurvey {
    /// Pieces with a byte that no file holds.
    Bitfield absent;
    /// Pieces that aren't absent and have no data on disk: holes and padding, which read as zeros.
    Bitfield zeros;
    std::vector<FileFault> faults;
    /// Of the torrent's files, without padding.
    std::size_t files_there = 0;
};

/// Looks at every file once, and at the extents of sparse ones. Blocks.
ContentSurvey survey_content(int directory, const std::vector<ContentFile>& files,
                             std::uint32_t piece_length_bytes);

}  // namespace spate::driver
