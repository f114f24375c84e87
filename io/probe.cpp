#include "io/probe.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <liburing.h>

#include "io/kernel.hpp"
#include "io/ring_setup.hpp"

namespace spate::io {
namespace {

using Cause = Unavailable::Cause;

struct ProbeRing {
    io_uring ring{};
    bool is_open = false;

    int open(std::uint32_t flags) {
        io_uring_params params{};
        params.flags = flags;
        const int result = set_up_ring(8, ring, params);
        is_open = result == 0;
        return result;
    }
    ~ProbeRing() {
        if (is_open) take_down_ring(ring);
    }
};

std::uint64_t limit_of(__rlimit_resource resource) {
    rlimit limit{};
    return ::getrlimit(resource, &limit) == 0 ? limit.rlim_cur : 0;
}

std::optional<int> read_sysctl(const char* path) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::array<char, 16> text{};
    const ssize_t count = ::read(fd, text.data(), text.size() - 1);
    ::close(fd);
    int value = 0;
    if (count <= 0 || std::sscanf(text.data(), "%d", &value) != 1) return std::nullopt;
    return value;
}

/// Opens with the best flags the kernel takes; returns 0 or a negative errno.
int open_with_best_flags(ProbeRing& ring, Features& features) {
    struct Attempt {
        bool single_issuer, defer_taskrun, coop_taskrun;
    };
    constexpr std::array attempts{Attempt{true, true, false}, Attempt{true, false, true},
                                  Attempt{false, false, true}};
    int result = -EINVAL;
    for (const Attempt& attempt : attempts) {
        features.single_issuer = attempt.single_issuer;
        features.defer_taskrun = attempt.defer_taskrun;
        features.coop_taskrun = true;  // as old as the oldest kernel we run on
        features.submit_all = true;
        result = ring.open(features.setup_flags());
        if (result != -EINVAL) return result;
    }
    return result;
}

/// Submits an entry on no descriptor. A kernel that doesn't know the operation or its flags says
/// EINVAL before it looks at the descriptor; one that does, EBADF. A failed zero-copy send may be
/// followed by its notification, which the next question must not take for its answer.
template <class Prepare>
bool accepts(io_uring& ring, Prepare prepare) {
    io_uring_sqe* entry = io_uring_get_sqe(&ring);
    prepare(entry);
    io_uring_sqe_set_data64(entry, 0);
    if (io_uring_submit_and_wait(&ring, 1) < 0) return false;
    bool accepted = false;
    for (bool more = true; more;) {
        io_uring_cqe* completion = nullptr;
        if (io_uring_wait_cqe(&ring, &completion) < 0) return false;
        accepted = accepted || completion->res == -EBADF;
        more = (completion->flags & IORING_CQE_F_MORE) != 0;
        io_uring_cqe_seen(&ring, completion);
    }
    return accepted;
}

void try_operations(io_uring& ring, Features& features) {
    features.multishot_accept = accepts(ring, [](io_uring_sqe* entry) {
        io_uring_prep_multishot_accept(entry, -1, nullptr, nullptr, 0);
    });
    features.multishot_receive = accepts(ring, [](io_uring_sqe* entry) {
        io_uring_prep_recv_multishot(entry, -1, nullptr, 0, 0);
        entry->flags |= IOSQE_BUFFER_SELECT;
    });
    msghdr nothing{};
    features.zero_copy_send = accepts(
        ring, [&](io_uring_sqe* entry) { io_uring_prep_sendmsg_zc(entry, -1, &nothing, 0); });
    features.zero_copy_reports_use = accepts(ring, [&](io_uring_sqe* entry) {
        io_uring_prep_sendmsg_zc(entry, -1, &nothing, 0);
        entry->ioprio |= send_zc_report_usage;
    });
}

bool try_buffer_ring(io_uring& ring) {
    const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::unique_ptr<void, decltype(&std::free)> page(
        std::aligned_alloc(page_bytes, page_bytes), &std::free);
    if (page == nullptr) return false;
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(page.get());
    registration.ring_entries = 8;
    if (io_uring_register_buf_ring(&ring, &registration, 0) != 0) return false;
    io_uring_unregister_buf_ring(&ring, 0);
    return true;
}

std::string limit_text(std::uint64_t value) {
    return value == RLIM_INFINITY ? "unlimited" : std::to_string(value);
}

}  // namespace

Features Features::as_on_5_19() const {
    Features old = *this;
    old.single_issuer = false;
    old.defer_taskrun = false;
    old.multishot_receive = false;
    old.zero_copy_send = false;
    old.zero_copy_reports_use = false;
    return old;
}

std::uint32_t Features::setup_flags() const {
    std::uint32_t flags = 0;
    if (submit_all) flags |= IORING_SETUP_SUBMIT_ALL;
    if (single_issuer) flags |= IORING_SETUP_SINGLE_ISSUER;
    // TASKRUN_FLAG: user code sees that work waits in the kernel, so that idle turns don't enter.
    if (single_issuer && defer_taskrun)
        flags |= IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    else if (coop_taskrun)
        flags |= IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    return flags;
}

std::string Features::to_string() const {
    std::string text = "Linux " + kernel_release + ":";
    const std::array<std::pair<bool, const char*>, 8> names{{
        {single_issuer, " single issuer"},
        {defer_taskrun, " deferred task work"},
        {coop_taskrun && !defer_taskrun, " cooperative task work"},
        {message_ring, " ring messages"},
        {buffer_rings, " buffer rings"},
        {multishot_accept, " multishot accept"},
        {multishot_receive, " multishot receive"},
        {zero_copy_send, " zero-copy send"},
    }};
    for (const auto& [present, name] : names)
        if (present) text.append(name).append(",");
    text.pop_back();
    return text;
}

Surroundings Surroundings::read() {
    utsname names{};
    ::uname(&names);
    return {.kernel_release = names.release,
            .io_uring_disabled = read_sysctl("/proc/sys/kernel/io_uring_disabled"),
            .locked_memory_bytes_max = limit_of(RLIMIT_MEMLOCK),
            .descriptors_max = limit_of(RLIMIT_NOFILE)};
}

bool kernel_is_new_enough(const std::string& release) {
    int major = 0;
    int minor = 0;
    if (std::sscanf(release.c_str(), "%d.%d", &major, &minor) != 2) return false;
    return std::pair(major, minor) >= std::pair(5, 19);
}

Unavailable explain_setup_error(int error, Surroundings surroundings) {
    const bool new_enough = kernel_is_new_enough(surroundings.kernel_release);
    Cause cause = Cause::other;
    if (error == EMFILE || error == ENFILE)
        cause = Cause::descriptors;
    else if (error == ENOMEM)
        cause = Cause::locked_memory;
    else if (error == EPERM && surroundings.io_uring_disabled.value_or(0) > 0)
        cause = Cause::disabled_by_sysctl;
    else if (!new_enough)
        cause = Cause::kernel_too_old;
    else if (error == EPERM || error == ENOSYS || error == EACCES)
        cause = Cause::forbidden_by_seccomp;
    return {.cause = cause, .error = error, .surroundings = std::move(surroundings)};
}

std::string Unavailable::sentence() const {
    switch (cause) {
        case Cause::kernel_too_old:
            return "this kernel (Linux " + surroundings.kernel_release +
                   ") is too old for the io_uring that spate needs: boot Linux 5.19 or newer, 6.1 "
                   "or newer for full speed";
        case Cause::disabled_by_sysctl:
            return "io_uring is switched off on this machine (kernel.io_uring_disabled = " +
                   std::to_string(surroundings.io_uring_disabled.value_or(0)) +
                   "): run \"sysctl kernel.io_uring_disabled=0\" as root, or add this user's group "
                   "to kernel.io_uring_group and set it to 1";
        case Cause::forbidden_by_seccomp:
            return "a seccomp filter or security module forbids io_uring to this process (" +
                   std::generic_category().message(error) +
                   "), as containers often do: allow io_uring_setup, io_uring_enter and "
                   "io_uring_register in the container's profile (Docker: --security-opt "
                   "seccomp=unconfined or an own profile)";
        case Cause::locked_memory:
            return "the kernel has no memory for an io_uring (RLIMIT_MEMLOCK is " +
                   limit_text(surroundings.locked_memory_bytes_max) +
                   " bytes): raise it with \"ulimit -l\", or LimitMEMLOCK= in the systemd unit, or "
                   "free memory";
        case Cause::descriptors:
            return "no file descriptor is left for an io_uring (RLIMIT_NOFILE is " +
                   limit_text(surroundings.descriptors_max) +
                   "): raise it with \"ulimit -n\", or LimitNOFILE= in the systemd unit";
        case Cause::other:
            break;
    }
    return "io_uring does not work on this machine (Linux " + surroundings.kernel_release + ", " +
           std::generic_category().message(error) +
           "): check that the kernel is built with CONFIG_IO_URING and see its log";
}

std::expected<Features, Unavailable> probe() {
    Features features;
    ProbeRing probed;
    if (const int result = open_with_best_flags(probed, features); result < 0)
        return std::unexpected(explain_setup_error(-result, Surroundings::read()));
    const std::unique_ptr<io_uring_probe, decltype(&io_uring_free_probe)> operations(
        io_uring_get_probe_ring(&probed.ring), &io_uring_free_probe);
    const bool has_5_19 = operations != nullptr &&
                          io_uring_opcode_supported(operations.get(), IORING_OP_SOCKET) != 0 &&
                          (probed.ring.features & IORING_FEAT_EXT_ARG) != 0;
    Surroundings surroundings = Surroundings::read();
    if (!has_5_19)
        return std::unexpected(Unavailable{Cause::kernel_too_old, 0, std::move(surroundings)});
    features.kernel_release = std::move(surroundings.kernel_release);
    features.message_ring = io_uring_opcode_supported(operations.get(), IORING_OP_MSG_RING) != 0;
    features.buffer_rings = try_buffer_ring(probed.ring);
    try_operations(probed.ring, features);
    return features;
}

}  // namespace spate::io
