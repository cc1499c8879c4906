// The workflows that `fugle init` writes: common shapes, each of which runs anywhere as it stands.
#pragma once

#include <span>
#include <string_view>

namespace fugle::app {

struct InitTemplate {
  std::string_view name;
  std::string_view summary;
  std::string_view text;  ///< with NAME in the place of the name of the workflow
};

/// The first is written where none is named.
[[nodiscard]] std::span<const InitTemplate> init_templates();

}  // namespace fugle::app
