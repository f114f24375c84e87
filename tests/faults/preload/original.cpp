#include "tests/faults/preload/original.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <link.h>

namespace spate::faults {
namespace {

struct Range {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};

struct Products {
    std::array<Range, 64> ranges{};
    std::size_t count = 0;
};

bool is_wanted(const char* object) {
    if (*object == '\0') return true;  // the program
    for (const char* name : {"libstdc++.so", "libcurl.so", "libcares.so"})
        if (std::strstr(object, name) != nullptr) return true;
    return false;
}

int note_ranges(dl_phdr_info* object, std::size_t, void* context) {
    auto& products = *static_cast<Products*>(context);
    if (!is_wanted(object->dlpi_name)) return 0;
    for (int i = 0; i < object->dlpi_phnum && products.count < products.ranges.size(); ++i) {
        const auto& segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
        const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
        products.ranges[products.count++] = {begin, begin + segment.p_memsz};
    }
    return 0;
}

Products find_products() {
    Products products;
    ::dl_iterate_phdr(&note_ranges, &products);
    return products;
}

}  // namespace

bool is_products(const void* return_address) {
    static const Products products = find_products();
    const auto at = reinterpret_cast<std::uintptr_t>(return_address);
    for (std::size_t i = 0; i < products.count; ++i)
        if (at >= products.ranges[i].begin && at < products.ranges[i].end) return true;
    return false;
}

}  // namespace spate::faults
