#include "workflow/matrix_reader.hpp"

#include <fmt/format.h>

#include "workflow/matrix.hpp"

namespace fugle::workflow {
namespace {

class MatrixReader {
 public:
  MatrixReader(const Reading& reading, std::string_view owner, std::vector<MatrixVar>& matrix)
      : reading_(reading), owner_(owner), matrix_(matrix) {}

  void read_variable(const Entry& entry) {
    const YamlNode& node = *entry.value;
    std::erase_if(matrix_, [&](const MatrixVar& v) { return node.is_null() && v.name == entry.key; });
    if (node.is_map()) return refuse_shape(reading_, entry.key, "a list or a range like 1..8", node);
    if (!node.is_list() && !node.is_scalar()) return;

    MatrixVar variable{entry.key, entry.at, {}, {}, {}};
    if (node.is_list())
      take_list(node, variable);
    else if (has_marker(node.text))
      variable.expression = reading_.document.text_of(node);
    else if (!take_range(node, variable))
      return;
    merge_named(matrix_, std::move(variable));
  }

 private:
  void take_list(const YamlNode& node, MatrixVar& variable) {
    for_each_scalar(reading_, variable.name, "single values in its list", node, [&](const YamlNode& item) {
      variable.values.push_back(untyped_scalar(item.text, item.is_quoted));
      variable.value_at.push_back(item.at);
    });
  }

  bool take_range(const YamlNode& node, MatrixVar& variable) {
    const auto range = parse_range(variable.name, node.text, node.at, reading_.diagnostics);
    if (!range || !is_small_enough(variable.name, range->count(), node.at)) return false;
    variable.values = range->items();
    variable.value_at.assign(variable.values.size(), node.at);
    return true;
  }

  /// Ranges are the short way to a size that no memory holds, so they are counted before they are written out.
  bool is_small_enough(std::string_view variable, std::uint64_t count, Position at) {
    std::uint64_t elements = count;
    for (const MatrixVar& other : matrix_)
      if (other.name != variable && !other.values.empty() &&
          __builtin_mul_overflow(elements, other.values.size(), &elements))
        elements = ~std::uint64_t{0};
    if (elements <= kMaxElements) return true;
    reading_.diagnostics.error(
        "E206", at,
        fmt::format("{} expands to {} elements, this version takes {}", in_quotes(owner_), elements, kMaxElements));
    return false;
  }

  const Reading& reading_;
  std::string_view owner_;
  std::vector<MatrixVar>& matrix_;
};

}  // namespace

void read_matrix(const Reading& reading, const Entry& entry, const Where& where, std::string_view owner,
                 std::vector<MatrixVar>& into) {
  const YamlNode& node = *entry.value;
  if (node.is_null()) into.clear();
  if (!is_map_or_refuse(reading, entry.key, node)) return;
  check_environment_names(reading, node);
  MatrixReader reader(reading, owner, into);
  for (const Entry& variable : node.entries) {
    if (find_key(Scope::matrix, variable.key) != nullptr)
      (void)accept_key(reading, Scope::matrix, variable, where);
    else if (check_name(variable.key, variable.at, reading.diagnostics))
      reader.read_variable(variable);
  }
  if (node.entries.empty() && into.empty())
    reading.diagnostics.error("E205", node.at,
                              fmt::format("matrix of {} has no elements (it has no variables)", in_quotes(owner)));
}

}  // namespace fugle::workflow
