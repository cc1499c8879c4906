// What the author of a file most likely did when the YAML parser refused it. The parser names the symptom at the place
// where it gave up; a small scan of the text before that place finds the usual causes. Only used after a refusal, so it
// may guess, and need not be fast.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace fugle::workflow {

struct ParseCause {
  std::size_t offset;
  std::string text;
};

/// `offset`: where the parser stopped in `text`; `refusal`: what it said.
[[nodiscard]] ParseCause explain_refusal(std::string_view text, std::size_t offset, std::string_view refusal);

/// Offset of the quote when the quoted scalar that starts at `offset` (after tag and anchor) runs to the end of the
/// text without its closing quote.
[[nodiscard]] std::optional<std::size_t> find_unclosed_quote(std::string_view text, std::size_t offset);

/// Offset after tags, anchors and blanks that stand before a node.
[[nodiscard]] std::size_t skip_properties(std::string_view text, std::size_t offset);

}  // namespace fugle::workflow
