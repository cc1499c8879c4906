// What a name means at one place of the file, and whether it is known early enough to be used there (FORMAT.md
// section 3). Knows the names of things, not their values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "workflow/expression.hpp"
#include "workflow/symbols.hpp"

namespace fugle::workflow {

/// When a value must be known.
enum class Stage : std::uint8_t { load, plan, element, attempt };

/// Where an expression stands.
struct Place {
  std::string_view key;  ///< for messages
  Stage stage = Stage::load;
  bool may_use_inputs = false;
  bool is_shell_text = false;  ///< where the launcher may stand, since it is several words
  bool knows_state = false;    ///< run.state is known there, outside of `finally` too
};

class PlaceScope final : public NameScope {
 public:
  /// `task` is null outside tasks.
  PlaceScope(const Symbols& symbols, const TaskNode* task, Place place)
      : symbols_(symbols), task_(task), place_(place) {}
  [[nodiscard]] Name resolve(std::span<const std::string_view> path) const override;
  [[nodiscard]] Types types_of(const Name& name) const override;

 private:
  using Path = std::span<const std::string_view>;
  [[nodiscard]] Name resolve_task(Path path) const;
  [[nodiscard]] Name resolve_item(Path path) const;
  [[nodiscard]] Name resolve_run(Path path) const;
  [[nodiscard]] Name resolve_resource(Path path) const;
  [[nodiscard]] Name resolve_launcher() const;
  [[nodiscard]] Name resolve_list_file(Path path) const;
  void require(Stage stage, Path path, std::string_view when) const;

  const Symbols& symbols_;
  const TaskNode* task_;
  Place place_;
};

}  // namespace fugle::workflow
