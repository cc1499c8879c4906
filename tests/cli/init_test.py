"""fugle init: a first workflow that runs."""

from fugle_case import FugleCase, main


class Init(FugleCase):
    def test_what_it_writes_runs(self):
        said = self.fugle("init", "demo").stdout
        self.assertIn("fugle submit demo.yaml", said)
        self.fugle("validate", "demo.yaml")
        self.fugle("run", "demo.yaml", "--local", "-j", "2")
        self.assertEqual(self.read("out/table.txt").split()[:2], ["2", "250500"])
        self.assertEqual(len(self.read("out/table.txt").splitlines()), 4)

    def test_a_file_that_is_there_is_kept(self):
        self.write("demo.yaml", "mine\n")
        self.assertIn("--force", self.fugle("init", "demo", expect=2).stderr)
        self.assertEqual(self.read("demo.yaml"), "mine\n")
        self.fugle("init", "demo.yaml", "--force")
        self.assertIn("name: demo\n", self.read("demo.yaml"))

    def test_a_name_that_is_none_is_refused(self):
        self.fugle("init", "2 x", expect=2)
        self.assertEqual(list(self.directory.glob("*.yaml")), [])


if __name__ == "__main__":
    main()
