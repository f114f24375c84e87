#pragma once
// engine/session/stage_latencies.hpp: how long blocks and pieces stay in each stage of their way.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/latency_histogram.hpp"

namespace spate::session {

enum class LatencyStage : std::uint8_t {
    request_to_send,  // a peer's request came -> the send with its block was submitted
    cold_read,        // payload that isn't in memory: read submitted -> done
    send,             // a send with blocks: submitted -> done
    block,            // block requested of a peer -> received
    hash,             // piece complete -> hashed
    write,            // hashed -> written
    loop,             // one turn of the core, from the completions to the next wait
    mailbox,          // message put into a core's mailbox -> handled
};
inline constexpr std::array<std::string_view, 8> latency_stage_names{
    "request_to_send", "cold_read", "send", "block", "hash", "write", "loop", "mailbox"};

/// The histograms of one core, about 34 KiB. The core's thread records; any thread may copy them.
class StageLatencies {
public:
    void record(LatencyStage stage, Duration duration) { (*this)[stage].record(duration); }
    LatencyHistogram& operator[](LatencyStage stage) {
        return histograms_[static_cast<std::size_t>(stage)];
    }
    const LatencyHistogram& operator[](LatencyStage stage) const {
        return histograms_[static_cast<std::size_t>(stage)];
    }
    void merge(const StageLatencies& other) {
        for (std::size_t i = 0; i < histograms_.size(); ++i)
            histograms_[i].merge(other.histograms_[i]);
    }

private:
    std::array<LatencyHistogram, latency_stage_names.size()> histograms_;
};

}  // namespace spate::session
