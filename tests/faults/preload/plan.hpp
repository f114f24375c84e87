#pragma once
// tests/faults/preload/plan.hpp: which call of this process fails, and how.
#include <atomic>
#include <cstdint>
#include <string_view>

#include "tests/faults/preload/kinds.hpp"

namespace spate::faults {

/// What happens to one operation instead of what was asked for.
struct Fault {
    enum class What : std::uint8_t {
        none,
        error,    ///< not done; it returns `error`
        partial,  ///< done for fewer bytes than asked for
        nothing,  ///< not done; it returns 0
        late,     ///< done after a while; the operations of rings only
    };
    What what = What::none;
    int error = 0;

    explicit operator bool() const { return what != What::none; }
};

/// Read once from the environment of the process, shared by its threads:
///
///     SPATE_FAULT=KIND:FIRST:WHAT[:TIMES]   the FIRST-th operation of KIND (from 1) and the
///     TIMES-1
///                                           (0: all) that follow: WHAT is an errno's number,
///                                           "partial", "nothing" or "late"
///     SPATE_FAULT_ORDER=SEED                completions of rings come in another order, some late
///     SPATE_FAULT_REPORT=PATH               counters, mapped, so that they outlive any end:
///                                           entries of a name (24 bytes) and a number (8 bytes)
class Plan {
public:
    static Plan& get();

    /// Counts an operation and says what becomes of it.
    Fault next(Kind kind);
    /// 0: completions stay in their order.
    std::uint64_t order_seed() const { return order_seed_; }
    /// At the end of the process.
    void report_descriptors(std::uint64_t open_count);

private:
    struct Counter {
        char name[24];
        std::atomic<std::uint64_t> count;
    };
    static constexpr std::size_t kinds = static_cast<std::size_t>(Kind::count);
    // Behind the kinds: how often a fault struck, and what is open at the end.
    static constexpr std::size_t struck = kinds;
    static constexpr std::size_t descriptors = kinds + 1;
    static constexpr std::size_t counters = kinds + 2;

    Plan();
    void read_fault(std::string_view text);
    void open_report(const char* path);

    Counter own_[counters] = {};
    Counter* counters_ = own_;
    Kind kind_ = Kind::count;
    std::uint64_t first_ = 0;
    std::uint64_t end_ = 0;
    Fault fault_;
    std::uint64_t order_seed_ = 0;
};

}  // namespace spate::faults
