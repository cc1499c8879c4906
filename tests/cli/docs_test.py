"""What the documents show works as pasted: workflows, pieces of them, commands, links; and every code is explained."""

import os
import pathlib
import re

from fugle_case import FugleCase, main

SOURCE = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"])
KEYS = (SOURCE / "src/workflow/KEYS.md").read_text()
TESTS = SOURCE / "tests"

# Of what a piece can not show alone: other tasks, files, and whatever else stands around it.
NOT_IN_A_PIECE = {"E105", "E108", "E202", "E204", "E302", "E303", "E304", "E402"}
NAMES_OUTSIDE = ("unknown template", "unknown secret")
# Before a block or in the row of a piece that is no good on purpose, or not ours.
MARK = "<!-- not valid"


def documents():
    """(name, text) of all that is written for readers, comments of the public headers included."""
    for path in sorted(SOURCE.rglob("*.md")):
        if path.relative_to(SOURCE).parts[0] not in ("build", ".git"):
            yield str(path.relative_to(SOURCE)), path.read_text()
    for path in sorted((SOURCE / "include").rglob("*.h*")):
        comments = re.findall(r"^\s*///? ?(.*)$", path.read_text(), re.M)
        yield str(path.relative_to(SOURCE)), "\n".join(comments)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def yaml_blocks(text):
    """(line, block) of each fenced block of YAML that is not marked."""
    for block in re.finditer(r"^```ya?ml\n(.*?)^```", text, re.S | re.M):
        if MARK not in text[:block.start()].rstrip("\n").rsplit("\n", 1)[-1]:
            yield line_of(text, block.start(1)), block[1]


def keys_of(section):
    part = KEYS.split(f"## {section}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)`", part, re.M))


def pieces(text):
    """(line, piece) of each `key: value` in a line of text, outside of blocks."""
    text = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), text, flags=re.S | re.M)
    for piece in re.finditer(r"`([a-z_]+: [^`]+)`", text):
        row = text[text.rfind("\n", 0, piece.start()) + 1:text.find("\n", piece.end())]
        # The first column of a table says what one wrote elsewhere.
        elsewhere = row.startswith("|") and piece.start() - text.rfind("\n", 0, piece.start()) < row.find(" | ")
        if "..." not in piece[1] and not elsewhere and MARK not in row:
            words = " ".join(piece[1].split())
            yield line_of(text, piece.start()), re.sub(r"(\w+)(\|\w+)+", r"\1", words)


def whole_workflow(piece):
    """A workflow around a piece; None: its key is none of ours."""
    key = piece.split(":")[0]
    if key in ("version", "tasks"):
        return None
    if key in keys_of("A task"):
        command = "" if key in ("run", "plugin", "uses") else '    run: "true"\n'
        command = "    plugin: libx.so:f\n" if key in ("with", "isolate") else command
        inputs = "" if key in ("inputs", "uses") else "    inputs: {f: my file}\n"
        return f"version: 1\nname: piece\nparams: {{x: 3}}\ntasks:\n  piece:\n{command}{inputs}    {piece}\n"
    if key in keys_of("Top level"):
        name = "" if key == "name" else "name: piece\n"
        return f'version: 1\n{name}tasks: {{piece: {{run: "true"}}}}\n{piece}\n'
    return None


class DocsTest(FugleCase):
    def codes_of(self, workflow):
        done = self.fugle("validate", "-", stdin=workflow, expect=None)
        return set(re.findall(r" error (E\d+):", done.stderr)), done.stderr

    def test_every_block_of_yaml_is_valid(self):
        shown = 0
        for name, text in documents():
            for line, block in yaml_blocks(text):
                shown += 1
                with self.subTest(f"{name}:{line}"):
                    if not block.startswith("version:"):
                        block = "version: 1\nname: shown\n" + block
                        block += "" if re.search(r"^tasks:", block, re.M) else 'tasks: {a: {run: "true"}}\n'
                    done = self.fugle("validate", "-", stdin=block, expect=None)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertGreater(shown, 1)

    def test_every_piece_of_a_workflow_in_a_line_is_good(self):
        shown = 0
        for name, text in documents():
            if name == "src/workflow/ERRORS.md":
                continue  # what is in there is wrong on purpose
            for line, piece in pieces(text):
                workflow = whole_workflow(piece)
                if workflow is None:
                    continue
                shown += 1
                with self.subTest(f"{name}:{line}", piece=piece):
                    codes, said = self.codes_of(workflow)
                    if any(words in said for words in NAMES_OUTSIDE):
                        codes -= {"E103"}
                    self.assertEqual(codes - NOT_IN_A_PIECE, set(), said)
        self.assertGreater(shown, 50)

    def test_the_workflow_in_ten_lines_runs(self):
        _, text = next(yaml_blocks((SOURCE / "README.md").read_text()))
        self.assertLessEqual(len(text.splitlines()), 10)
        self.write("sweep.yaml", text)
        self.write("solve", '#!/bin/sh\nshift 7\necho "$FUGLE_MATRIX_grid $FUGLE_PARAM_steps" > "$1"\n').chmod(0o755)
        self.write("compare", '#!/bin/sh\ncat "$@"\n').chmod(0o755)
        self.fugle("run", "sweep.yaml", "-p", "steps=50", "-j", "4")
        self.assertEqual(sorted(self.read("table.txt").split("\n")),
                         sorted(3 * [f"{grid} 50" for grid in (64, 128, 192, 256)] + [""]))

    def test_every_command_shown_exists(self):
        verbs = {verb for _, text in documents() for verb in re.findall(r"^ *(?:\$ )?fugle ([a-z]+)", text, re.M)}
        self.assertGreater(len(verbs), 10)
        for verb in sorted(verbs):
            with self.subTest(verb):
                self.fugle(verb, "--help")

    def test_every_link_leads_somewhere(self):
        for name, text in documents():
            if not name.endswith(".md"):
                continue
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
                with self.subTest(name, target=target):
                    self.assertTrue((SOURCE / name).parent.joinpath(target).exists())

    def test_every_example_is_in_the_index(self):
        index = (SOURCE / "examples/README.md").read_text()
        for folder in sorted(path.parent.name for path in (SOURCE / "examples").glob("*/*")):
            self.assertIn(f"]({folder})", index)

    def test_pages_for_those_who_come_from_elsewhere_fit_on_a_screen(self):
        pages = sorted((SOURCE / "examples").glob("from_*/README.md"))
        self.assertGreaterEqual(len(pages), 8)
        for page in pages:
            self.assertLessEqual(len(page.read_text().splitlines()), 40, page)

    def test_every_code_says_what_to_do_and_has_a_test(self):
        catalogue = self.fugle("schema", "--errors").stdout
        rows = re.findall(r"^\| ([EW]\d+) \| ([VPR ]+) \| (.+?) \| (.+) \| (.+?) \|$", catalogue, re.M)
        self.assertEqual(len(rows), len(re.findall(r"^\| [EW]\d", catalogue, re.M)))
        self.assertGreater(len(rows), 40)
        tried = "\n".join(path.read_text(errors="replace") for path in TESTS.rglob("*")
                          if path.suffix in (".py", ".cpp", ".txt"))
        for code, _, meaning, example, advice in rows:
            with self.subTest(code):
                self.assertGreater(len(meaning.split()), 1)
                self.assertTrue(example.strip("`"))
                self.assertGreater(len(advice.split()), 1, "what to do")
                if code.startswith("E"):
                    self.assertNotRegex(advice, r"^none\b", "nobody is helped by that")
                self.assertIn(code, tried, "no test makes it come")

    def test_what_the_catalogue_shows_as_wrong_is_refused_with_that_code(self):
        shown = 0
        for code, stages, example in re.findall(r"^\| (E\d+) \| ([VPR ]+) \| [^|]+ \| `([a-z_]+: .+?)` \|",
                                                self.fugle("schema", "--errors").stdout, re.M):
            workflow = whole_workflow(example)
            if workflow is None or "V" not in stages:
                continue
            codes, said = self.codes_of(workflow)
            if codes == {"E101"} != {code}:
                continue  # a description, no piece of a file
            shown += 1
            with self.subTest(code, example=example):
                self.assertIn(code, codes, said)
        self.assertGreater(shown, 5)


if __name__ == "__main__":
    main()
