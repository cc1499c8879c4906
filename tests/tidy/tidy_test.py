#!/usr/bin/env python3
"""Each rule of tidy.py finds what it is for, and leaves a clean tree alone."""

import unittest

import tidy

TABLE = """
add_room(base  LINKS fmt::fmt)
add_room(graph USES base LINKS Boost::headers)
add_room(store USES graph
               base LINKS PkgConfig::hdf5 Threads::Threads)
"""

CLEAN = {
    "src/CMakeLists.txt": TABLE,
    "src/base/ids.hpp": "// Ids.\n#pragma once\n#include <cstdint>\n",
    "src/graph/graph.hpp": "// The DAG.\n#pragma once\n\n#include \"base/ids.hpp\"\n",
    "src/graph/graph.cpp": "#include \"graph/graph.hpp\"\n\n#include <boost/graph/topological_sort.hpp>\n",
    "src/graph/order.cpp": "// Orders (declared in graph.hpp).\n#include \"graph/graph.hpp\"\n",
    "src/store/main.cpp": "#include <hdf5.h>\n#include <chrono>\nauto now = std::chrono::system_clock::now();\n",
    "tests/unit/graph/graph_test.cpp": "using namespace std;\n",
}


class Tidy(unittest.TestCase):
    def found(self, **changed):
        """Findings in the clean tree after changes, given as path with __ for / and _DOT_ for the last dot."""
        files = dict(CLEAN)
        for name, text in changed.items():
            files[name.replace("__", "/").replace("_DOT_", ".")] = text
        return "\n".join(tidy.findings(files))

    def test_a_clean_tree_has_no_findings(self):
        self.assertEqual(self.found(), "")

    def test_an_include_against_the_table_is_found(self):
        found = self.found(src__base__up_DOT_hpp="// Up.\n#pragma once\n\n#include \"graph/graph.hpp\"\n")
        self.assertEqual(found, "src/base/up.hpp:4: room 'base' may not use 'graph'; see src/CMakeLists.txt")

    def test_an_include_of_a_file_that_is_not_there_is_found(self):
        self.assertIn("is no file of src", self.found(src__base__x_DOT_hpp="// X.\n#pragma once\n#include \"ids.hpp\"\n"))

    def test_a_room_that_is_not_in_the_table_is_found(self):
        self.assertIn("room 'attic' is not in", self.found(src__attic__x_DOT_hpp="// X.\n#pragma once\n"))

    def test_foreign_headers_outside_their_rooms_are_found(self):
        for header in ("mpi.h", "hdf5.h", "H5public.h", "hwloc.h", "hwloc/helper.h", "yaml-cpp/yaml.h",
                       "nlohmann/json.hpp", "boost/program_options.hpp", "zlib.h"):
            found = self.found(src__graph__x_DOT_hpp=f"// X.\n#pragma once\n#include <{header}>\n")
            self.assertIn(f"x.hpp:3: <{header}> belongs to", found)

    def test_boost_graph_outside_its_rooms_is_found(self):
        found = self.found(src__store__x_DOT_hpp="// X.\n#pragma once\n#include <boost/graph/adjacency_list.hpp>\n")
        self.assertIn("belongs to Boost::headers", found)

    def test_impure_calls_in_a_pure_room_are_found(self):
        for call in ("std::chrono::system_clock::now()", "getenv(\"HOME\")", "std::rand()", "time(nullptr)",
                     "std::random_device{}()", "clock_gettime(0, &t)", "std::mt19937 r", "std::thread t(f)",
                     "std::mutex m"):
            found = self.found(src__graph__x_DOT_hpp=f"// X.\n#pragma once\n\nauto f = {call};\n")
            self.assertIn("src/graph/x.hpp:4: ", found, call)

    def test_impure_words_in_comments_texts_and_names_are_no_calls(self):
        text = "// X asks getenv.\n#pragma once\nconst char* s = \"system_clock\"; /* rand() */ int environment, runtime();\n"
        self.assertEqual(self.found(src__graph__x_DOT_hpp=text), "")

    def test_a_header_without_paragraph_or_guard_is_found(self):
        self.assertIn("opens with a paragraph", self.found(src__base__x_DOT_hpp="\n#pragma once\n"))
        self.assertIn("#pragma once is missing", self.found(src__base__x_DOT_hpp="// X.\n"))

    def test_using_namespace_in_a_header_is_found(self):
        found = self.found(src__base__x_DOT_hpp="// X.\n#pragma once\nusing  namespace std;\n")
        self.assertEqual(found, "src/base/x.hpp:3: 'using namespace' in a header")

    def test_a_source_without_header_that_does_not_say_what_it_is_is_found(self):
        self.assertIn("no header of this name", self.found(src__base__lone_DOT_cpp="int x;\n"))

    def test_a_source_that_includes_another_header_first_is_found(self):
        found = self.found(src__base__ids_DOT_cpp="#include <vector>\n#include \"base/ids.hpp\"\n")
        self.assertEqual(found, "src/base/ids.cpp:1: the first include has to be \"base/ids.hpp\"")

    def test_files_in_unknown_places_are_found(self):
        for path in ("notes.txt", "src/base/notes.txt", "scripts/x.py", "src/Base/x.hpp"):
            files = dict(CLEAN, **{path: "x\n"})
            self.assertIn(f"{path}:1: not a known place", "\n".join(tidy.findings(files)))

    def test_unfinished_and_untidy_text_is_found(self):
        for text, what in (("TODO" "(now): x\n", "has to be finished"), ("a\tb\n", "tab"), ("a \n", "blanks"),
                           ("a", "no newline")):
            self.assertIn(what, self.found(README_DOT_md=text))

    def test_texts_with_quotes_do_not_hide_what_follows(self):
        self.assertEqual(tidy.code_of("char a = '\"'; f(\"//\"); g(); // h()\n"), "char a = ; f(); g(); \n")


if __name__ == "__main__":
    unittest.main()
