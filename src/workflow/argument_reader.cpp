#include "workflow/argument_reader.hpp"

namespace fugle::workflow {

Argument argument_of(const Reading& reading, const YamlNode& node) {
  Argument argument;
  if (node.is_list()) {
    argument.kind = Argument::Kind::list;
    for (const YamlNode* item : node.items) argument.items.push_back(argument_of(reading, *item));
  } else if (node.is_map()) {
    argument.kind = Argument::Kind::map;
    for (const Entry& entry : node.entries) {
      argument.names.push_back(entry.key);
      argument.items.push_back(argument_of(reading, *entry.value));
    }
  } else if (node.is_scalar()) {
    // "$${{" is a literal, but one that has to be rendered.
    if (node.text.find("${{") != std::string::npos)
      argument.expression = reading.document.text_of(node);
    else
      argument.value = untyped_scalar(node.text, node.is_quoted);
  }
  return argument;
}

}  // namespace fugle::workflow
