#pragma once
// engine/driver/shortage.hpp: what waits while descriptors or memory are short.
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/driver/file_trouble.hpp"

namespace spate::driver {

class PieceWrite;

/// A lack of descriptors or of memory goes by. What met it waits here and is tried again, all
/// together, after pauses that grow; it is over when nothing waits and nothing has failed for a
/// while. Both are told once. One core's; one thread.
class Shortage {
public:
    static constexpr Duration pause_min = 50ms;
    static constexpr Duration pause_max = 2s;
    static constexpr Duration quiet_min = 5s;
    /// A connection's send or receive, or a piece on its way to disk.
    using Waiter = std::variant<ConnectionId, PieceWrite*>;

    void hold(Waiter waiter, const FileTrouble& trouble, Time now);
    /// Those whose turn it is to try again: all, or none.
    std::vector<Waiter> take_due(Time now);
    std::vector<Waiter> take_all();
    std::optional<Time> next_timeout() const;

    /// The sentence that tells of it, once for each shortage.
    std::optional<std::string> take_news() { return std::exchange(news_, std::nullopt); }
    /// Somebody met a lack of descriptors since the last call.
    bool take_want_of_descriptors() { return std::exchange(descriptors_wanted_, false); }
    /// True once, when it is over.
    bool take_end(Time now);

private:
    std::vector<Waiter> waiting_;
    bool under_way_ = false;
    bool descriptors_wanted_ = false;
    std::optional<std::string> news_;
    std::optional<Time> try_at_;
    Duration pause_{};
    Time failed_at_{};
};

}  // namespace spate::driver
