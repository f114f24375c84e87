// show_record FILE: what a resume record claims, as one line: the pieces (hex, from the highest
// bit), and "durable", since every record speaks of what is on the disk itself. Exit code 1 and a
// sentence when it is damaged.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/base/hex.hpp"
#include "engine/storage/resume_state.hpp"

int main(int argument_count, char** arguments) {
    if (argument_count != 2) return 2;
    std::ifstream file(arguments[1], std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    const auto record = spate::storage::decode_resume_state(spate::as_bytes(content));
    if (!record) {
        std::puts(std::string(spate::storage::describe(record.error())).c_str());
        return 1;
    }
    std::printf("%s durable\n", spate::to_hex(record->have.to_wire()).c_str());
    return 0;
}
