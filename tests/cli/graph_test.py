"""graph: what waits for what, in several forms that say the same."""

import json
import xml.etree.ElementTree

from fugle_case import FugleCase, main

TASK_DRIVEN = """
version: 1
name: diamond
tasks:
  a: {run: "true"}
  b: {needs: [a], run: "true"}
  c: {needs: [a], run: "true"}
  d: {needs: [b, c], run: "true"}
"""
DATA_DRIVEN = """
version: 1
name: diamond
tasks:
  a: {outputs: {o: a.out}, run: "touch ${{ outputs.o }}"}
  b: {inputs: {i: "${{ tasks.a.outputs.o }}"}, outputs: {o: b.out}, run: "touch ${{ outputs.o }}"}
  c: {inputs: {i: a.out}, outputs: {o: c.out}, run: "touch ${{ outputs.o }}"}
  d: {inputs: {b: b.out, c: "${{ tasks.c.outputs.o }}"}, run: "true"}
"""
MIXED = """
version: 1
name: diamond
tasks:
  a: {outputs: {o: a.out}, run: "touch ${{ outputs.o }}"}
  b: {needs: [a], run: "true"}
  c: {inputs: {i: a.out}, outputs: {o: c.out}, run: "touch ${{ outputs.o }}"}
  d: {needs: [b], inputs: {c: "${{ tasks.c.outputs.o }}"}, run: "true"}
"""
RICH = """
version: 1
name: rich
description: all kinds of boxes
params: {mode: {type: string, default: a, choices: [a, b], description: which way}}
tasks:
  db: {service: {ready: "true"}, run: sleep 100}
  list: {outputs: {names: {type: json}}, run: "echo 'names=[]' >> $FUGLE_OUTPUT"}
  work:
    description: the "expensive" part & more
    foreach: ${{ tasks.list.outputs.names }}
    needs: [db]
    resources: {cores: 2, mem: 1G}
    run: "true"
  way: {when: params.mode == 'a', run: "true"}
  join: {needs: {way: done, work: ok}, outputs: {o: out/o}, run: "true", on_failure: {run: mend}}
  mend: {run: "true"}
  wide: {matrix: {i: [1, 2, 3]}, needs: {join: started}, run: "true"}
finally:
  end: {run: "true"}
"""


class Graph(FugleCase):
    def graph(self, file, *options):
        return self.fugle("graph", file, *options).stdout

    def test_three_diamonds_are_one_graph(self):
        for name, text in (("task", TASK_DRIVEN), ("data", DATA_DRIVEN), ("mixed", MIXED)):
            self.write(f"{name}.yaml", text)
        for form in ("--dot", "--mermaid", "--svg", "--json"):
            texts = {self.graph(f"{name}.yaml", form, *more) for name in ("task", "data", "mixed") for more in ([],)}
            self.assertEqual(len(texts), 1, form)
            self.assertEqual(len({self.graph(f"{n}.yaml", form, "--elements") for n in ("task", "data", "mixed")}), 1)
        self.assertEqual(self.graph("task.yaml"), "a\nb <- a\nc <- a\nd <- b, c\n")

    def test_conditions_services_handlers_and_the_end_are_seen(self):
        self.write("rich.yaml", RICH)
        said = json.loads(self.graph("rich.yaml", "--json"))
        nodes = {node["name"]: node for node in said["nodes"]}
        self.assertTrue(nodes["db"]["service"])
        self.assertTrue(nodes["way"]["when"])
        self.assertTrue(nodes["end"]["finally"])
        self.assertTrue(nodes["mend"]["handler"])
        self.assertIn("run time", nodes["work"]["detail"])
        self.assertIn("3 elements", nodes["wide"]["detail"])
        edges = {(e["from"], e["to"]): e["condition"] for e in said["edges"]}
        self.assertEqual(edges[("way", "join")], "done")
        self.assertEqual(edges[("join", "mend")], "failed")
        self.assertEqual(edges[("join", "wide")], "started")
        self.assertEqual(edges[("work", "join")], "ok")

    def test_the_picture_is_xml_and_has_every_box_and_arrow(self):
        self.write("rich.yaml", RICH)
        root = xml.etree.ElementTree.fromstring(self.graph("rich.yaml", "--svg"))
        tag = "{http://www.w3.org/2000/svg}"
        texts = [t.text for t in root.iter(tag + "text")]
        said = json.loads(self.graph("rich.yaml", "--json"))
        for node in said["nodes"]:
            self.assertIn(node["name"], texts)
        self.assertEqual(len(list(root.iter(tag + "path"))), len(said["edges"]))
        width = float(root.get("width"))
        for box in list(root.iter(tag + "rect"))[1:]:
            self.assertGreaterEqual(float(box.get("x")), 0)
            self.assertLessEqual(float(box.get("x")) + float(box.get("width")), width)

    def test_docs_list_each_task_with_what_it_takes_and_makes(self):
        self.write("rich.yaml", RICH)
        page = self.graph("rich.yaml", "--docs")
        for line in ("# rich", "all kinds of boxes", "| `mode` | string | `a` | which way |", "### work",
                     'the "expensive" part & more', "- Output `o`: `out/o`", "- Needs: `work`, `way` (done)",
                     "- Resources: cores 2, memory 1.0G"):
            self.assertIn(line, page)

    def test_a_run_says_how_far_it_is(self):
        self.write("d.yaml", TASK_DRIVEN.replace('b: {needs: [a], run: "true"}', 'b: {needs: [a], run: "false"}'))
        self.fugle("run", "d.yaml", expect=1)
        said = self.graph(self.run_dir().name)
        self.assertIn("b (1 FAILED) <- a", said)
        self.assertIn("d (1 BLOCKED)", said)

    def test_misuse(self):
        self.write("d.yaml", TASK_DRIVEN)
        self.assertIn("leave one out", self.fugle("graph", "d.yaml", "--dot", "--svg", expect=2).stderr)
        self.assertIn("leave", self.fugle("graph", "d.yaml", "--docs", "--elements", expect=2).stderr)
        self.fugle("graph", "none.yaml", expect=2)


if __name__ == "__main__":
    main()
