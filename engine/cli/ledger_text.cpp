#include "engine/cli/ledger_text.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/cli/units.hpp"
#include "engine/driver/verdict.hpp"

namespace spate::cli {
namespace {

constexpr double mebibyte = 1024.0 * 1024;
constexpr double gibibyte = 1024 * mebibyte;

Json waits_json(const driver::WaitSeconds& seconds) {
    Json waits = Json::object();
    for (std::size_t i = 0; i < seconds.size(); ++i)
        waits[driver::wait_cause_names[i]] = seconds[i];
    return waits;
}

Json verdict_json(const driver::Verdict& verdict) {
    return {{"bottleneck", driver::bottleneck_names[static_cast<std::size_t>(verdict.bottleneck)]},
            {"share", verdict.share},
            {"sentence", verdict.sentence}};
}

Json core_json(const driver::CoreLedger& core) {
    return {{"bytes_sent", core.bytes_sent},
            {"bytes_received", core.bytes_received},
            {"bytes_copied_user", core.bytes_copied_user},
            {"bytes_sent_mapped", core.bytes_sent_mapped},
            {"bytes_sent_read", core.bytes_sent_read},
            {"bytes_read_files", core.bytes_read_files},
            {"cold_reads", core.cold_reads},
            {"bytes_written_files", core.bytes_written_files},
            {"bytes_written_direct", core.bytes_written_direct},
            {"enter_calls", core.enter_calls},
            {"ops_submitted", core.ops_submitted},
            {"zero_copy_sends", core.zero_copy_sends},
            {"zero_copy_copied", core.zero_copy_copied},
            {"hash_bytes", core.hash_bytes},
            {"hash_seconds", core.hash_seconds},
            {"connections", core.connections},
            {"cpu_user_s", core.cpu_user_seconds},
            {"cpu_sys_s", core.cpu_system_seconds},
            {"loop_s", core.loop_seconds},
            {"busy_s", core.busy_seconds},
            {"cpu_wait_s", core.cpu_wait_seconds},
            {"wait_s", waits_json(core.wait_seconds)}};
}

/// By stage: those in which something was. Microseconds.
Json latencies_json(const session::StageLatencies& latencies) {
    const auto us = [](Duration duration) {
        return std::round(static_cast<double>(duration.count()) / 100) / 10;
    };
    Json stages = Json::object();
    for (std::size_t i = 0; i < session::latency_stage_names.size(); ++i) {
        const LatencyHistogram& stage = latencies[session::LatencyStage(i)];
        if (stage.count() == 0) continue;
        stages[session::latency_stage_names[i]] = {{"count", stage.count()},
                                                   {"p50", us(stage.percentile(50))},
                                                   {"p90", us(stage.percentile(90))},
                                                   {"p99", us(stage.percentile(99))},
                                                   {"max", us(stage.max())}};
    }
    return stages;
}

double per(double amount, double of) {
    return of > 0 ? amount / of : 0;
}

}  // namespace

Json ledger_json(const driver::Ledger& ledger) {
    Json cores = Json::array();
    for (const driver::CoreLedger& core : ledger.cores) cores.push_back(core_json(core));
    for (std::size_t i = 0; i < ledger.latencies.size(); ++i)
        cores[i]["latency_us"] = latencies_json(ledger.latencies[i]);
    Json total = core_json(ledger.total());
    total["latency_us"] = latencies_json(ledger.total_latencies());
    Json drops = Json::object();
    for (const driver::Drop& drop : ledger.drops) drops[drop.reason] = drop.count;
    return {{"total", total}, {"cores", cores}, {"drops", drops}};
}

Json summary_json(const RunCost& cost) {
    Json summary{{"bytes_down", cost.bytes_down},
                 {"bytes_up", cost.bytes_up},
                 {"seconds", cost.seconds},
                 {"cpu_user_s", cost.process.cpu_user_s},
                 {"cpu_sys_s", cost.process.cpu_system_s},
                 {"peak_rss_bytes", cost.process.peak_rss_bytes},
                 {"own_memory_bytes", cost.process.own_memory_bytes},
                 {"bytes_read_device", cost.process.bytes_read_device},
                 {"bytes_written_device", cost.process.bytes_written_device},
                 {"verdict", verdict_json(driver::judge(cost.ledger))},
                 {"ledger", ledger_json(cost.ledger)}};
    if (cost.late_pieces) summary["late_pieces"] = *cost.late_pieces;
    return summary;
}

std::vector<std::string> ledger_text(const RunCost& cost) {
    const driver::CoreLedger total = cost.ledger.total();
    const double moved = static_cast<double>(cost.bytes_down + cost.bytes_up);
    const double cpu = cost.process.cpu_user_s + cost.process.cpu_system_s;
    std::vector<std::string> lines;
    const auto row = [&](std::string_view title, std::string value) {
        lines.push_back(fmt::format("  {:<28}{}", title, value));
    };
    row("received, sent",
        fmt::format("{}, {} in {:.1f} s", format_bytes(static_cast<double>(cost.bytes_down)),
                    format_bytes(static_cast<double>(cost.bytes_up)), cost.seconds));
    if (cost.late_pieces) row("pieces late to be played", std::to_string(*cost.late_pieces));
    row("CPU time", fmt::format("{:.2f} s ({:.2f} user, {:.2f} system)", cpu,
                                cost.process.cpu_user_s, cost.process.cpu_system_s));
    if (moved > 0) {
        row("CPU time per GiB", fmt::format("{:.2f} s", per(cpu, moved / gibibyte)));
        row("copied in user space",
            fmt::format("{:.3f} bytes per byte moved",
                        per(static_cast<double>(total.bytes_copied_user), moved)));
        row("io_uring system calls",
            fmt::format("{:.2f} per MiB, for {:.2f} operations",
                        per(static_cast<double>(total.enter_calls), moved / mebibyte),
                        per(static_cast<double>(total.ops_submitted), moved / mebibyte)));
    }
    if (cost.bytes_up > 0)
        row("read from disks", fmt::format("{:.3f} bytes per byte sent",
                                           per(static_cast<double>(cost.process.bytes_read_device),
                                               static_cast<double>(cost.bytes_up))));
    if (total.hash_bytes > 0)
        row("hashed",
            fmt::format("{} at {} a core", format_bytes(static_cast<double>(total.hash_bytes)),
                        format_rate(per(static_cast<double>(total.hash_bytes),
                                        std::max(total.hash_seconds, 1e-9)))));
    row("limited by", driver::judge(cost.ledger).sentence);
    std::string connections;
    for (const driver::CoreLedger& core : cost.ledger.cores)
        connections += fmt::format("{}{}", connections.empty() ? "" : " + ", core.connections);
    row("connections, core by core", connections);
    row("memory", fmt::format("{} of its own at the end; at most {} with mapped files",
                              format_bytes(static_cast<double>(cost.process.own_memory_bytes)),
                              format_bytes(static_cast<double>(cost.process.peak_rss_bytes))));
    return lines;
}

}  // namespace spate::cli
