// `defaults`, `templates` and `extends`: what stands under the keys of a task (FORMAT.md section 4).
#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "workflow/fields.hpp"

namespace fugle::workflow {

class Templates {
 public:
  /// Both may be null. Reports what is wrong with their own keys once, here; what extends them passes over it then.
  Templates(const Reading& reading, const Entry* defaults, const Entry* templates);

  /// All keys of a task, without `extends`. E103 for unknown templates, E108 for those that extend themselves.
  [[nodiscard]] const YamlNode* whole_task(const Entry& task);
  /// W01 for each that no task extends, among those of the file itself.
  void warn_of_unused() const;

 private:
  struct Template {
    Position at;
    const YamlNode* node;             ///< its own keys
    const YamlNode* whole = nullptr;  ///< with what it extends, once it was asked for
    bool is_used = false;
  };
  void add_template(const Entry& entry);
  /// The keys without `extends`, over what `extends` says.
  [[nodiscard]] const YamlNode* over_extended(const YamlNode& keys, const Entry* extends);
  [[nodiscard]] const YamlNode* whole_template(const YamlNode& name);

  const Reading& reading_;
  const YamlNode* defaults_ = nullptr;  ///< without `extends`
  const Entry* default_extends_ = nullptr;
  std::vector<std::string_view> names_;  ///< as in the file
  std::unordered_map<std::string_view, Template> templates_;
  std::vector<std::string_view> under_way_;
  bool marks_used_ = false;
};

}  // namespace fugle::workflow
