#pragma once
// tests/io/unfriendly_kernel.hpp: makes the kernel of a child process as unfriendly as some are.
#include <cstddef>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <span>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace spate::io {

inline bool install_filter(std::span<sock_filter> filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// From now on this process' `system_call` fails with `error`.
inline bool forbid(unsigned system_call, unsigned error) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, system_call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return install_filter(filter);
}

/// `system_call` ends this process like `kill -9`.
inline bool die_at(unsigned system_call) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, system_call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return install_filter(filter);
}

/// io_uring_enter that submits `count` entries and fetches nothing fails with `error`.
inline bool forbid_flushes_of(unsigned count, unsigned error) {
    constexpr unsigned get_events = 1;
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, count, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[3])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, get_events, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return install_filter(filter);
}

/// 64 KiB, enough for a small ring and nothing else; as an ordinary user, because root isn't
/// limited.
inline bool leave_little_lockable_memory() {
    constexpr rlimit little{.rlim_cur = 65536, .rlim_max = 65536};
    constexpr uid_t nobody = 65534;
    return ::setrlimit(RLIMIT_MEMLOCK, &little) == 0 && (::geteuid() != 0 || ::setuid(nobody) == 0);
}

/// Every descriptor number this process may use is taken then.
inline bool leave_no_descriptor() {
    constexpr rlim_t descriptors_max = 64;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    limit.rlim_cur = descriptors_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    for (rlim_t i = 0; i <= descriptors_max; ++i)
        if (::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) return true;
    return false;
}

}  // namespace spate::io
