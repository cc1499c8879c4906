// A text of the file with its ${{ }} markers compiled: made once per text, rendered once per element.
//
// Two ways to render: as a value (a text that is one marker and nothing else keeps the type), and as text with slots
// for commands and environment values. What is known only per attempt is a slot (graph/element_text.hpp), so it may
// stand in a marker alone or as q(...), and nowhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/expression.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

class TextTemplate {
 public:
  /// Reports every mistake in the markers: E401, E402, E403 (number of arguments), E404.
  [[nodiscard]] static std::optional<TextTemplate> compile(const Text& text, const NameScope& scope,
                                                           Diagnostics& diagnostics);

  /// Throws ExpressionError, with its place.
  [[nodiscard]] Value value(const Names& names) const;
  /// The value as text; a null is E403. Throws ExpressionError.
  [[nodiscard]] std::string text(const Names& names) const;

  enum class Use : std::uint8_t { word, shell };
  /// With slots, appended to `out`; for a shell, unsafe values are E405. `outputs` are the final paths. Throws
  /// ExpressionError.
  void append_slotted(const Names& names, Use use, std::string& out) const;

  /// One marker and nothing else.
  [[nodiscard]] bool is_one_marker() const { return pieces_.size() == 1 && pieces_[0].expression.has_value(); }
  /// One marker that is a name of this kind.
  [[nodiscard]] bool is_one_name(NameKind kind) const {
    return is_one_marker() && pieces_[0].expression->root.op == Operator::name &&
           pieces_[0].expression->root.name.kind == kind;
  }
  /// One marker whose value is a list that stands there, item by item.
  [[nodiscard]] bool is_one_list() const { return is_one_marker() && pieces_[0].expression->root.op == Operator::list; }
  /// The whole text as one expression. Throws ExpressionError E401 where that is too deep.
  [[nodiscard]] ExpressionNode as_node() const;
  /// Some of it calls exists(), glob() or lines().
  [[nodiscard]] bool asks_files() const;
  template <class Visit>
  void for_each_name(Visit&& visit) const {
    for (const Piece& piece : pieces_)
      if (piece.expression) workflow::for_each_name(piece.expression->root, [&](const Name& n) { visit(n, piece.at); });
  }
  /// The same with whether default() has something else where the name is unset.
  template <class Visit>
  void for_each_use(Visit&& visit) const {
    for (const Piece& piece : pieces_)
      if (piece.expression)
        workflow::for_each_use(piece.expression->root, [&](const Name& n, bool soft) { visit(n, piece.at, soft); });
  }
  template <class Predicate>
  [[nodiscard]] bool any_name(Predicate&& predicate) const {
    bool found = false;
    for_each_name([&](const Name& name, Position) { found = found || predicate(name); });
    return found;
  }

 private:
  enum class Slot : std::uint8_t { none, plain, quoted };
  struct Piece {
    std::string literal;
    std::optional<Expression> expression;
    Position at;
    Slot slot = Slot::none;
  };
  [[nodiscard]] static Slot slot_of(const ExpressionNode& root);
  [[nodiscard]] static bool is_doubtful(const Piece& piece, const Names& names);
  [[noreturn]] static void fail(const Piece& piece, const Names& names, const char* code, std::string text);
  static void check_size(const Piece& piece, const Names& names, const std::string& out);
  [[nodiscard]] static Value value_of(const Piece& piece, const Names& names);
  [[nodiscard]] static Value insertable_value_of(const Piece& piece, const Names& names);
  static void append_value(const Piece& piece, const Names& names, Use use, std::string& out);
  static void append_slot(const Piece& piece, const Names& names, Use use, std::string& out);

  std::vector<Piece> pieces_;
};

/// Appends text that is to be filled in later, when it has no slots of its own.
void append_escaped(std::string_view text, std::string& out);

/// Adds the error to the diagnostics, unless it is doubtful.
void report(const ExpressionError& error, Diagnostics& diagnostics);

}  // namespace fugle::workflow
