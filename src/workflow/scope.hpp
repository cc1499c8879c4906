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
      : symbols_(symbols), task_(task), place_(place), file_(task == nullptr ? 0 : task->file) {}
  /// Of a file that is used, outside its tasks.
  PlaceScope(const Symbols& symbols, std::uint32_t file, Place place)
      : symbols_(symbols), task_(nullptr), place_(place), file_(file) {}
  /// Of a task that uses files, for the element that is `used`.
  PlaceScope(const Symbols& symbols, const TaskNode& task, const UsedFile& used, Place place)
      : symbols_(symbols), task_(&task), place_(place), file_(task.file), used_(&used) {}
  [[nodiscard]] Name resolve(std::span<const std::string_view> path) const override;
  [[nodiscard]] std::optional<ExpressionNode> written_out(std::span<const std::string_view> path) const override;
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
  [[nodiscard]] std::optional<ExpressionNode> given_param(std::string_view name) const;
  /// Of a task that uses files: `outputs.o` or `status`.
  [[nodiscard]] std::optional<ExpressionNode> of_used_files(Path path) const;
  [[nodiscard]] ExpressionNode output_of(const UsedFile& used, std::uint32_t file, Path path) const;
  /// What a text elsewhere comes to, known as early as it must be here.
  [[nodiscard]] ExpressionNode node_of(const Text& text, const PlaceScope& scope) const;
  /// A place there, where what is known must be known as early as here.
  [[nodiscard]] Place as_early_as_here() const;

  const Symbols& symbols_;
  const TaskNode* task_;
  Place place_;
  std::uint32_t file_;  ///< as TaskNode::file
  const UsedFile* used_ = nullptr;
};

}  // namespace fugle::workflow
