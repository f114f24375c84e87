#pragma once
// engine/driver/failing_writes.hpp: writes that wait until the disk takes them.
#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"

namespace spate::driver {

class PieceWrite;

/// A full disk may get room again. Of each torrent that can't be written one piece is kept, as the
/// probe that is tried again after pauses that grow; what else failed meanwhile is given up. One
/// core's; one thread.
class FailingWrites {
public:
    static constexpr Duration pause_min = 5s;
    static constexpr Duration pause_max = 60s;

    /// Whether the write is the torrent's probe, as of now or as before, or another one is.
    enum class Held : std::uint8_t { first, again, other };
    Held hold(TorrentId torrent, PieceWrite& write, Time now);
    /// The write has ended, well or not. True when it was its torrent's probe.
    bool release(TorrentId torrent, const PieceWrite& write);

    std::vector<PieceWrite*> take_due(Time now);
    std::vector<PieceWrite*> take_all();
    std::optional<Time> next_timeout() const;

private:
    struct Probe {
        PieceWrite* write = nullptr;
        Duration pause{};
        std::optional<Time> try_at;  // nothing: it is being tried
    };
    std::map<TorrentId, Probe> probes_;
};

}  // namespace spate::driver
