"""run --only: one element alone; with --attach on this terminal."""

from fugle_case import FugleCase, main

FLOW = """
version: 1
name: w
tasks:
  a: {outputs: {o: out/a}, run: "echo a >> ran; echo made > ${{ outputs.o }}"}
  b:
    matrix: {i: [1, 2]}
    inputs: {a: "${{ tasks.a.outputs.o }}"}
    env: {MINE: "is ${{ matrix.i }}"}
    run: "echo b${{ matrix.i }} >> ran; echo $MINE $FUGLE_ELEMENT; read word && echo got $word; exit ${{ matrix.i }}"
  c: {needs: [b], run: "echo c >> ran"}
  v: {outputs: {n: {type: value}}, run: "echo n=1 >> $FUGLE_OUTPUT"}
  w: {run: "echo ${{ tasks.v.outputs.n }}"}
"""


class Only(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("w.yaml", FLOW)

    def test_one_element_runs_and_nothing_that_it_needs_or_that_needs_it(self):
        self.write("out/a", "")
        self.fugle("run", "w.yaml", "--only", "b[2]", expect=1)
        self.assertEqual(self.read("ran"), "b2\n")
        self.assertEqual(self.status()["total"], 1)

    def test_on_this_terminal_with_its_environment_and_exit_code(self):
        self.write("out/a", "")
        done = self.fugle("run", "w.yaml", "--only", "b[2]", "--attach", stdin="hello\n", expect=2)
        self.assertEqual(done.stdout, "is 2 b[2]\ngot hello\n")
        self.assertFalse((self.directory / ".fugle").exists(), "it is no run")

    def test_misuse(self):
        self.assertIn("--only", self.fugle("run", "w.yaml", "--attach", expect=2).stderr)
        self.assertIn("leave one out", self.fugle("run", "w.yaml", "--only", "a", "--select", "a", expect=2).stderr)
        self.assertIn("b[1]", self.fugle("run", "w.yaml", "--only", "b[7]", expect=2).stderr)
        self.assertIn("rerun --element", self.fugle("run", "w.yaml", "--only", "w", expect=2).stderr)


if __name__ == "__main__":
    main()
