#include "workflow/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "workflow/parse_error.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

/// The parser has a limit of the same size, for which a level more or less may count.
constexpr std::size_t kMaxLevels = 500;
constexpr const char* kTooDeep = "cannot read this: more than 500 levels of nesting";
constexpr std::uint64_t kMaxAliasNodes = 1'000'000;
constexpr std::string_view kCoreTags = "tag:yaml.org,2002:";

/// Ends the parser's work early; the diagnostic is already made.
struct Abandon {};

bool is_core_tag(std::string_view tag) {
  if (tag == "?" || tag == "!" || tag.empty()) return true;
  if (!tag.starts_with(kCoreTags)) return false;
  tag.remove_prefix(kCoreTags.size());
  for (const std::string_view known : {"str", "int", "float", "bool", "null", "seq", "map"})
    if (tag == known) return true;
  return false;
}

std::string shown_tag(std::string_view tag) {
  if (tag.starts_with(kCoreTags)) return fmt::format("!!{}", tag.substr(kCoreTags.size()));
  return std::string(tag);
}

/// The parser's events to nodes. The library's own node tree would do, were it not for its size, its look-ups that
/// scan, and the aliases it accepts that contain themselves.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Document& document, const SourceText& source, Diagnostics& diagnostics)
      : document_(document), source_(source), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (num_documents_++ == 0) return;
    refuse(offset_of(mark), "more than one document; use one file each");
    throw Abandon{};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode& node = add_node(YamlNode::Kind::null, mark);
    const std::string_view word = plain_word_at(skip_properties(text(), node.offset));
    if (word == "Null" || word == "NULL") {
      // The library also takes these two for null; here they are words like any other.
      node.kind = YamlNode::Kind::scalar;
      node.text = word;
    } else if (word != "null" && word != "~") {
      node.at = place_of_nothing(node);
    }
    finish(node, anchor, 1);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode& node = add_node(YamlNode::Kind::scalar, mark);
    node.text = value;
    check_tag(tag, node);
    if (value.find('\0') != std::string::npos) {
      refuse(node.offset, "cannot read this: a NUL character in a value");
      node.kind = YamlNode::Kind::broken;
    }
    node.is_quoted = tag == "?" ? false : is_quoted_at(node.offset);
    if (node.is_quoted) last_quoted_ = &node;
    // A tag hides from the library that nothing, `~` or `null` stands there.
    if (!node.is_quoted && (value.empty() || value == "~" || value == "null")) node.kind = YamlNode::Kind::null;
    finish(node, anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) {
      const std::size_t offset = offset_of(mark);
      const std::size_t end = text().find_first_of(" \t\r\n,]}", offset);
      refuse(offset, fmt::format("alias {} contains itself", in_quotes(text().substr(offset, end - offset))));
      finish(add_node(YamlNode::Kind::broken, mark), YAML::NullAnchor, 1);
      return;
    }
    const Anchored& anchored = target->second;
    alias_nodes_ += anchored.num_nodes;
    if (alias_nodes_ > kMaxAliasNodes) {
      refuse(offset_of(mark), fmt::format("aliases expand to more than {} nodes", kMaxAliasNodes));
      throw Abandon{};
    }
    attach(*anchored.node, source_.position(offset_of(mark)), anchored.num_nodes);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  /// Offset of a quote that the end of the file closed; the library takes it for closed.
  [[nodiscard]] std::optional<std::size_t> unclosed_quote() const {
    if (last_quoted_ == nullptr) return std::nullopt;
    return find_unclosed_quote(text(), skip_properties(text(), last_quoted_->offset));
  }

  /// nullptr: there is nothing in the file.
  [[nodiscard]] const YamlNode* root() const { return root_; }
  [[nodiscard]] std::size_t innermost_offset() const { return frames_.empty() ? 0 : frames_.back().node->offset; }

 private:
  struct Anchored {
    const YamlNode* node;
    std::uint64_t num_nodes;  ///< as if written out
  };
  /// A list or map that is not at its end yet.
  struct Frame {
    YamlNode* node;
    YAML::anchor_t anchor;
    std::uint64_t num_nodes = 1;
    const YamlNode* key = nullptr;  ///< read, its value not yet
    Position key_at;
    std::unordered_map<std::string, std::uint32_t> key_lines{};  ///< of maps with many keys
  };

  [[nodiscard]] std::string_view text() const { return source_.text(); }
  [[nodiscard]] std::size_t offset_of(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text().size());
  }
  void refuse(std::size_t offset, std::string problem) {
    diagnostics_.error("E101", source_.position(offset), std::move(problem));
  }
  [[nodiscard]] bool is_quoted_at(std::size_t offset) const {
    const std::string_view lead = text().substr(skip_properties(text(), offset), 1);
    return !lead.empty() && std::string_view("\"'|>").find(lead) != std::string_view::npos;
  }
  [[nodiscard]] bool expects_key() const {
    return !frames_.empty() && frames_.back().node->is_map() && frames_.back().key == nullptr;
  }
  /// The word at the place of a null node. Empty for an absent value, which the parser places at the next key.
  [[nodiscard]] std::string_view plain_word_at(std::size_t offset) const {
    const std::string_view rest = text().substr(offset);
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t\r\n,]}:"));
    const std::size_t next = rest.find_first_not_of(" \t", word.size());
    const bool is_key = next != std::string_view::npos && rest[next] == ':';
    return is_key && !expects_key() ? std::string_view() : word;
  }
  void check_tag(const std::string& tag, const YamlNode& node) {
    if (!is_core_tag(tag))
      refuse(node.offset, fmt::format("tag {} is not known; only core tags are read", in_quotes(shown_tag(tag))));
  }

  YamlNode& add_node(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode& node = document_.nodes.emplace_back();
    node.kind = kind;
    node.offset = static_cast<std::uint32_t>(offset_of(mark));
    node.at = source_.position(node.offset, static_cast<std::size_t>(std::max(mark.line, 0)));
    return node;
  }

  /// The parser places an empty value at whatever follows, perhaps lines below.
  [[nodiscard]] Position place_of_nothing(const YamlNode& node) const {
    if (frames_.empty()) return node.at;
    if (frames_.back().key != nullptr) return frames_.back().key_at;
    if (node.offset == 0 || !frames_.back().node->is_list()) return node.at;
    const std::size_t lead = text().find_last_of("-[,", node.offset - 1);
    return lead == std::string_view::npos ? node.at : source_.position(lead);
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (frames_.size() >= kMaxLevels) {
      refuse(offset_of(mark), kTooDeep);
      throw Abandon{};
    }
    YamlNode& node = add_node(kind, mark);
    check_tag(tag, node);
    frames_.push_back({&node, anchor, 1, nullptr, {}, {}});
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    finish(*frame.node, frame.anchor, frame.num_nodes);
  }

  void finish(const YamlNode& node, YAML::anchor_t anchor, std::uint64_t num_nodes) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {&node, num_nodes};
    attach(node, node.at, num_nodes);
  }

  /// Puts a complete node where it belongs; `at` is where it or its alias is written.
  void attach(const YamlNode& node, Position at, std::uint64_t num_nodes) {
    if (frames_.empty()) {
      root_ = &node;
      return;
    }
    Frame& frame = frames_.back();
    frame.num_nodes += num_nodes;
    if (frame.node->is_list()) {
      frame.node->items.push_back(&node);
    } else if (frame.key == nullptr) {
      frame.key = &node;
      frame.key_at = at;
    } else {
      add_entry(frame, node);
      frame.key = nullptr;
    }
  }

  void add_entry(Frame& frame, const YamlNode& value) {
    const YamlNode& key = *frame.key;
    if (key.kind == YamlNode::Kind::broken) return;
    if (!key.is_scalar()) {
      diagnostics_.error("E101", frame.key_at, "keys must be single words, not lists or maps");
      return;
    }
    if (key.text == "<<" && !key.is_quoted) {
      diagnostics_.error("E101", frame.key_at, "merge key '<<' is not read; use 'extends'", "extends");
      return;
    }
    if (const auto line = line_of_key(frame, key.text))
      diagnostics_.error("E102", frame.key_at,
                         fmt::format("duplicate key {} (first at line {})", in_quotes(key.text), *line));
    else
      frame.node->entries.push_back({key.text, frame.key_at, &value});
  }

  /// The line where the map has this key already. A table is made only for maps where a scan would be slow.
  static std::optional<std::uint32_t> line_of_key(Frame& frame, const std::string& key) {
    constexpr std::size_t kFew = 16;
    const std::vector<Entry>& entries = frame.node->entries;
    if (entries.size() <= kFew) {
      const auto entry = std::ranges::find(entries, key, &Entry::key);
      return entry == entries.end() ? std::nullopt : std::optional(entry->at.line);
    }
    if (frame.key_lines.empty())
      for (const Entry& entry : entries) frame.key_lines.emplace(entry.key, entry.at.line);
    const auto [found, is_new] = frame.key_lines.emplace(key, frame.key_at.line);
    return is_new ? std::nullopt : std::optional(found->second);
  }

  Document& document_;
  const SourceText& source_;
  Diagnostics& diagnostics_;
  const YamlNode* root_ = nullptr;
  std::size_t num_documents_ = 0;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::uint64_t alias_nodes_ = 0;
  const YamlNode* last_quoted_ = nullptr;
};

}  // namespace

Text Document::text_of(const YamlNode& scalar) const {
  Text text{scalar.text, scalar.at};
  if (scalar.at.file >= sources.size() || !sources[scalar.at.file]) return text;
  const SourceText& source = *sources[scalar.at.file];
  std::size_t in_source = scalar.offset;
  for (std::size_t at = scalar.text.find("${{"); at != std::string::npos; at = scalar.text.find("${{", at + 3)) {
    in_source = source.text().find("${{", in_source);
    if (in_source == std::string::npos) break;
    text.markers.push_back(source.position(in_source));
    in_source += 3;
  }
  return text;
}

const YamlNode* parse_file(Document& document, std::string_view bytes, std::uint32_t file, Diagnostics& diagnostics) {
  std::optional<SourceText> made = SourceText::make(bytes, diagnostics, file);
  if (!made) return nullptr;
  if (document.sources.size() <= file) document.sources.resize(file + 1);
  const SourceText& source = document.sources[file].emplace(*std::move(made));
  const std::string& text = source.text();
  TreeBuilder builder(document, source, diagnostics);
  const auto refuse = [&](std::size_t offset, std::string problem) {
    diagnostics.error("E101", source.position(offset), std::move(problem));
    return nullptr;
  };
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Abandon&) {
    return nullptr;
  } catch (const YAML::DeepRecursion&) {
    return refuse(builder.innermost_offset(), kTooDeep);
  } catch (const YAML::Exception& refusal) {
    const auto offset = static_cast<std::size_t>(std::max(refusal.mark.pos, 0));
    const ParseCause cause = explain_refusal(text, std::min(offset, text.size()), refusal.msg);
    return refuse(cause.offset, cause.text);
  }
  if (const auto quote = builder.unclosed_quote()) return refuse(*quote, "quote opened here is never closed");
  if (builder.root() != nullptr) return builder.root();
  YamlNode& nothing = document.nodes.emplace_back();
  nothing.at = {1, 1, file};
  return &nothing;
}

}  // namespace fugle::workflow
