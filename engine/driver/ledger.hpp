#pragma once
// engine/driver/ledger.hpp: what a transfer has cost.
#include <cstdint>
#include <string>
#include <vector>

#include "engine/driver/wait_meter.hpp"
#include "engine/session/stage_latencies.hpp"

namespace spate::driver {

/// One core's costs so far. Bytes of sockets include protocol messages.
struct CoreLedger {
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_copied_user = 0;  // payload that user code had to move
    std::uint64_t bytes_sent_mapped = 0;  // payload sent from mappings of its files
    std::uint64_t bytes_sent_read = 0;    // payload read into memory first
    std::uint64_t bytes_read_files = 0;   // brought into memory before it was sent
    std::uint64_t cold_reads = 0;         // requests that did
    std::uint64_t bytes_written_files = 0;
    std::uint64_t bytes_written_direct = 0;  // of them, past the page cache
    std::uint64_t enter_calls = 0;           // io_uring_enter system calls
    std::uint64_t ops_submitted = 0;         // ring operations
    std::uint64_t zero_copy_sends = 0;
    std::uint64_t zero_copy_copied = 0;
    std::uint64_t hash_bytes = 0;
    double hash_seconds = 0;
    std::uint64_t connections = 0;  // peers that joined on this core, ever
    double cpu_user_seconds = 0;    // of the core's thread
    double cpu_system_seconds = 0;
    // The time of the core's loop: loop = busy + cpu_wait + all of wait.
    double loop_seconds = 0;
    double busy_seconds = 0;      // CPU time, without polling for something to do
    double cpu_wait_seconds = 0;  // ready, while other programs had the CPU
    WaitSeconds wait_seconds{};
};

struct Drop {
    std::string reason;  // session/drop_reason.hpp
    std::uint64_t count = 0;
};

struct Ledger {
    std::vector<CoreLedger> cores;
    std::vector<session::StageLatencies> latencies;  // by core, like `cores`
    std::vector<Drop> drops;  // connections ended, by reason, those that happened

    CoreLedger total() const;
    session::StageLatencies total_latencies() const;
};

}  // namespace spate::driver
