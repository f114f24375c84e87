#pragma once
// io/probe.hpp: what io_uring of this kernel can do, or why it can't be used.
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace spate::io {

/// What rings may use. Found by trying, not from version numbers: distributions backport. Pass a
/// lesser value to Ring::open to run as an older kernel would.
struct Features {
    std::string kernel_release;
    bool single_issuer = false;          ///< 6.0
    bool defer_taskrun = false;          ///< 6.1, needs single_issuer
    bool coop_taskrun = false;           ///< 5.19, used when defer_taskrun is missing
    bool submit_all = false;             ///< 5.18
    bool message_ring = false;           ///< 5.18
    bool buffer_rings = false;           ///< 5.19
    bool multishot_accept = false;       ///< 5.19
    bool multishot_receive = false;      ///< 6.0
    bool zero_copy_send = false;         ///< 6.1: SENDMSG_ZC
    bool zero_copy_reports_use = false;  ///< 6.2: the kernel tells when it copied after all

    /// The part of these features that Linux 5.19 has.
    Features as_on_5_19() const;
    /// Flags for io_uring_setup, without CQSIZE.
    std::uint32_t setup_flags() const;
    /// One line: "Linux 6.18.4: deferred task work, multishot receive, ...".
    std::string to_string() const;
};

/// What else must be known to tell why the kernel said no.
struct Surroundings {
    std::string kernel_release;
    /// kernel.io_uring_disabled; empty where the kernel has no such setting.
    std::optional<int> io_uring_disabled;
    std::uint64_t locked_memory_bytes_max = 0;
    std::uint64_t descriptors_max = 0;

    static Surroundings read();
};

/// Why there is no ring.
struct Unavailable {
    enum class Cause : std::uint8_t {
        kernel_too_old,
        disabled_by_sysctl,
        forbidden_by_seccomp,
        locked_memory,
        descriptors,
        other,
    };

    Cause cause = Cause::other;
    int error = 0;  ///< errno of the call that failed; 0 when the kernel merely lacks something
    Surroundings surroundings;

    /// One sentence for the user: what failed, why, what to do.
    std::string sentence() const;
};

/// What an `error` (errno) of io_uring_setup means in these surroundings. Pure.
Unavailable explain_setup_error(int error, Surroundings surroundings);

/// True when `release` (as of uname) is 5.19 or newer.
bool kernel_is_new_enough(const std::string& release);

/// Sets up a small ring, tries everything on it and takes it down again.
std::expected<Features, Unavailable> probe();

}  // namespace spate::io
