// Functions of shared libraries, by the interface of <fugle/plugin.h>: found, loaded, initialised once per process,
// called, finished. Knows nothing of attempts, of child processes or of who calls.
//
// Loading a library runs code of it (constructors, init), which may crash: a process that must not is not to load any;
// see `fugle-plugin-host --check`, which loads it in a process of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "function/callable.hpp"

namespace fugle::function {

/// The two parts of "library:function", cut at the last colon; both empty when it is not of that form.
struct PluginName {
  std::string library;
  std::string function;
  [[nodiscard]] static PluginName parse(std::string_view text);
};

/// What plugins are told of where they are, and where they are looked for.
struct PluginHost {
  std::string run_id{};
  std::string run_dir{};
  std::uint32_t worker = 0;
  bool is_isolated = false;
  std::string search_path{};  ///< folders, with colons between: FUGLE_PLUGIN_PATH
};

/// The file of a library, where it can be told: as it is when it holds a slash; else the first that exists of
/// `search_path` and `<prefix>/lib/fugle/plugins` of the installation that the running program belongs to; else the
/// bare name, which the dynamic linker looks for (LD_LIBRARY_PATH, ld.so.cache).
[[nodiscard]] std::string find_library(const std::string& library, const std::string& search_path);

/// The libraries loaded in this process. Any thread may call; loading and init() are done by one at a time.
class Plugins {
 public:
  explicit Plugins(PluginHost host);
  /// finish() of all whose init() has succeeded, in the reverse order. Libraries stay loaded: threads and thread-local
  /// data of theirs may still be there. No call may be running.
  ~Plugins();
  Plugins(const Plugins&) = delete;
  Plugins& operator=(const Plugins&) = delete;

  /// "library:function"; loads the library when it is not. It lives as long as this object. Throws EnvironmentError:
  /// "plugin libx.so:f: LOADER TEXT", "plugin libx.so has ABI 2, this build 1"; the next call tries again.
  [[nodiscard]] Callable& find(const std::string& name);

  /// The same, but found by the thread that calls it first: loading may take long. What find() throws is then an
  /// outcome of class setup.
  [[nodiscard]] Callable& find_when_called(const std::string& name);

  /// Loads it without init(): whether it could be called.
  void check(const std::string& name);

 private:
  class Library;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fugle::function
