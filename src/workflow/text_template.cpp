#include "workflow/text_template.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "graph/element_text.hpp"
#include "graph/list_slots.hpp"
#include "workflow/functions.hpp"
#include "workflow/shell_text.hpp"
#include "workflow/type_check.hpp"

namespace fugle::workflow {
namespace {

/// Texts that insert each other may double at every step.
constexpr std::size_t kMaxTextBytes = std::size_t{16} << 20;

/// Where the "}}" of a marker is whose expression begins at `start`: quotes may hold one as well.
std::size_t end_of_marker(std::string_view raw, std::size_t start) {
  char quote = '\0';
  for (std::size_t i = start; i < raw.size(); ++i) {
    if (quote == '"' && raw[i] == '\\')
      ++i;
    else if (quote != '\0')
      quote = raw[i] == quote ? '\0' : quote;
    else if (raw[i] == '\'' || raw[i] == '"')
      quote = raw[i];
    else if (raw.substr(i).starts_with("}}"))
      return i;
  }
  return raw.find("}}", start);
}

/// Line and column of a byte of a text that begins at `at`.
Position place_in(const Text& text, std::size_t offset, std::size_t marker) {
  if (marker < text.markers.size()) return text.markers[marker];
  return {text.at.line, text.at.column + static_cast<std::uint32_t>(offset), text.at.file};
}

/// The source on one line, and a caret below the place.
std::vector<Note> pointing_notes(std::string_view source, std::size_t offset, Position at) {
  constexpr std::size_t kMaxShown = 100;
  const std::size_t first = offset > kMaxShown / 2 ? offset - kMaxShown / 2 : 0;
  std::string line(source.substr(first, kMaxShown));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return {{at, line}, {at, std::string(offset - first, ' ') + "^"}};
}

/// Of a name that is one for the whole attempt.
std::string attempt_slot(NameKind name, bool is_quoted) {
  const auto slot = [](char kind) { return fmt::format("{0}{1}0{0}", graph::kSlot, kind); };
  switch (name) {
    case NameKind::attempt: return slot('a');
    case NameKind::run_state: return slot('r');
    case NameKind::launcher: return slot('L');
    default: return slot(is_quoted ? 'S' : 's');
  }
}

bool is_per_attempt_name(const ExpressionNode& node) {
  return node.op == Operator::name && is_per_attempt(node.name.kind);
}

}  // namespace

TextTemplate::Slot TextTemplate::slot_of(const ExpressionNode& root) {
  if (is_per_attempt_name(root)) return Slot::plain;
  if (root.op == Operator::call && is_quote(*root.function) && is_per_attempt_name(root.children.front())) {
    if (root.children.front().name.kind == NameKind::launcher)
      throw ExpressionError{"E404", "launcher is several words, each quoted already; write ${{ launcher }}"};
    return Slot::quoted;
  }
  workflow::for_each_name(root, [](const Name& name) {
    if (is_per_attempt(name.kind))
      throw ExpressionError{"E404",
                            "outputs, attempt, scratch, launcher and run.state are known only while an attempt "
                            "runs; write them alone in ${{ }}, or in q()"};
  });
  return Slot::none;
}

std::optional<TextTemplate> TextTemplate::compile(const Text& text, const NameScope& scope, Diagnostics& diagnostics) {
  TextTemplate compiled;
  std::string literal;
  bool is_good = true;
  const std::string_view raw = text.raw;
  const auto flush = [&] {
    if (!literal.empty()) compiled.pieces_.push_back({std::move(literal), std::nullopt, text.at, Slot::none});
    literal.clear();
  };
  const auto refuse = [&](ExpressionError error, std::string_view source, Position at) {
    is_good = false;
    if (error.is_doubtful) return;  // said where it is written
    Diagnostic diagnostic{Severity::error, error.code, at, error.text, error.suggestion, {}};
    if (error.code == "E401") diagnostic.notes = pointing_notes(source, error.offset, at);
    diagnostics.add(std::move(diagnostic));
  };
  std::size_t at = 0;
  for (std::size_t marker = 0;; ++marker) {
    const std::size_t open = raw.find("${{", at);
    literal += raw.substr(at, open - at);
    if (open == std::string_view::npos) break;
    if (open > 0 && raw[open - 1] == '$') {
      literal += "{{";
      at = open + 3;
      continue;
    }
    const Position place = place_in(text, open, marker);
    const std::size_t close = end_of_marker(raw, open + 3);
    const std::string_view source = without_outer_blanks(raw.substr(open + 3, close - (open + 3)));
    if (close == std::string_view::npos) {
      refuse({"E401", "'${{' is never closed by '}}'"}, source, place);
      break;
    }
    flush();
    try {
      Expression expression = parse_expression(source, scope);
      const Slot slot = slot_of(expression.root);
      check_types(expression.root, scope);
      compiled.pieces_.push_back({{}, std::move(expression), place, slot});
    } catch (const ExpressionError& error) {
      refuse(error, source, place);
    }
    at = close + 2;
  }
  flush();
  if (!is_good) return std::nullopt;
  return compiled;
}

ExpressionNode TextTemplate::as_node() const {
  const auto literal = [](std::string text) {
    ExpressionNode node;
    node.literal = std::move(text);
    return node;
  };
  if (is_one_marker()) return pieces_[0].expression->root;
  if (pieces_.empty()) return literal("");
  if (pieces_.size() == 1 && !pieces_[0].expression) return literal(pieces_[0].literal);
  std::vector<ExpressionNode> parts;
  for (const Piece& piece : pieces_)
    parts.push_back(piece.expression ? piece.expression->root : literal(piece.literal));
  std::vector<ExpressionNode> arguments;
  arguments.push_back(make_node(Operator::list, std::move(parts)));
  arguments.push_back(literal(""));
  ExpressionNode node = make_node(Operator::call, std::move(arguments));
  node.function = &find_function("join");
  return node;
}

bool TextTemplate::is_doubtful(const Piece& piece, const Names& names) {
  bool doubtful = false;
  workflow::for_each_name(piece.expression->root,
                          [&](const Name& name) { doubtful = doubtful || names.is_doubtful(name); });
  return doubtful;
}

void TextTemplate::fail(const Piece& piece, const Names& names, const char* code, std::string text) {
  throw ExpressionError{code, std::move(text), {}, 0, piece.at, is_doubtful(piece, names)};
}

void TextTemplate::check_size(const Piece& piece, const Names& names, const std::string& out) {
  if (out.size() > kMaxTextBytes) fail(piece, names, "E403", "the text is longer than 16 MiB");
}

Value TextTemplate::value_of(const Piece& piece, const Names& names) {
  try {
    return evaluate(piece.expression->root, names);
  } catch (ExpressionError& error) {
    if (error.at.line == 0) error.at = piece.at;
    error.is_doubtful = error.is_doubtful || is_doubtful(piece, names);
    throw;
  }
}

Value TextTemplate::insertable_value_of(const Piece& piece, const Names& names) {
  Value value = value_of(piece, names);
  if (value.is_null()) fail(piece, names, "E403", fmt::format("{} is null", piece.expression->source));
  return value;
}

bool TextTemplate::asks_files() const {
  return std::ranges::any_of(
      pieces_, [](const Piece& piece) { return piece.expression && workflow::asks_files(piece.expression->root); });
}

Value TextTemplate::value(const Names& names) const {
  if (is_one_marker()) return value_of(pieces_[0], names);
  return text(names);
}

std::string TextTemplate::text(const Names& names) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (!piece.expression) {
      out += piece.literal;
      continue;
    }
    out += to_text(insertable_value_of(piece, names));
    check_size(piece, names, out);
  }
  return out;
}

void TextTemplate::append_slot(const Piece& piece, const Names& names, Use use, std::string& out) {
  const ExpressionNode& root = piece.expression->root;
  const bool is_quoted = piece.slot == Slot::quoted;
  const Name& name = is_quoted ? root.children.front().name : root.name;
  const bool is_path = name.kind == NameKind::output || name.kind == NameKind::scratch;
  if (use == Use::shell && is_path && !is_quoted) {
    if (auto problem = shell_problem(piece.expression->source, value_of(piece, names)))
      fail(piece, names, "E405", std::move(*problem));
  }
  if (name.kind == NameKind::list_file) {
    out += graph::list_slot(name.item, is_quoted || use == Use::shell);
    return;
  }
  out += name.kind == NameKind::output ? graph::output_slot(name.item, is_quoted) : attempt_slot(name.kind, is_quoted);
}

void TextTemplate::append_value(const Piece& piece, const Names& names, Use use, std::string& out) {
  const Expression& expression = *piece.expression;
  const Value value = insertable_value_of(piece, names);
  const bool is_quoted = expression.root.op == Operator::call && is_quote(*expression.root.function);
  if (use == Use::shell && !is_quoted)
    if (auto problem = shell_problem(expression.source, value)) fail(piece, names, "E405", std::move(*problem));
  if (const auto* text = std::get_if<std::string>(&value.data))
    append_escaped(*text, out);
  else
    append_escaped(to_text(value), out);
}

void TextTemplate::append_slotted(const Names& names, Use use, std::string& out) const {
  for (const Piece& piece : pieces_) {
    if (!piece.expression) {
      append_escaped(piece.literal, out);
    } else if (piece.slot != Slot::none) {
      append_slot(piece, names, use, out);
    } else {
      append_value(piece, names, use, out);
      check_size(piece, names, out);
    }
  }
}

void append_escaped(std::string_view text, std::string& out) {
  if (text.find(graph::kSlot) == std::string_view::npos)
    out += text;
  else
    out += graph::escape_slots(text);
}

void report(const ExpressionError& error, Diagnostics& diagnostics) {
  if (!error.is_doubtful) diagnostics.error(error.code, error.at, error.text, error.suggestion);
}

}  // namespace fugle::workflow
