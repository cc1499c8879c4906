// Messages about a workflow file: collected while reading, printed all at once, in the form of FORMAT.md section 9.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace fugle::workflow {

/// From 1; a column counts bytes. Line 0: no place (the command line).
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t file = 0;  ///< number in Diagnostics::files()
  bool operator==(const Position&) const = default;
  auto operator<=>(const Position& other) const {
    return std::tie(file, line, column) <=> std::tie(other.file, other.line, other.column);
  }
};

enum class Severity : std::uint8_t { warning, error };

struct Note {
  Position at;
  std::string text;
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;        ///< "E103"
  Position at;             ///< line 0: printed as "command line: error ..."
  std::string text;        ///< exactly the text after "CODE: "
  std::string suggestion;  ///< the word to write instead, for --json; empty: none
  std::vector<Note> notes;
  std::string file{};  ///< where it is another than that of the Diagnostics; also "job 3", with line 0
};

class Diagnostics {
 public:
  explicit Diagnostics(std::string file) : files_{std::move(file)} {}
  /// None yet, about the same files.
  [[nodiscard]] static Diagnostics about_files_of(const Diagnostics& other);

  void error(std::string_view code, Position at, std::string text, std::string suggestion = {});
  void warning(std::string_view code, Position at, std::string text);
  void add(Diagnostic diagnostic) { all_.push_back(std::move(diagnostic)); }

  /// The first file; the others are those that it includes and uses.
  [[nodiscard]] const std::string& file() const { return files_.front(); }
  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }
  /// Its number in positions.
  [[nodiscard]] std::uint32_t add_file(std::string name);
  /// "line 9", as a message names a place in brackets; with the file where that is another than the message's.
  [[nodiscard]] std::string in_words(Position place, Position seen_from) const;
  [[nodiscard]] bool has_errors() const;
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  /// Puts them in the order of files and positions (command line first) and drops exact doubles.
  void sort();
  /// All lines for standard error, at most 50 diagnostics, then the line of totals; empty when there are none.
  [[nodiscard]] std::string to_text() const;
  /// The --json form of FORMAT.md section 9.
  [[nodiscard]] std::string to_json() const;

 private:
  [[nodiscard]] const std::string& file_of(const Diagnostic& diagnostic, Position at) const;
  [[nodiscard]] std::string place_of(const Diagnostic& diagnostic, Position at) const;

  std::vector<std::string> files_;
  std::vector<Diagnostic> all_;
};

}  // namespace fugle::workflow
