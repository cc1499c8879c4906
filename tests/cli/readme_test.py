"""What the README shows works as pasted."""

import os
import pathlib
import re

from fugle_case import FugleCase, main

SOURCE = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"])


def yaml_blocks():
    """(place, text) of each YAML block in any Markdown file of the project that is a whole workflow."""
    for path in sorted(SOURCE.rglob("*.md")):
        if "build" in path.relative_to(SOURCE).parts[:1]:
            continue
        for block in re.finditer(r"^```yaml\n(.*?)^```", path.read_text(), re.S | re.M):
            if block[1].startswith("version:"):
                yield f"{path.relative_to(SOURCE)}:{block.start()}", block[1]


class ReadmeTest(FugleCase):
    def test_every_workflow_in_the_documents_is_valid(self):
        blocks = list(yaml_blocks())
        self.assertTrue(blocks)
        for place, text in blocks:
            with self.subTest(place):
                self.write("shown.yaml", text)
                self.assertEqual(self.fugle("validate", "shown.yaml").stderr, "")

    def test_the_workflow_in_ten_lines_runs(self):
        text = next(text for place, text in yaml_blocks() if place.startswith("README.md"))
        self.assertLessEqual(len(text.splitlines()), 10)
        self.write("sweep.yaml", text)
        self.write("solve", '#!/bin/sh\nshift 7\necho "$FUGLE_MATRIX_grid $FUGLE_PARAM_steps" > "$1"\n').chmod(0o755)
        self.write("compare", '#!/bin/sh\ncat "$@"\n').chmod(0o755)
        self.fugle("run", "sweep.yaml", "-p", "steps=50", "-j", "4")
        self.assertEqual(sorted(self.read("table.txt").split("\n")),
                         sorted(3 * [f"{grid} 50" for grid in (64, 128, 192, 256)] + [""]))

    def test_every_command_shown_exists(self):
        for verb in set(re.findall(r"^(?:\$ )?fugle ([a-z]+)", (SOURCE / "README.md").read_text(), re.M)):
            with self.subTest(verb):
                self.fugle(verb, "--help")


if __name__ == "__main__":
    main()
