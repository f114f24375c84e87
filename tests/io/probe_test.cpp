#include "io/probe.hpp"

#include <cstdio>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <utility>

#include <gtest/gtest.h>

#include "io/ring.hpp"
#include "tests/io/fixture.hpp"
#include "tests/io/unfriendly_kernel.hpp"

using namespace spate;
using namespace spate::io;
using testing::HasSubstr;
using Cause = Unavailable::Cause;

namespace {

Surroundings new_kernel() {
    return {.kernel_release = "6.8.0-45-generic",
            .io_uring_disabled = 0,
            .locked_memory_bytes_max = 65536,
            .descriptors_max = 1024};
}

Surroundings old_kernel() {
    return {.kernel_release = "5.15.0-91-generic",
            .io_uring_disabled = std::nullopt,
            .locked_memory_bytes_max = 65536,
            .descriptors_max = 1024};
}

}  // namespace

TEST(Probe, ThisKernelIsUsable) {
    const auto features = probe();
    ASSERT_TRUE(features) << features.error().sentence();
    EXPECT_TRUE(features->message_ring);
    EXPECT_TRUE(features->buffer_rings);
    EXPECT_TRUE(features->multishot_accept);
    EXPECT_FALSE(features->kernel_release.empty());
    EXPECT_THAT(features->to_string(), HasSubstr("ring messages"));
}

TEST(Probe, AnOperationIsFoundWhateverWasTriedBefore) {
    utsname system{};
    ASSERT_EQ(::uname(&system), 0);
    int major = 0;
    int minor = 0;
    ASSERT_EQ(std::sscanf(system.release, "%d.%d", &major, &minor), 2);
    const Features features = probe().value();
    EXPECT_EQ(features.zero_copy_send, std::pair(major, minor) >= std::pair(6, 1));
    EXPECT_EQ(features.zero_copy_reports_use, std::pair(major, minor) >= std::pair(6, 2));
}

TEST(Probe, ReleasesFrom519OnAreNewEnough) {
    for (const char* release : {"5.19.0", "5.19", "6.0-rc1", "6.18.44-x", "10.0"})
        EXPECT_TRUE(kernel_is_new_enough(release)) << release;
    for (const char* release : {"5.18.19", "5.4.0-150-generic", "4.19.0", "", "x"})
        EXPECT_FALSE(kernel_is_new_enough(release)) << release;
}

TEST(Probe, LesserFeaturesStillOpenARing) {
    const Features old = features_or_die().as_on_5_19();
    EXPECT_FALSE(old.defer_taskrun);
    EXPECT_FALSE(old.single_issuer);
    EXPECT_FALSE(old.multishot_receive);
    EXPECT_TRUE(Ring::open(old));
    EXPECT_TRUE(Ring::open(Features{}));
}

TEST(Unavailable, AnOldKernelIsNamedWithWhatIsNeeded) {
    for (const int error : {ENOSYS, EINVAL, EPERM}) {
        const auto why = explain_setup_error(error, old_kernel());
        EXPECT_EQ(why.cause, Cause::kernel_too_old);
        EXPECT_THAT(why.sentence(), HasSubstr("5.15.0-91-generic"));
        EXPECT_THAT(why.sentence(), HasSubstr("5.19 or newer"));
    }
}

TEST(Unavailable, TheSysctlIsNamedWithTheCommandThatSetsIt) {
    for (const int value : {1, 2}) {
        auto surroundings = new_kernel();
        surroundings.io_uring_disabled = value;
        const auto why = explain_setup_error(EPERM, surroundings);
        EXPECT_EQ(why.cause, Cause::disabled_by_sysctl);
        EXPECT_THAT(why.sentence(),
                    HasSubstr("kernel.io_uring_disabled = " + std::to_string(value)));
        EXPECT_THAT(why.sentence(), HasSubstr("sysctl kernel.io_uring_disabled=0"));
    }
}

TEST(Unavailable, SeccompIsSuspectedWhenTheSysctlAllowsIt) {
    for (const int error : {EPERM, ENOSYS}) {
        const auto why = explain_setup_error(error, new_kernel());
        EXPECT_EQ(why.cause, Cause::forbidden_by_seccomp);
        EXPECT_THAT(why.sentence(), HasSubstr("seccomp"));
        EXPECT_THAT(why.sentence(), HasSubstr("io_uring_setup"));
    }
}

TEST(Unavailable, LockedMemoryIsNamedWithItsLimit) {
    const auto why = explain_setup_error(ENOMEM, new_kernel());
    EXPECT_EQ(why.cause, Cause::locked_memory);
    EXPECT_THAT(why.sentence(), HasSubstr("RLIMIT_MEMLOCK is 65536 bytes"));
    EXPECT_THAT(why.sentence(), HasSubstr("ulimit -l"));
}

TEST(Unavailable, DescriptorsAreNamedWithTheirLimit) {
    for (const int error : {EMFILE, ENFILE}) {
        const auto why = explain_setup_error(error, new_kernel());
        EXPECT_EQ(why.cause, Cause::descriptors);
        EXPECT_THAT(why.sentence(), HasSubstr("RLIMIT_NOFILE is 1024"));
        EXPECT_THAT(why.sentence(), HasSubstr("ulimit -n"));
    }
}

TEST(Unavailable, AnythingElseGivesTheSystemsWords) {
    const auto why = explain_setup_error(EFAULT, new_kernel());
    EXPECT_EQ(why.cause, Cause::other);
    EXPECT_THAT(why.sentence(), HasSubstr("Bad address"));
}

TEST(Unavailable, EverySentenceIsOneLine) {
    for (int cause = 0; cause <= static_cast<int>(Cause::other); ++cause) {
        const Unavailable why{static_cast<Cause>(cause), EPERM, new_kernel()};
        EXPECT_EQ(why.sentence().find('\n'), std::string::npos);
    }
}

TEST(Probe, ASeccompFilterIsRecognised) {
    for (const unsigned error : {EPERM, ENOSYS}) {
        EXPECT_TRUE(holds_in_child([&] {
            if (!forbid(SYS_io_uring_setup, error)) return false;
            const auto features = probe();
            return !features && features.error().cause == Cause::forbidden_by_seccomp &&
                   features.error().sentence().find("seccomp") != std::string::npos;
        }));
    }
}

TEST(Probe, OutOfDescriptorsIsRecognised) {
    EXPECT_TRUE(holds_in_child([] {
        if (!leave_no_descriptor()) return false;
        const auto features = probe();
        return !features && features.error().cause == Cause::descriptors &&
               features.error().sentence().find("RLIMIT_NOFILE is 64") != std::string::npos;
    }));
}
