"""fugle init: a first workflow that runs, in several shapes."""

from fugle_case import FugleCase, main


class Init(FugleCase):
    def test_what_it_writes_runs(self):
        said = self.fugle("init", "demo").stdout
        self.assertIn("fugle submit demo.yaml", said)
        self.fugle("validate", "demo.yaml")
        self.fugle("run", "demo.yaml", "--local", "-j", "2")
        self.assertEqual(self.read("out/table.txt").split()[:2], ["2", "250500"])
        self.assertEqual(len(self.read("out/table.txt").splitlines()), 4)

    def test_every_shape_is_without_mistakes_and_runs_with_stubs_and_without(self):
        shapes = [line.split()[0] for line in self.fugle("init", "--template", "list").stdout.splitlines()]
        self.assertEqual(set(shapes), {"chain", "fanout", "sweep", "mpi", "ensemble", "service"})
        for shape in shapes:
            with self.subTest(shape):
                self.fugle("init", shape, "--template", shape)
                self.fugle("validate", "--strict", f"{shape}.yaml")
                self.fugle("test", f"{shape}.yaml")
                self.fugle("run", f"{shape}.yaml")
                self.assertEqual(self.status()["state"], "OK")

    def test_a_shape_there_is_not_lists_those_there_are(self):
        said = self.fugle("init", "x", "--template", "star", expect=2).stderr
        self.assertIn("fanout", said)
        self.assertEqual(list(self.directory.glob("*.yaml")), [])

    def test_a_file_that_is_there_is_kept(self):
        self.write("demo.yaml", "mine\n")
        self.assertIn("--force", self.fugle("init", "demo", expect=2).stderr)
        self.assertEqual(self.read("demo.yaml"), "mine\n")
        self.fugle("init", "demo.yaml", "--force")
        self.assertIn("name: demo\n", self.read("demo.yaml"))

    def test_a_name_that_is_none_is_refused(self):
        self.fugle("init", "2 x", expect=2)
        self.fugle("init", expect=2)
        self.assertEqual(list(self.directory.glob("*.yaml")), [])


if __name__ == "__main__":
    main()
