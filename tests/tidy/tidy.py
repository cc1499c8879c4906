#!/usr/bin/env python3
"""Checks what the compiler does not: arrows between rooms, foreign headers, banned calls, layout of the tree.

usage: tidy.py REPOSITORY

The table of rooms is read from src/CMakeLists.txt: add_room(NAME USES rooms LINKS libraries) is both what a room may
link and what it may include. Prints one line per finding, "file:line: text", and exits 1 if there is any.
That headers are self-contained is checked by the compiler: a .cpp includes its own header first (rule below), and
tests/tidy/CMakeLists.txt compiles those that have no .cpp.
"""

import pathlib
import re
import subprocess
import sys

# A library named in LINKS and the headers that come with it.
HEADERS_OF = {
    "MPI::MPI_CXX": r"mpi(-ext|cxx)?\.h",
    "PkgConfig::hdf5": r"(hdf5|H5\w*)\.h",
    "PkgConfig::hwloc": r"hwloc(\.h|/.*)",
    "Boost::headers": r"boost/graph/.*",
    "Boost::program_options": r"boost/program_options.*",
    "yaml-cpp": r"yaml-cpp/.*",
    "nlohmann_json::nlohmann_json": r"nlohmann/.*",
    "ZLIB::ZLIB": r"zlib\.h",
}

# Rooms whose decisions depend on their arguments alone, and what would change that.
PURE_ROOMS = {"workflow", "graph", "plan", "scheduler"}
IMPURE = re.compile(
    r"\b((?:system|steady|high_resolution)_clock|clock_gettime|gettimeofday|(?:secure_)?getenv|environ\b"
    r"|s?rand\s*\(|random_device|mt19937|(?:j?thread|mutex|async|condition_variable)(?=\s*[<>(]|\s+\w))"
    r"|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)")

KNOWN_TREE = re.compile(
    r"(CMakeLists\.txt|CMakePresets\.json|[A-Z]+(\.md)?|\.clang-format|\.clang-tidy|\.gitignore|dev|\.ci/run"
    r"|include/fugle/[a-z0-9_]+\.(hpp|h)"
    r"|src/(CMakeLists\.txt|README\.md|FuglemanConfig\.cmake\.in|[a-z]+/([a-z0-9_]+/)?([a-z0-9_]+\.(hpp|cpp)|[A-Z]+\.md))"
    r"|tests/(CMakeLists\.txt|README\.md|lsan\.supp|(unit|contract|sim|mpi|cli|slurm|tidy|fuzz|support)/.+)"
    r"|(bench|examples|docs|slurm|cmake)/.+)")

TEXT_SUFFIXES = {".hpp", ".h", ".cpp", ".py", ".txt", ".md", ".json", ".yaml", ".yml", ".sh", ".cmake", ""}

COMMENT_OR_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def rooms(cmake_text):
    """{room: (rooms it uses, libraries it links)} from the lines add_room(...)."""
    table = {}
    for call in re.findall(r"^add_room\((.*?)\)", cmake_text, re.S | re.M):
        name, *words = call.split()
        lists = {"USES": [], "LINKS": []}
        current = None
        for word in words:
            if word in lists:
                current = lists[word]
            else:
                current.append(word)
        table[name] = (set(lists["USES"]), set(lists["LINKS"]))
    return table


def code_of(text):
    """The text without comments and literals, lines kept, so that words in prose are not taken for calls."""
    return COMMENT_OR_LITERAL.sub(lambda m: "\n" * m.group().count("\n"), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def includes(text):
    """(line, header, whether quoted) of each include."""
    for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', text, re.M):
        yield line_of(text, m.start()), m.group(2), m.group(1) == '"'


def sources(files):
    """(path, room, text) of the C++ files under src."""
    for path, text in sorted(files.items()):
        m = re.fullmatch(r"src/([a-z]+)/.*\.(hpp|cpp)", path)
        if m:
            yield path, m.group(1), text


def check_arrows(files, table):
    for path, room, text in sources(files):
        if room not in table:
            yield path, 1, f"room '{room}' is not in src/CMakeLists.txt; add an add_room line"
            continue
        for line, header, quoted in includes(text):
            if not quoted:
                continue
            other = header.split("/")[0]
            if "/" not in header or f"src/{header}" not in files:
                yield path, line, f"'{header}' is no file of src; write \"room/file.hpp\""
            elif other != room and other not in table[room][0]:
                yield path, line, f"room '{room}' may not use '{other}'; see src/CMakeLists.txt"


def check_foreign_headers(files, table):
    for path, room, text in sources(files):
        links = table.get(room, (set(), set()))[1]
        for line, header, _ in includes(text):
            owners = [library for library, pattern in HEADERS_OF.items() if re.fullmatch(pattern, header)]
            if owners and not links.intersection(owners):
                yield path, line, f"<{header}> belongs to {owners[0]}, which room '{room}' does not link"


def check_purity(files, table):
    del table
    for path, room, text in sources(files):
        if room not in PURE_ROOMS:
            continue
        code = code_of(text)
        for m in IMPURE.finditer(code):
            yield path, line_of(code, m.start()), f"'{m.group().strip()}' in room '{room}', which has to be pure"


def check_headers(files, table):
    del table
    for path, _, text in sources(files):
        if not path.endswith(".hpp"):
            continue
        if not text.startswith("// "):
            yield path, 1, "a header opens with a paragraph: what it is for, what it does not know"
        if "\n#pragma once\n" not in text:
            yield path, 1, "#pragma once is missing"
        m = re.search(r"\busing\s+namespace\b", code_of(text))
        if m:
            yield path, line_of(code_of(text), m.start()), "'using namespace' in a header"


def check_pairs(files, table):
    """x.cpp includes x.hpp first, which proves that self-contained. Without one it says what it is."""
    del table
    for path, _, text in sources(files):
        if not path.endswith(".cpp") or path.endswith("/main.cpp"):
            continue
        own = path[len("src/"):-len(".cpp")] + ".hpp"
        line, first, _ = next(includes(text), (1, "", False))
        if f"src/{own}" not in files:
            if not text.startswith("// "):
                yield path, 1, "no header of this name; open with a comment: what this is, and what declares it"
        elif first != own:
            yield path, line, f"the first include has to be \"{own}\""


def check_tree(files, table):
    del table
    for path in sorted(files):
        if not KNOWN_TREE.fullmatch(path):
            yield path, 1, "not a known place for a file; see src/README.md"


def check_text(files, table):
    del table
    now = "TODO" + "(now)"
    for path, text in sorted(files.items()):
        # Golden files hold what users write, faults included.
        if pathlib.PurePath(path).suffix not in TEXT_SUFFIXES or "/golden/" in path:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if now in line:
                yield path, number, f"{now} has to be finished first"
            if "\t" in line:
                yield path, number, "tab"
            if line != line.rstrip():
                yield path, number, "blanks at the end of the line"
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "no newline at the end of the file"


CHECKS = [check_arrows, check_foreign_headers, check_purity, check_headers, check_pairs, check_tree, check_text]


def findings(files):
    table = rooms(files["src/CMakeLists.txt"])
    return [f"{path}:{line}: {text}" for check in CHECKS for path, line, text in check(files, table)]


def read_repository(root):
    """{path: text} of what git knows and what is new; of all files where git does not know the place."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "-C", root, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        names = [str(p.relative_to(root)) for p in pathlib.Path(root).rglob("*")
                 if p.is_file() and not {"build", ".git"}.intersection(p.relative_to(root).parts)]
    files = {}
    for name in names:
        path = pathlib.Path(root, name)
        if path.is_file():
            files[name] = path.read_text(encoding="utf-8", errors="replace")
    return files


def main():
    found = findings(read_repository(sys.argv[1]))
    print("\n".join(found) if found else "tidy: nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
