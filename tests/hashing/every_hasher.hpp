#pragma once
// tests/hashing/every_hasher.hpp: a fixture whose tests run on every kernel and every set of
// kernels that this machine runs. A test file instantiates it with EVERY_HASHER(its fixture).
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "hashing/hasher.hpp"

namespace spate::hashing {

class WithHasher : public testing::TestWithParam<std::string> {
protected:
    Hasher hasher_ = *Hasher::by_name(GetParam());
};

inline std::string hasher_test_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    std::ranges::replace(name, '-', '_');
    return name;
}

inline std::vector<std::string> runnable_hashers() {
    const auto names = Hasher::names();
    return {names.begin(), names.end()};
}

}  // namespace spate::hashing

#define EVERY_HASHER(fixture)                                                         \
    INSTANTIATE_TEST_SUITE_P(Here, fixture,                                           \
                             testing::ValuesIn(::spate::hashing::runnable_hashers()), \
                             ::spate::hashing::hasher_test_name)
