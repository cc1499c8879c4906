#include "workflow/paths.hpp"

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

/// True when no part is empty, `.` or `..`.
bool is_plain(std::string_view path) {
  if (path.empty() || path.front() == '.' || path.back() == '/') return false;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    const char next = slash + 1 < path.size() ? path[slash + 1] : '/';
    if (next == '/' || next == '.') return false;
  }
  return true;
}

}  // namespace

std::string absolute_path(std::string_view path, std::string_view base) {
  std::string joined;
  joined.reserve(base.size() + 1 + path.size());
  if (!path.starts_with('/')) joined.append(base).append("/");
  joined += path;
  if (is_plain(path) && base != "/") return joined;

  std::string out;
  for (const std::string_view part : split(joined, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..")
      out.append("/").append(part);
    else if (!out.empty())
      out.resize(out.rfind('/'));
  }
  return out.empty() ? "/" : out;
}

}  // namespace fugle::workflow
