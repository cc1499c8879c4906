#include "workflow/images.hpp"

#include <algorithm>
#include <array>

#include "workflow/paths.hpp"

namespace fugle::workflow {

bool is_image_file(std::string_view image) {
  constexpr std::array<std::string_view, 6> kEnds{".sif", ".simg", ".img", ".sqsh", ".sqfs", ".squashfs"};
  if (image.find("://") != std::string_view::npos) return false;
  return image.starts_with('/') || image.starts_with("./") || image.starts_with("../") ||
         std::ranges::any_of(kEnds, [image](std::string_view end) { return image.ends_with(end); });
}

std::string image_at(const std::string& image, std::string_view directory) {
  return is_image_file(image) ? absolute_path(image, directory) : image;
}

}  // namespace fugle::workflow
