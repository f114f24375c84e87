#pragma once
// engine/base/strong.hpp: integers that can't be mistaken for one another.
#include <compare>
#include <cstddef>
#include <functional>

namespace spate {

/// An integer with a meaning: `Strong<struct PieceTag, std::uint32_t>` is no block offset.
template <class Tag, class Rep>
struct Strong {
    using Representation = Rep;
    Rep value{};

    constexpr Strong() = default;
    constexpr explicit Strong(Rep v) : value(v) {}
    auto operator<=>(const Strong&) const = default;
    constexpr Strong& operator++() {
        ++value;
        return *this;
    }
};

}  // namespace spate

template <class Tag, class Rep>
struct std::hash<spate::Strong<Tag, Rep>> {
    std::size_t operator()(spate::Strong<Tag, Rep> strong) const noexcept {
        return std::hash<Rep>{}(strong.value);
    }
};
