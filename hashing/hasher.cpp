#include "hashing/hasher.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "hashing/kernel_table.hpp"
#include "hashing/lane_scheduler.hpp"

namespace spate::hashing {
namespace {

struct KernelSet {
    std::string_view name;
    CpuFeature most;  // sets contain all kernels that need this or less, and run here
};

/// Best first.
constexpr std::array sets = {
    KernelSet{"avx512", CpuFeature::avx512}, KernelSet{"avx512vl", CpuFeature::avx512vl},
    KernelSet{"avx2", CpuFeature::avx2}, KernelSet{"sha-ni", CpuFeature::sha_ni},
    KernelSet{"openssl", CpuFeature::none}};

std::vector<const LaneKernel*> kernels_of(const KernelSet& set) {
    std::vector<const LaneKernel*> kernels;
    for (const LaneKernel& kernel : all_kernels()) {
        if (kernel.needs <= set.most && runs_here(kernel.needs)) kernels.push_back(&kernel);
    }
    return kernels;
}

LanePlan make_plan(std::span<const LaneKernel* const> kernels,
                   LaneKernel::Algorithm LaneKernel::* algorithm) {
    const bool amd = is_amd();
    std::vector<LanePlan::Choice> choices;
    for (const LaneKernel* kernel : kernels) {
        const auto& [compress, step] = kernel->*algorithm;
        choices.push_back({compress, kernel->lanes, amd ? step.amd_ns : step.intel_ns});
    }
    return LanePlan(choices);
}

template <class Digest>
void schedule(const LanePlan& plan, std::span<HashStream<Digest>> streams,
              std::span<const Bytes> parts, std::span<Digest> digests) {
    if (!parts.empty()) LaneScheduler<Digest>(plan, streams, parts, digests).run();
}

void check_whole_blocks(std::span<const Bytes> parts) {
    for (const Bytes part : parts) SPATE_ASSERT(part.size() % sha_block_bytes == 0);
}

}  // namespace

Hasher::Hasher(std::string_view name, std::span<const LaneKernel* const> kernels)
    : name_(name),
      sha1_(make_plan(kernels, &LaneKernel::sha1)),
      sha256_(make_plan(kernels, &LaneKernel::sha256)),
      parents_(make_plan(kernels, &LaneKernel::parents)) {}

Hasher Hasher::best() {
    const auto usable = std::ranges::find_if(sets, [](auto& set) { return runs_here(set.most); });
    return Hasher(usable->name, kernels_of(*usable));
}

std::expected<Hasher, HasherError> Hasher::by_name(std::string_view name) {
    for (const KernelSet& set : sets) {
        if (set.name != name) continue;
        if (!runs_here(set.most)) return std::unexpected(HasherError::not_on_this_machine);
        return Hasher(set.name, kernels_of(set));
    }
    for (const LaneKernel& kernel : all_kernels()) {
        if (kernel.name != name) continue;
        if (!runs_here(kernel.needs)) return std::unexpected(HasherError::not_on_this_machine);
        return Hasher(kernel.name, std::array{&kernel});
    }
    return std::unexpected(HasherError::unknown_name);
}

std::vector<std::string_view> Hasher::names() {
    std::vector<std::string_view> names;
    for (const KernelSet& set : sets) {
        if (runs_here(set.most)) names.push_back(set.name);
    }
    for (const LaneKernel& kernel : all_kernels()) {
        if (runs_here(kernel.needs)) names.emplace_back(kernel.name);
    }
    return names;
}

void Hasher::sha1_many(std::span<const Bytes> messages, std::span<Sha1Digest> digests) const {
    SPATE_ASSERT(messages.size() == digests.size());
    schedule<Sha1Digest>(sha1_, {}, messages, digests);
}

void Hasher::sha256_many(std::span<const Bytes> messages, std::span<Sha256Digest> digests) const {
    SPATE_ASSERT(messages.size() == digests.size());
    schedule<Sha256Digest>(sha256_, {}, messages, digests);
}

void Hasher::advance(std::span<Sha1Stream> streams, std::span<const Bytes> parts) const {
    SPATE_ASSERT(streams.size() == parts.size());
    check_whole_blocks(parts);
    schedule<Sha1Digest>(sha1_, streams, parts, {});
}

void Hasher::advance(std::span<Sha256Stream> streams, std::span<const Bytes> parts) const {
    SPATE_ASSERT(streams.size() == parts.size());
    check_whole_blocks(parts);
    schedule<Sha256Digest>(sha256_, streams, parts, {});
}

void Hasher::finish(std::span<Sha1Stream> streams, std::span<const Bytes> parts,
                    std::span<Sha1Digest> digests) const {
    SPATE_ASSERT(streams.size() == parts.size() && parts.size() == digests.size());
    schedule<Sha1Digest>(sha1_, streams, parts, digests);
}

void Hasher::finish(std::span<Sha256Stream> streams, std::span<const Bytes> parts,
                    std::span<Sha256Digest> digests) const {
    SPATE_ASSERT(streams.size() == parts.size() && parts.size() == digests.size());
    schedule<Sha256Digest>(sha256_, streams, parts, digests);
}

void Hasher::sha256_parents(std::span<const Sha256Digest> children,
                            std::span<Sha256Digest> parents) const {
    SPATE_ASSERT(children.size() == parents.size() * 2);
    alignas(64) std::array<std::uint32_t, 8 * lanes_max> state;
    std::array<const std::byte*, lanes_max> data;
    for (std::size_t at = 0; at < parents.size(); at += lanes_max) {
        const auto busy =
            static_cast<unsigned>(std::min<std::size_t>(lanes_max, parents.size() - at));
        for (unsigned lane = 0; lane < lanes_max; ++lane) {
            data[lane] = children[2 * (at + (lane < busy ? lane : 0))].bytes.data();
        }
        parents_.advance(state.data(), data.data(), busy, 1);
        for (unsigned lane = 0; lane < busy; ++lane) {
            for (unsigned w = 0; w < 8; ++w) {
                store_be(parents[at + lane].bytes.data() + w * 4, state[w * lanes_max + lane]);
            }
        }
    }
}

}  // namespace spate::hashing
