"""The examples for those who come from other systems run, and do what their pages say."""

import os
import pathlib
import shutil

from fugle_case import FugleCase, main

EXAMPLES = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]) / "examples"


class ComingFromTest(FugleCase):
    def take(self, example, file):
        shutil.copy(EXAMPLES / example / file, self.directory / file)

    def test_github_actions(self):
        self.take("from_github_actions", "ci.yaml")
        self.fugle("run", "ci.yaml", "-j", "2")
        self.assertFalse((self.directory / "published.txt").exists())
        self.assertEqual(self.read("summary.txt").split(), ["clang_release.txt", "gcc_debug.txt", "gcc_release.txt"])

        self.fugle("run", "ci.yaml", "-p", "publish=true", "-j", "2")
        self.assertEqual(self.read("published.txt").splitlines(), ["clang release", "gcc debug", "gcc release"])


if __name__ == "__main__":
    main()
