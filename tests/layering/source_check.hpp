#pragma once
// tests/layering/source_check.hpp: holds one file's text against the rules.
#include <string>
#include <string_view>
#include <vector>

namespace spate::layering {

/// Each breach of the rules by the file `path` (from the root) with this text, as "path:line: why".
/// Comments and string literals count as nothing, but for the name in an #include.
std::vector<std::string> check_source(std::string_view path, std::string_view text);

}  // namespace spate::layering
