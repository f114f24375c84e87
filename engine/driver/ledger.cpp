#include "engine/driver/ledger.hpp"

namespace spate::driver {

CoreLedger Ledger::total() const {
    CoreLedger sum;
    for (const CoreLedger& core : cores) {
        sum.bytes_sent += core.bytes_sent;
        sum.bytes_received += core.bytes_received;
        sum.bytes_copied_user += core.bytes_copied_user;
        sum.bytes_sent_mapped += core.bytes_sent_mapped;
        sum.bytes_sent_read += core.bytes_sent_read;
        sum.bytes_read_files += core.bytes_read_files;
        sum.cold_reads += core.cold_reads;
        sum.bytes_written_files += core.bytes_written_files;
        sum.bytes_written_direct += core.bytes_written_direct;
        sum.enter_calls += core.enter_calls;
        sum.ops_submitted += core.ops_submitted;
        sum.zero_copy_sends += core.zero_copy_sends;
        sum.zero_copy_copied += core.zero_copy_copied;
        sum.hash_bytes += core.hash_bytes;
        sum.hash_seconds += core.hash_seconds;
        sum.connections += core.connections;
        sum.cpu_user_seconds += core.cpu_user_seconds;
        sum.cpu_system_seconds += core.cpu_system_seconds;
        sum.loop_seconds += core.loop_seconds;
        sum.busy_seconds += core.busy_seconds;
        sum.cpu_wait_seconds += core.cpu_wait_seconds;
        for (std::size_t i = 0; i < sum.wait_seconds.size(); ++i)
            sum.wait_seconds[i] += core.wait_seconds[i];
    }
    return sum;
}

session::StageLatencies Ledger::total_latencies() const {
    session::StageLatencies sum;
    for (const session::StageLatencies& core : latencies) sum.merge(core);
    return sum;
}

}  // namespace spate::driver
