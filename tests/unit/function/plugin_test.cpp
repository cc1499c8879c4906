#include "function/plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace fugle::function {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string library(const std::string& name) { return std::string(FUGLE_TEST_PLUGINS) + "/" + name + ".so"; }
std::string sample(const std::string& function) { return library("libsample") + ":" + function; }

/// What find() throws; empty: it found it.
std::string problem(Plugins& plugins, const std::string& name) {
  try {
    (void)plugins.find(name);
  } catch (const EnvironmentError& error) {
    return error.what();
  }
  return {};
}

CallInput input_of(std::string_view arguments) {
  CallInput input;
  input.run_id = "run-1";
  input.task = "post";
  input.element = "post[3]";
  input.attempt = 2;
  input.index = 3;
  input.arguments = arguments;
  return input;
}

TEST(PluginName, is_cut_at_the_last_colon) {
  EXPECT_EQ(PluginName::parse("./a:b/libx.so:mean").library, "./a:b/libx.so");
  EXPECT_EQ(PluginName::parse("./a:b/libx.so:mean").function, "mean");
  for (const char* bad : {"", "libx.so", "libx.so:", ":mean"}) EXPECT_EQ(PluginName::parse(bad).library, "") << bad;
}

TEST(Plugins, a_function_is_given_what_the_call_has_and_gives_a_result) {
  Plugins plugins({});
  CallInput input = input_of(R"({"a": 1})");
  input.inputs = {{"table", "/data/t.csv"}};
  input.results = {"one", "two"};
  input.cores = 4;
  const CallOutcome outcome = plugins.find(sample("tell")).call(input);
  EXPECT_EQ(outcome.cls, graph::FailureClass::none);
  EXPECT_EQ(outcome.result,
            "run-1 post post[3] 2 3\n{\"a\": 1}\nresult one\nresult two\ninput table=/data/t.csv\n"
            "cores 4 cpus 0 rank 0/1\n");
}

TEST(Plugins, what_a_function_throws_is_an_outcome) {
  Plugins plugins({});
  const CallOutcome thrown = plugins.find(sample("throw_error")).call(input_of("{}"));
  EXPECT_EQ(thrown.cls, graph::FailureClass::error);
  EXPECT_EQ(thrown.exit, 1);
  EXPECT_EQ(thrown.reason, "thrown in the plugin");
  const CallOutcome failed = plugins.find(sample("fail")).call(input_of(R"({"code": 7})"));
  EXPECT_EQ(failed.exit, 7);
  EXPECT_EQ(failed.reason, "it is to fail");
  const CallOutcome missing = plugins.find(sample("add_numbers")).call(input_of("{}"));
  EXPECT_EQ(missing.reason, "argument 'numbers' is missing; give it under 'with'");
}

TEST(Plugins, init_and_finish_come_once_for_all_functions_of_a_library) {
  const std::string book = testing::TempDir() + "/plugin_book_" + std::to_string(::getpid());
  ::unlink(book.c_str());
  ::setenv("SAMPLE_PLUGIN_BOOK", book.c_str(), 1);
  {
    PluginHost host;
    host.worker = 5;
    Plugins plugins(host);
    plugins.check(sample("count"));
    EXPECT_THAT(plugins.find(sample("count")).call(input_of("{}")).result, StartsWith("1 "));
    EXPECT_THAT(plugins.find(sample("count")).call(input_of("{}")).result, StartsWith("2 "));
    (void)plugins.find(sample("tell"));
  }
  ::unsetenv("SAMPLE_PLUGIN_BOOK");
  std::ifstream file(book);
  const std::string lines{std::istreambuf_iterator<char>(file), {}};
  const std::string pid = std::to_string(::getpid());
  EXPECT_EQ(lines, "init " + pid + " 5\nfinish " + pid + " 5\n");
  ::unlink(book.c_str());
}

TEST(Plugins, an_init_that_fails_is_told_and_tried_again) {
  ::setenv("SAMPLE_PLUGIN_INIT_FAILS", "no licence", 1);
  Plugins plugins({});
  EXPECT_EQ(problem(plugins, sample("tell")),
            "plugin " + library("libsample") + ":tell: its init failed with 1: no licence");
  ::unsetenv("SAMPLE_PLUGIN_INIT_FAILS");
  EXPECT_EQ(problem(plugins, sample("tell")), "");
}

TEST(Plugins, one_that_is_found_when_called_is_loaded_then_and_not_before) {
  Plugins plugins({});
  Callable& missing = plugins.find_when_called(library("libother_abi") + ":f");
  const CallOutcome outcome = missing.call(input_of("{}"));
  EXPECT_EQ(outcome.cls, graph::FailureClass::setup);
  EXPECT_THAT(outcome.reason, HasSubstr("has ABI 2, this build 1"));
  Callable& count = plugins.find_when_called(sample("count"));
  EXPECT_EQ(&count, &plugins.find_when_called(sample("count")));
  EXPECT_THAT(count.call(input_of("{}")).result, StartsWith("1 "));
  EXPECT_THAT(plugins.find(sample("count")).call(input_of("{}")).result, StartsWith("2 "));
}

TEST(Plugins, another_abi_is_refused_naming_both) {
  Plugins plugins({});
  EXPECT_THAT(problem(plugins, library("libother_abi") + ":f"),
              StartsWith("plugin " + library("libother_abi") + " has ABI 2, this build 1"));
}

TEST(Plugins, a_library_of_later_headers_of_the_same_abi_is_used) {
  Plugins plugins({});
  EXPECT_EQ(plugins.find(library("libgrown") + ":second").call(input_of("{}")).result, "second");
  EXPECT_EQ(plugins.find(library("libgrown") + ":first").call(input_of("{}")).reason, "the first");
}

TEST(Plugins, what_can_not_be_loaded_is_told_in_the_words_of_the_loader) {
  Plugins plugins({});
  EXPECT_THAT(problem(plugins, "libnowhere_at_all.so:f"),
              testing::AllOf(StartsWith("plugin libnowhere_at_all.so:f: "), HasSubstr("No such file")));
  EXPECT_THAT(problem(plugins, library("libno_plugin") + ":f"), HasSubstr("it exports no function fugle_plugin"));
  EXPECT_THAT(problem(plugins, sample("cuont")), HasSubstr("it has no function 'cuont'; did you mean 'count'?"));
  EXPECT_EQ(problem(plugins, "libx.so"), "plugin 'libx.so' is not 'library:function'");
}

TEST(Plugins, a_library_that_misses_a_symbol_is_told_with_what_helps) {
  Plugins plugins({});
  EXPECT_THAT(problem(plugins, library("libunresolved") + ":use"),
              testing::AllOf(HasSubstr("undefined symbol"), HasSubstr("of_another_library"),
                             HasSubstr("link the plugin with the library that has it")));
}

TEST(Plugins, what_a_table_made_by_hand_throws_is_an_outcome) {
  Plugins plugins({});
  const CallOutcome outcome = plugins.find(library("libby_hand") + ":let_out").call(input_of("{}"));
  EXPECT_EQ(outcome.cls, graph::FailureClass::error);
  EXPECT_EQ(outcome.reason, "let out");
}

TEST(Plugins, a_function_that_exits_in_a_rank_is_told_of_and_does_not_end_it_well) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        Plugins plugins({});
        (void)plugins.find_when_called(sample("leave")).call(input_of(R"({"code": 0})"));
      },
      testing::ExitedWithCode(3), "the function of 'post\\[3\\]' called exit\\(\\), which ends this worker");
}

TEST(Plugins, a_bare_name_is_looked_for_in_the_search_path) {
  PluginHost host;
  host.search_path = std::string("/nowhere:") + FUGLE_TEST_PLUGINS;
  Plugins plugins(host);
  EXPECT_EQ(problem(plugins, "libsample.so:tell"), "");
  EXPECT_EQ(find_library("libsample.so", host.search_path), library("libsample"));
  EXPECT_EQ(find_library("./libsample.so", host.search_path), "./libsample.so");
}

TEST(Plugins, lines_for_the_log_go_where_the_call_says) {
  Plugins plugins({});
  std::vector<std::string> lines;
  const std::function<void(std::string_view)> log = [&](std::string_view line) { lines.emplace_back(line); };
  CallInput input = input_of("{}");
  input.log = &log;
  (void)plugins.find(sample("speak")).call(input);
  EXPECT_THAT(lines, testing::ElementsAre("logged"));
}

TEST(Plugins, a_cancelled_call_knows) {
  Plugins plugins({});
  const bool is_cancelled = true;
  const std::function<void(std::string_view)> ignore = [](std::string_view) {};
  CallInput input = input_of("{}");
  input.is_cancelled = &is_cancelled;
  input.log = &ignore;
  EXPECT_EQ(plugins.find(sample("wait_for_stop")).call(input).cls, graph::FailureClass::none);
}

}  // namespace
}  // namespace fugle::function
