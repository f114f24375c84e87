#include "engine/driver/failing_writes.hpp"

namespace spate::driver {

FailingWrites::Held FailingWrites::hold(TorrentId torrent, PieceWrite& write, Time now) {
    const auto [found, is_new] = probes_.try_emplace(torrent);
    Probe& probe = found->second;
    if (!is_new && probe.write != &write) return Held::other;
    probe.write = &write;
    probe.pause = std::clamp(2 * probe.pause, pause_min, pause_max);
    probe.try_at = now + probe.pause;
    return is_new ? Held::first : Held::again;
}

bool FailingWrites::release(TorrentId torrent, const PieceWrite& write) {
    const auto found = probes_.find(torrent);
    if (found == probes_.end() || found->second.write != &write) return false;
    probes_.erase(found);
    return true;
}

std::vector<PieceWrite*> FailingWrites::take_due(Time now) {
    std::vector<PieceWrite*> due;
    for (auto& [torrent, probe] : probes_) {
        if (!probe.try_at || now < *probe.try_at) continue;
        probe.try_at.reset();
        due.push_back(probe.write);
    }
    return due;
}

std::vector<PieceWrite*> FailingWrites::take_all() {
    return take_due(Time::max());
}

std::optional<Time> FailingWrites::next_timeout() const {
    std::optional<Time> next;
    for (const auto& [torrent, probe] : probes_)
        if (probe.try_at) next = next ? std::min(*next, *probe.try_at) : *probe.try_at;
    return next;
}

}  // namespace spate::driver
