#include "tests/faults/preload/plan.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace spate::faults {
namespace {

[[noreturn]] void give_up(const char* why) {
    std::fprintf(stderr, "faults: %s\n", why);
    ::_exit(99);
}

/// The text up to the next colon, which is taken off with it.
std::string take_field(std::string_view& text) {
    const std::size_t end = text.find(':');
    std::string field(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return field;
}

Fault fault_of(const std::string& what) {
    if (what == "partial") return {Fault::What::partial, 0};
    if (what == "nothing") return {Fault::What::nothing, 0};
    if (what == "late") return {Fault::What::late, 0};
    const int error = std::atoi(what.c_str());
    if (error <= 0) give_up("SPATE_FAULT names no errno");
    return {Fault::What::error, error};
}

}  // namespace

Plan& Plan::get() {
    // Never destroyed: the last calls of the process come after everything else.
    static Plan& plan = *new Plan;
    return plan;
}

Plan::Plan() {
    if (const char* path = std::getenv("SPATE_FAULT_REPORT")) open_report(path);
    if (const char* text = std::getenv("SPATE_FAULT")) read_fault(text);
    if (const char* seed = std::getenv("SPATE_FAULT_ORDER"))
        order_seed_ = std::strtoull(seed, nullptr, 10);
}

void Plan::read_fault(std::string_view text) {
    const std::string name = take_field(text);
    for (std::size_t i = 0; i < kinds; ++i)
        if (name == kind_names[i]) kind_ = static_cast<Kind>(i);
    if (kind_ == Kind::count) give_up("SPATE_FAULT names no kind");
    first_ = std::strtoull(take_field(text).c_str(), nullptr, 10);
    fault_ = fault_of(take_field(text));
    const std::uint64_t times = text.empty() ? 1 : std::strtoull(text.data(), nullptr, 10);
    end_ = times == 0 ? std::numeric_limits<std::uint64_t>::max() : first_ + times;
}

void Plan::open_report(const char* path) {
    // By number: the calls of this name are the ones we stand in front of.
    const int fd =
        static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (fd < 0 || ::syscall(SYS_ftruncate, fd, sizeof own_) != 0)
        give_up("cannot write the report");
    const long at =
        ::syscall(SYS_mmap, nullptr, sizeof own_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::syscall(SYS_close, fd);
    if (at == -1) give_up("cannot map the report");
    counters_ = reinterpret_cast<Counter*>(at);
    for (std::size_t i = 0; i < kinds; ++i) std::strcpy(counters_[i].name, kind_names[i]);
    std::strcpy(counters_[struck].name, "struck");
    std::strcpy(counters_[descriptors].name, "descriptors");
}

Fault Plan::next(Kind kind) {
    const auto index = static_cast<std::size_t>(kind);
    const std::uint64_t number = counters_[index].count.fetch_add(1) + 1;
    if (kind != kind_ || number < first_ || number >= end_) return {};
    counters_[struck].count.fetch_add(1);
    return fault_;
}

void Plan::report_descriptors(std::uint64_t open_count) {
    counters_[descriptors].count = open_count;
}

}  // namespace spate::faults
