#pragma once
// engine/cli/doubtful_files.hpp: files that changed while their torrent ran, and when to check
// them.
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/time.hpp"
#include "engine/storage/resume_state.hpp"

namespace spate::cli {

/// Of one torrent. A file that is in doubt is checked again soon, and one that keeps changing after
/// pauses that grow. A seed's file that was lost is looked at now and then, as it may come back.
/// One thread.
class DoubtfulFiles {
public:
    using Stamp = std::optional<storage::FileStamp>;

    /// Who changes a file has seldom done so in a moment.
    static constexpr Duration pause_min = 500ms;
    static constexpr Duration pause_max = 60s;
    /// A file that was left alone for so long begins with a short pause again.
    static constexpr Duration calm = 120s;
    static constexpr Duration lost_interval = 30s;

    void doubt(std::uint32_t file, Time now);
    /// A check that was begun (take_due()) is over: the file looked the same before and after it,
    /// and is whole. One that came into doubt meanwhile stays so.
    void whole(std::uint32_t file);
    /// Likewise, and it isn't whole. `looks`: what nobody has to read again while it looks so;
    /// outer nothing: a part couldn't be read, which may get better.
    void lost(std::uint32_t file, const std::optional<Stamp>& looks, Time now);
    /// It was lost, and looked so when it was last checked; outer nothing: it is to be checked.
    std::optional<Stamp> lost_look(std::uint32_t file) const;

    bool due(Time now) const;
    /// Their check begins.
    std::vector<std::uint32_t> take_due(Time now);
    bool empty() const { return files_.empty(); }

private:
    struct File {
        std::optional<Time> check_at;  // nothing: it is being checked, or needn't be
        Duration pause{};
        Time changed_at{};
        std::optional<Stamp> lost{};
    };
    std::map<std::uint32_t, File> files_;
};

}  // namespace spate::cli
