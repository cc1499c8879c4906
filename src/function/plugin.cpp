#include "function/plugin.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fugle/plugin.h>

#include <atomic>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "function/exit_guard.hpp"
#include "function/plugin_call.hpp"

namespace fugle::function {
namespace {

namespace fs = std::filesystem;

/// The folder above bin or libexec/fugle of the running program.
fs::path prefix_of_this_program() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  const bool is_in_libexec = folder.filename() == "fugle" && folder.parent_path().filename() == "libexec";
  return is_in_libexec ? folder.parent_path().parent_path() : folder.parent_path();
}

/// What the dynamic linker says, and what helps.
std::string with_advice(std::string text) {
  if (text.find("undefined symbol") != std::string::npos)
    return text + "; link the plugin with the library that has it ('nm -DC --undefined-only' lists all it wants)";
  if (text.find("cannot open shared object file") != std::string::npos)
    return text +
           "; correct the path, or put its folder into FUGLE_PLUGIN_PATH (libraries that it needs: LD_LIBRARY_PATH)";
  return text;
}

using Entry = const FuglePlugin* (*)(std::uint32_t);

/// Throws EnvironmentError.
const FuglePlugin& open_table(const PluginName& name, const std::string& search_path) {
  const auto fail = [&name](std::string_view problem) {
    throw EnvironmentError(fmt::format("plugin {}:{}: {}", name.library, name.function, problem));
  };
  const std::string path = find_library(name.library, search_path);
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail(with_advice(::dlerror()));
  // A library that is refused stays loaded, as its constructors may have started anything.
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, "fugle_plugin"));
  if (entry == nullptr)
    fail("it exports no function fugle_plugin; end it with FUGLE_PLUGIN(...) of <fugle/plugin.hpp>");
  const FuglePlugin* const table = entry(FUGLE_PLUGIN_ABI);
  if (table == nullptr) fail(fmt::format("it has nothing for ABI {}, that of this build", FUGLE_PLUGIN_ABI));
  if (table->abi != FUGLE_PLUGIN_ABI)
    throw EnvironmentError(
        fmt::format("plugin {} has ABI {}, this build {}; compile the plugin with the headers of this build",
                    name.library, table->abi, FUGLE_PLUGIN_ABI));
  if (table->size < sizeof *table || table->function_size < sizeof(FuglePluginFunction))
    fail("its table is shorter than its ABI says; compile it with an unchanged <fugle/plugin.h>");
  return *table;
}

/// Its entries may be longer than we know them.
const FuglePluginFunction& entry_of(const FuglePlugin& table, std::uint32_t index) {
  const auto* const first = reinterpret_cast<const std::byte*>(table.functions);
  return *reinterpret_cast<const FuglePluginFunction*>(first + std::size_t{index} * table.function_size);
}

const FuglePluginFunction& find_function(const FuglePlugin& table, const PluginName& name) {
  std::vector<std::string_view> known;
  for (std::uint32_t i = 0; i < table.num_functions; ++i) {
    const FuglePluginFunction& entry = entry_of(table, i);
    if (entry.name == name.function) return entry;
    known.emplace_back(entry.name);
  }
  const auto near = nearest_word(name.function, known);
  const std::vector<std::string> words(known.begin(), known.end());
  throw EnvironmentError(fmt::format("plugin {}:{}: it has no function '{}'; {}", name.library, name.function,
                                     name.function,
                                     near ? fmt::format("did you mean '{}'?", *near)
                                          : fmt::format("it has: {}", words.empty() ? "none" : join(words, ", "))));
}

class PluginFunction final : public Callable {
 public:
  PluginFunction(const FuglePluginFunction& entry, void* state) : entry_(entry), state_(state) {}
  CallOutcome call(const CallInput& input) override {
    PluginCall call(input);
    try {
      const int code = entry_.call(state_, call.raw());
      return call.outcome(entry_.name, code);
    } catch (const std::exception& error) {  // a table made by hand has entries that throw, where the library is C++
      return {graph::FailureClass::error, 1, error.what(), {}};
    } catch (...) {
      return {graph::FailureClass::error, 1, "it threw something that is no std::exception", {}};
    }
  }

 private:
  const FuglePluginFunction& entry_;
  void* state_;
};

}  // namespace

PluginName PluginName::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return {};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string find_library(const std::string& library, const std::string& search_path) {
  if (library.find('/') != std::string::npos) return library;
  std::vector<fs::path> folders;
  for (const std::string_view folder : split(search_path, ':'))
    if (!folder.empty()) folders.emplace_back(folder);
  folders.push_back(prefix_of_this_program() / "lib" / "fugle" / "plugins");
  std::error_code error;
  for (const fs::path& folder : folders)
    if (fs::exists(folder / library, error)) return (folder / library).string();
  return library;
}

/// One whose init() has succeeded.
class Plugins::Library {
 public:
  Library(const FuglePlugin& table, void* state) : table_(table), state_(state) {}
  ~Library() {
    if (table_.finish != nullptr) table_.finish(state_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  [[nodiscard]] Callable& find(const PluginName& name) {
    auto& function = functions_[name.function];
    if (function == nullptr) function = std::make_unique<PluginFunction>(find_function(table_, name), state_);
    return *function;
  }

 private:
  const FuglePlugin& table_;
  void* state_;
  std::map<std::string, std::unique_ptr<PluginFunction>> functions_;
};

class Plugins::Impl {
 public:
  /// Of a function that was not called yet.
  class Late final : public Callable {
   public:
    Late(Impl& plugins, std::string name) : plugins_(plugins), name_(std::move(name)) {}
    CallOutcome call(const CallInput& input) override {
      Callable* known = found_.load(std::memory_order_acquire);
      try {
        if (known == nullptr) found_.store(known = &plugins_.find(name_), std::memory_order_release);
      } catch (const EnvironmentError& error) {
        return {graph::FailureClass::setup, 127, error.what(), {}};
      }
      const ExitGuard guard(input.element);
      return known->call(input);
    }

   private:
    Impl& plugins_;
    std::string name_;
    std::atomic<Callable*> found_ = nullptr;
  };

  explicit Impl(PluginHost host) : host_(std::move(host)) {}
  ~Impl() {
    while (!libraries_.empty()) libraries_.pop_back();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Callable& find(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    if (const auto known = callables_.find(text); known != callables_.end()) return *known->second;
    const PluginName name = parse(text);
    const FuglePlugin& table = open_table(name, host_.search_path);
    (void)find_function(table, name);
    Callable& callable = library_of(table, name).find(name);
    callables_.emplace(text, &callable);
    return callable;
  }
  Callable& find_when_called(const std::string& text) {
    const std::scoped_lock lock(late_mutex_);
    auto& late = late_[text];
    if (late == nullptr) late = std::make_unique<Late>(*this, text);
    return *late;
  }
  void check(const std::string& text) const {
    const PluginName name = parse(text);
    (void)find_function(open_table(name, host_.search_path), name);
  }

 private:
  static PluginName parse(const std::string& text) {
    PluginName name = PluginName::parse(text);
    if (name.library.empty()) throw EnvironmentError(fmt::format("plugin '{}' is not 'library:function'", text));
    return name;
  }
  /// Two names of one file are one library: its table is the same.
  Library& library_of(const FuglePlugin& table, const PluginName& name) {
    for (const auto& [known, library] : libraries_)
      if (known == &table) return *library;
    void* state = nullptr;
    const char* error = nullptr;
    const FugleWorker worker{FUGLE_PLUGIN_ABI,      sizeof(FugleWorker), host_.run_id.c_str(),
                             host_.run_dir.c_str(), host_.worker,        host_.is_isolated ? 1u : 0u};
    if (const int code = table.init != nullptr ? table.init(&worker, &state, &error) : 0; code != 0)
      throw EnvironmentError(fmt::format("plugin {}:{}: its init failed with {}{}{}", name.library, name.function, code,
                                         error != nullptr ? ": " : "", error != nullptr ? error : ""));
    return *libraries_.emplace_back(&table, std::make_unique<Library>(table, state)).second;
  }

  PluginHost host_;
  std::mutex mutex_;
  std::vector<std::pair<const FuglePlugin*, std::unique_ptr<Library>>> libraries_;
  std::map<std::string, Callable*> callables_;
  std::mutex late_mutex_;  ///< not held while anything is loaded
  std::map<std::string, std::unique_ptr<Late>> late_;
};

Plugins::Plugins(PluginHost host) : impl_(std::make_unique<Impl>(std::move(host))) {}
Plugins::~Plugins() = default;
Callable& Plugins::find(const std::string& name) { return impl_->find(name); }
Callable& Plugins::find_when_called(const std::string& name) { return impl_->find_when_called(name); }
void Plugins::check(const std::string& name) { impl_->check(name); }

}  // namespace fugle::function
