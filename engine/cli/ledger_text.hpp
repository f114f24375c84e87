#pragma once
// engine/cli/ledger_text.hpp: what a transfer has cost, for scripts and for people.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/cli/console.hpp"
#include "engine/cli/machine.hpp"
#include "engine/driver/ledger.hpp"

namespace spate::cli {

/// The run as a whole; bytes are payload.
struct RunCost {
    std::uint64_t bytes_down = 0;
    std::uint64_t bytes_up = 0;
    double seconds = 0;
    /// With --play.
    std::optional<std::uint32_t> late_pieces{};
    ProcessCost process;
    driver::Ledger ledger;
};

/// `total`, `cores` and `drops`.
Json ledger_json(const driver::Ledger& ledger);
/// The fields of the `summary` event, and what --stats writes.
Json summary_json(const RunCost& cost);
/// A table.
std::vector<std::string> ledger_text(const RunCost& cost);

}  // namespace spate::cli
