# SPDX-License-Identifier: MIT OR Apache-2.0
"""Recursive data: a tree of boxes, grown call by call, as {:?} prints it; a cycle that must not hang."""

import unittest

import harness
from harness import E2ETest

SOURCE = """
#[derive(Debug)]
enum Tree { Leaf, Node(Box<Tree>, i32, Box<Tree>) }
fn insert(tree: Tree, key: i32) -> Tree {
    match tree {
        Tree::Leaf => Tree::Node(Box::new(Tree::Leaf), key, Box::new(Tree::Leaf)),
        Tree::Node(left, k, right) => {
            if key < k { Tree::Node(Box::new(insert(*left, key)), k, right) }
            else { Tree::Node(left, k, Box::new(insert(*right, key))) }
        }
    }
}
fn sum(tree: &Tree) -> i64 {
    match tree { Tree::Leaf => 0, Tree::Node(l, k, r) => sum(l) + *k as i64 + sum(r) }
}
fn main() {
    let mut tree = Tree::Leaf;
    for key in [50, 30, 70, 20, 40] { tree = insert(tree, key); println!("{:?}", tree); }
    println!("{}", sum(&tree));
}
"""

CYCLE = """
use std::cell::Cell;
struct Node<'a> { number: u32, next: Cell<Option<&'a Node<'a>>> }
fn look<'a>(node: &'a Node<'a>) -> u32 { node.number }
fn main() {
    let a = Node { number: 1, next: Cell::new(None) };
    let b = Node { number: 2, next: Cell::new(Some(&a)) };
    a.next.set(Some(&b));
    println!("{}", look(&a) + look(&b));
}
"""


class RecursiveTest(E2ETest):
    def test_tree(self):
        rec = self.record(harness.compile_rust("app", SOURCE))
        lines = rec.stdout_text.split("\n")
        main = self.main_tree(rec)
        inserts = [c for c in main.children if c.function == "app::insert"]
        self.assertEqual(len(inserts), 5)
        before = "Leaf"
        for call, key, printed in zip(inserts, [50, 30, 70, 20, 40], lines):
            self.assertEqual(call.args, [("tree", before), ("key", str(key))])
            self.assertEqual(call.value, printed)
            before = printed
        sums = [c for c in main.children if c.function == "app::sum"]
        self.assertEqual([(c.args, c.value) for c in sums], [([("tree", before)], "210")])
        self.assertEqual(len(list(sums[0].walk())), 11)      # 5 nodes, 6 leaves

    def test_cycle_ends(self):
        rec = self.record(harness.compile_rust("app", CYCLE))
        self.assertEqual([c.value for c in self.main_tree(rec).children], ["1", "2"])
        for c in self.main_tree(rec).children:
            self.assertTrue(c.args[0][1] is None or c.args[0][1].startswith("Node { number: "), repr(c))


if __name__ == "__main__":
    unittest.main()
