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

    def test_step_functions(self):
        self.take("from_step_functions", "orders.yaml")
        self.fugle("run", "orders.yaml", "-p", "orders=12", "-j", "2")
        self.assertEqual(len(list(self.directory.glob("order_*.txt"))), 12)
        self.assertFalse((self.directory / "apology.txt").exists())
        self.assertEqual(self.read("way.txt"), "freight\n")

    def test_step_functions_when_an_order_fails(self):
        self.take("from_step_functions", "orders.yaml")
        self.fugle("run", "orders.yaml", "-p", "broken=2", "-j", "2")
        self.assertEqual(sorted(path.name for path in self.directory.glob("order_*.txt")),
                         ["order_1.txt", "order_3.txt"])
        self.assertEqual(self.read("apology.txt"), "sorry\n")
        self.assertEqual(self.read("way.txt"), "express\n")

    def test_argo(self):
        self.take("from_argo", "shards.yaml")
        self.fugle("run", "shards.yaml", "-p", "shards=5", "-j", "2")
        self.assertEqual(self.read("merged.txt").split(), ["1", "2", "3", "4", "5"])
        self.assertIn("merged.txt", self.read("seen_at_exit.txt").split())

    def test_argo_the_exit_handler_runs_after_a_failure(self):
        self.take("from_argo", "shards.yaml")
        self.fugle("run", "shards.yaml", "-p", "shards=9", "-j", "2", expect=1)
        seen = self.read("seen_at_exit.txt").split()
        self.assertIn("shard_8.txt", seen)
        self.assertNotIn("merged.txt", seen)


if __name__ == "__main__":
    main()
