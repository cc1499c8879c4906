// The bytes of a workflow file made fit for the YAML parser, and the way back from its marks to places in the file:
// the byte-order mark is dropped and JSON surrogate pairs are joined, both of which move columns. Does not parse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/diagnostic.hpp"

namespace fugle::workflow {

class SourceText {
 public:
  /// `file`: its number in positions. E101 and nullopt for bytes that are not UTF-8 or hold a NUL.
  [[nodiscard]] static std::optional<SourceText> make(std::string_view bytes, Diagnostics& diagnostics,
                                                      std::uint32_t file = 0);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Place in the file of a byte of text(); found at once when it is in line `guess`, counted from 0.
  [[nodiscard]] Position position(std::size_t offset, std::size_t guess = 0) const;

 private:
  SourceText(std::string_view utf8, std::uint32_t file);

  /// Of the line that holds the byte, from 0.
  [[nodiscard]] std::size_t line_of(std::size_t offset, std::size_t guess) const;
  void join_surrogates();

  struct Joint {
    std::size_t after;  ///< offset in text_ from which columns of the same line are shifted
    std::size_t removed;
  };
  std::string text_;
  std::uint32_t file_;
  std::vector<std::size_t> line_starts_;
  std::vector<Joint> joints_;
};

}  // namespace fugle::workflow
