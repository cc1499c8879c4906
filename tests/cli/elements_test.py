"""Elements that are known before the run: foreach over files of the disk, points of a matrix, names of the run."""
import unittest

from fugle_case import FugleCase

FILES = """
version: 1
name: files
tasks:
  one:
    foreach: "data [[]1]/*.nc"
    run: |
      printf '%s %s %s\\n' ${{ q(item) }} "$FUGLE_ITEM" "$FUGLE_INDEX" > one.$FUGLE_INDEX
  many:
    foreach: ${{ lines('list.txt') }}
    run: [touch, "many.${{ item }}"]
  other:
    run: [touch, "${{ exists('gone') ? 'gone' : 'new' }}.${{ len(glob('data [[]1]/*')) }}"]
  own:
    run: test "$FUGLE_RUN_ID" = ${{ run.id }} && test "$FUGLE_RUN_DIR" = ${{ q(run.dir) }} && touch own
"""

POINTS = """
version: 1
name: points
tasks:
  a:
    matrix:
      x: [1, 2]
      y: "001..003..2"
      exclude: [{x: 1}]
      include: [{x: 2, note: two}, {x: 3, y: "007"}]
    run: echo "$FUGLE_MATRIX_x $FUGLE_MATRIX_y $FUGLE_MATRIX_note" > "a.$FUGLE_MATRIX_x"
  b:
    foreach: [{id: m1, seed: 5}, {id: m2, seed: 7}]
    workdir: per_element
    run: "echo ${{ item.seed }} > seed"
"""


class ElementsTest(FugleCase):
    def test_files_give_elements_in_the_order_of_their_names(self):
        self.write("w.yaml", FILES)
        self.write("list.txt", "p\n\n  \nq\r\n")
        for name in ("b.nc", "a.nc", "c.txt", ".hidden.nc"):
            self.write(f"data [1]/{name}", "")
        self.assertEqual(self.fugle("validate", "w.yaml").stderr, "")
        self.fugle("run", "w.yaml", "--local")
        self.assertEqual(self.read("one.0"), "data [1]/a.nc data [1]/a.nc 0\n")
        self.assertEqual(self.read("one.1"), "data [1]/b.nc data [1]/b.nc 1\n")
        for name in ("many.p", "many.q", "new.3", "own"):
            self.read(name)

    def test_what_is_not_there_is_told_before_the_run(self):
        self.write("w.yaml", FILES)
        said = self.fugle("run", "w.yaml", "--local", expect=2).stderr
        self.assertIn("error E205: foreach of 'one' has no elements ('data [[]1]/*.nc' matches nothing)", said)
        self.assertIn("error E403: 'lines': cannot read 'list.txt'", said)
        self.assertEqual(self.fugle("validate", "w.yaml").stderr, "")

    def test_points_and_fields_reach_the_command(self):
        self.write("w.yaml", POINTS)
        self.fugle("run", "w.yaml", "--local")
        self.assertEqual(sorted(self.states()), ["a[2,001]", "a[2,003]", "a[3,007]", "b[m1]", "b[m2]"])
        self.assertEqual(self.read("a.3"), "3 007 \n")
        self.assertRegex(self.read("a.2"), r"^2 00[13] two\n$")
        self.assertEqual(self.read("b.m2/seed"), "7\n")


if __name__ == "__main__":
    unittest.main()
