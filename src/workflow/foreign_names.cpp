#include "workflow/foreign_names.hpp"

#include <fmt/format.h>

namespace fugle::workflow {
namespace {

constexpr std::size_t kMaxName = 64;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }

std::string as_name(std::string_view id) {
  std::string name;
  for (const char c : id) name += is_name_char(c) ? c : '_';
  if (name.empty() || !is_letter(name.front())) name.insert(name.begin(), 't');
  if (name.size() > kMaxName) name.resize(kMaxName);
  return name;
}

}  // namespace

std::string ForeignNames::name_for(std::string_view id) {
  const std::string wanted = as_name(id);
  std::string name = wanted;
  std::uint32_t& number = uses_.try_emplace(wanted, 0).first->second;
  // References into an unordered_map stay good while it grows.
  for (++number; number > 1; ++number) {
    const std::string suffix = fmt::format("_{}", number);
    name = wanted.substr(0, kMaxName - suffix.size()) + suffix;
    if (uses_.try_emplace(name, 1).second) break;
  }
  return name;
}

std::string without_markers(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t marker = text.find("${{");
    out += text.substr(0, marker);
    if (marker == std::string_view::npos) return out;
    out += "$${{";
    text.remove_prefix(marker + 3);
  }
}

}  // namespace fugle::workflow
