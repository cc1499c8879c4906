// The arguments of a function (`with`) compiled: rendered to JSON once per element. Values keep their types: a text
// that is one marker and nothing else becomes what the expression gives.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "workflow/text_template.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// A value as JSON on one line.
[[nodiscard]] std::string json_text(const Value& value);

class ArgumentsTemplate {
 public:
  /// How one text of it is compiled; nullopt: its mistakes were reported.
  using Compile = std::function<std::optional<TextTemplate>(const Text& text)>;
  /// nullopt where one of its texts could not be compiled. `from` must outlive this.
  [[nodiscard]] static std::optional<ArgumentsTemplate> compile(const Argument& from, const Compile& compile);

  /// JSON on one line, keys in the order of the file. Throws ExpressionError.
  [[nodiscard]] std::string json(const Names& names) const;
  /// As TextTemplate has it, of all its texts.
  template <class Visit>
  void for_each_use(Visit&& visit) const {
    for (const TextTemplate& text : texts_) text.for_each_use(visit);
  }

 private:
  [[nodiscard]] bool add(const Argument& argument, const Compile& compile);

  const Argument* from_ = nullptr;
  std::vector<TextTemplate> texts_;  ///< of all expressions, in the order in which they are met
};

}  // namespace fugle::workflow
