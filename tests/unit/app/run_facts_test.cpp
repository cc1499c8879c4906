#include <gtest/gtest.h>

#include "app/run_directory.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

std::string facts_with(const std::string& key, const std::string& value) {
  std::string text = "{";
  const std::pair<const char*, const char*> fields[] = {
      {"run", "\"r\""},        {"workflow", "\"w\""}, {"file", "\"w.yaml\""},
      {"source", "\"yaml\""},  {"params", "{}"},      {"submit_dir", "\"/\""},
      {"host", "\"n\""},       {"user", "\"u\""},     {"pid", "1"},
      {"argv", "[]"},          {"created_ns", "5"},   {"mpi_ranks", "2"},
      {"cores_per_rank", "0"}, {"effort", "3"},       {"reserve_s", "1.5"}};
  for (const auto& [name, good] : fields)
    text += std::string(text.size() > 1 ? "," : "") + "\"" + name + "\":" + (key == name ? value : good);
  return text + "}";
}

TEST(RunFacts, are_read_back) {
  const RunFacts facts = parse_run_facts(facts_with("", ""));
  EXPECT_EQ(facts.run, "r");
  EXPECT_EQ(facts.created, from_ns(5));
  EXPECT_EQ(facts.placement.mpi_ranks, 2u);
  EXPECT_EQ(facts.reserve, std::chrono::milliseconds(1500));
}

TEST(RunFacts, of_the_wrong_type_or_range_are_refused) {
  const std::pair<const char*, const char*> bad[] = {{"pid", "\"1\""},
                                                     {"pid", "1.5"},
                                                     {"pid", "99999999999"},
                                                     {"pid", "null"},
                                                     {"created_ns", "1e300"},
                                                     {"created_ns", "18446744073709551615"},
                                                     {"mpi_ranks", "-1"},
                                                     {"mpi_ranks", "4294967296"},
                                                     {"run", "7"},
                                                     {"run", "\"\""},
                                                     {"run", "\"../x\""},
                                                     {"argv", "{}"},
                                                     {"argv", "[1]"},
                                                     {"params", "{\"a\": 1}"},
                                                     {"reserve_s", "1e300"},
                                                     {"reserve_s", "-1"},
                                                     {"effort", "1e9"},
                                                     {"source", "[]"}};
  for (const auto& [key, value] : bad)
    EXPECT_THROW((void)parse_run_facts(facts_with(key, value)), EnvironmentError) << key << " " << value;
}

TEST(RunFacts, that_are_no_object_are_refused) {
  for (const char* text : {"", "[]", "7", "{", "\xff", "null"})
    EXPECT_THROW((void)parse_run_facts(text), EnvironmentError) << text;
  EXPECT_THROW((void)parse_run_facts(std::string(100'000, '[')), EnvironmentError);
}

}  // namespace
}  // namespace fugle::app
