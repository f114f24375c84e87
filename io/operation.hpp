#pragma once
// io/operation.hpp: one request to the kernel.
#include <cstdint>

#include "engine/base/assert.hpp"

namespace spate::io {

/// One request the kernel may still touch. Its address is the completion key, so it never moves
/// and must outlive its last completion. A multishot operation stays in flight while the kernel
/// sets IORING_CQE_F_MORE; so does a zero-copy send until its IORING_CQE_F_NOTIF arrives.
class Operation {
public:
    /// `result` is what the system call would return, or a negative errno; `flags` are
    /// IORING_CQE_F_*. The callback may submit, cancel, or destroy the operation once it is no
    /// longer in flight.
    using Callback = void (*)(Operation&, std::int32_t result, std::uint32_t flags);

    explicit Operation(Callback callback) : callback_(callback) {}
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() { SPATE_ASSERT(!in_flight_); }

    bool in_flight() const { return in_flight_; }

private:
    friend class Ring;
    Callback callback_;
    bool in_flight_ = false;
};

/// An operation that reports to a member function of its owner:
/// `Bound<&Connection::on_sent, SendOperation<32>> send_{*this};` with
/// `void Connection::on_sent(std::int32_t result, std::uint32_t flags)`.
template <auto method, class Base = Operation>
class Bound;

template <class Owner, void (Owner::*method)(std::int32_t, std::uint32_t), class Base>
class Bound<method, Base> : public Base {
public:
    explicit Bound(Owner& owner) : Base(&call), owner_(owner) {}

private:
    static void call(Operation& operation, std::int32_t result, std::uint32_t flags) {
        (static_cast<Bound&>(operation).owner_.*method)(result, flags);
    }

    Owner& owner_;
};

}  // namespace spate::io
