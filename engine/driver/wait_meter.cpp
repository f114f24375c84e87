#include "engine/driver/wait_meter.hpp"

#include <numeric>

namespace spate::driver {
namespace {

double& at(WaitSeconds& seconds, WaitCause cause) {
    return seconds[static_cast<std::size_t>(cause)];
}

double sum(const WaitSeconds& seconds) {
    return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

/// Connections whose data is on its way.
WaitSeconds votes_of_movers(const CoreLoad& load) {
    using session::PeerWait;
    WaitSeconds votes{};
    at(votes, WaitCause::disk) = load.cold_reads;
    at(votes, WaitCause::peers_take) = load.sends;
    at(votes, WaitCause::peers_give) = load.peers[PeerWait::give];
    at(votes, WaitCause::rate_limit) = load.peers[PeerWait::rate_limit];
    const WaitCause holder = load.writes > 0 ? WaitCause::disk
                             : load.hashing  ? WaitCause::hashing
                                             : WaitCause::peers_give;
    at(votes, holder) += load.peers[PeerWait::buffer];
    return votes;
}

WaitSeconds votes_of_others(const CoreLoad& load) {
    using session::PeerWait;
    WaitSeconds votes{};
    if (load.writes > 0) {
        at(votes, WaitCause::disk) = 1;
    } else if (load.hashing) {
        at(votes, WaitCause::hashing) = 1;
    } else {
        at(votes, WaitCause::peers_choke) = load.peers[PeerWait::unchoke];
        at(votes, WaitCause::slots) = load.peers[PeerWait::slot];
        at(votes, WaitCause::peers_ask) = load.peers[PeerWait::ask];
    }
    return votes;
}

}  // namespace

WaitSeconds wait_shares(const CoreLoad& load) {
    WaitSeconds votes = votes_of_movers(load);
    if (sum(votes) == 0) votes = votes_of_others(load);
    if (sum(votes) == 0) at(votes, WaitCause::idle) = 1;
    const double all = sum(votes);
    for (double& vote : votes) vote /= all;
    return votes;
}

void WaitMeter::add(const CoreLoad& load, Duration wait) {
    const WaitSeconds shares = wait_shares(load);
    for (std::size_t i = 0; i < shares.size(); ++i) pending_[i] += shares[i] * to_seconds(wait);
}

void WaitMeter::settle(Duration waited) {
    const double pending = sum(pending_);
    if (pending > 0)
        for (std::size_t i = 0; i < pending_.size(); ++i)
            settled_[i] += pending_[i] / pending * to_seconds(waited);
    else
        at(settled_, WaitCause::idle) += to_seconds(waited);
    pending_ = {};
}

}  // namespace spate::driver
