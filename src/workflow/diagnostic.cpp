#include "workflow/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace fugle::workflow {
namespace {

constexpr std::size_t kMaxPrinted = 50;

const char* word_of(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

/// Messages are ASCII whatever the file holds; newlines stay, since a message may quote an expression below itself.
std::string to_ascii(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || (byte >= 0x20 && byte < 0x7F))
      out += c;
    else
      out += fmt::format("\\x{:02X}", byte);
  }
  return out;
}

std::string plural(std::size_t count, const char* word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

auto identity_of(const Diagnostic& d) { return std::tie(d.at, d.code, d.text, d.severity, d.file); }

}  // namespace

Diagnostics Diagnostics::about_files_of(const Diagnostics& other) {
  Diagnostics same(other.file());
  same.files_ = other.files_;
  return same;
}

std::uint32_t Diagnostics::add_file(std::string name) {
  files_.push_back(std::move(name));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::string Diagnostics::in_words(Position place, Position seen_from) const {
  if (place.file == seen_from.file || place.file >= files_.size()) return fmt::format("line {}", place.line);
  return fmt::format("{}:{}", files_[place.file], place.line);
}

const std::string& Diagnostics::file_of(const Diagnostic& diagnostic, Position at) const {
  if (!diagnostic.file.empty()) return diagnostic.file;
  return at.file < files_.size() ? files_[at.file] : files_.front();
}

std::string Diagnostics::place_of(const Diagnostic& diagnostic, Position at) const {
  if (at.line == 0) return diagnostic.file.empty() ? "command line" : diagnostic.file;
  return fmt::format("{}:{}:{}", file_of(diagnostic, at), at.line, at.column);
}

void Diagnostics::error(std::string_view code, Position at, std::string text, std::string suggestion) {
  all_.push_back({Severity::error, std::string(code), at, std::move(text), std::move(suggestion), {}});
}

void Diagnostics::warning(std::string_view code, Position at, std::string text) {
  all_.push_back({Severity::warning, std::string(code), at, std::move(text), {}, {}});
}

bool Diagnostics::has_errors() const {
  return std::any_of(all_.begin(), all_.end(), [](const Diagnostic& d) { return d.severity == Severity::error; });
}

void Diagnostics::sort() {
  std::stable_sort(all_.begin(), all_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.file, a.at) < std::tie(b.file, b.at);
  });
  // Doubles share their place, so it is enough to look among the neighbours that do.
  std::vector<Diagnostic> kept;
  std::size_t first_here = 0;
  for (Diagnostic& d : all_) {
    if (!kept.empty() && std::tie(kept.back().at, kept.back().file) != std::tie(d.at, d.file)) first_here = kept.size();
    const bool seen = std::any_of(kept.begin() + static_cast<std::ptrdiff_t>(first_here), kept.end(),
                                  [&](const Diagnostic& other) { return identity_of(other) == identity_of(d); });
    if (!seen) kept.push_back(std::move(d));
  }
  all_ = std::move(kept);
}

std::string Diagnostics::to_text() const {
  if (all_.empty()) return {};
  std::string out;
  const std::size_t printed = std::min(all_.size(), kMaxPrinted);
  for (std::size_t i = 0; i < printed; ++i) {
    const Diagnostic& d = all_[i];
    out += fmt::format("{}: {} {}: {}\n", place_of(d, d.at), word_of(d.severity), d.code, d.text);
    for (const Note& note : d.notes) out += fmt::format("{}: note: {}\n", place_of(d, note.at), note.text);
  }
  if (all_.size() > printed) out += fmt::format("... and {} more\n", all_.size() - printed);

  const auto errors = static_cast<std::size_t>(
      std::count_if(all_.begin(), all_.end(), [](const Diagnostic& d) { return d.severity == Severity::error; }));
  const std::string totals = fmt::format("{}, {}", plural(errors, "error"), plural(all_.size() - errors, "warning"));
  return to_ascii(out + fmt::format("{}: {}\n", file(), totals));
}

std::string Diagnostics::to_json() const {
  auto list = nlohmann::ordered_json::array();
  for (const Diagnostic& d : all_) {
    auto notes = nlohmann::ordered_json::array();
    for (const Note& note : d.notes) {
      nlohmann::ordered_json one{{"line", note.at.line}, {"column", note.at.column}, {"message", note.text}};
      if (note.at.file != d.at.file) one["file"] = file_of(d, note.at);
      notes.push_back(std::move(one));
    }
    nlohmann::ordered_json suggestion = nullptr;
    if (!d.suggestion.empty()) suggestion = d.suggestion;
    list.push_back({{"code", d.code},
                    {"severity", word_of(d.severity)},
                    {"file", file_of(d, d.at)},
                    {"line", d.at.line},
                    {"column", d.at.column},
                    {"message", d.text},
                    {"suggestion", suggestion},
                    {"notes", notes}});
  }
  return list.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace fugle::workflow
