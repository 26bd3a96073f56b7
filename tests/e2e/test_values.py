# SPDX-License-Identifier: MIT OR Apache-2.0
"""Forms of values that random programs hardly meet: each program prints what it passes, and that must be recorded."""

import unittest

import harness
from harness import E2ETest

GUARDS = """
use std::{cell::*, sync::*};
#[derive(Debug)] enum One { Done }
#[derive(Debug)] enum Inner { A(()) }
#[derive(Debug)] struct U;
fn leak<T>(t: T) -> &'static T { Box::leak(Box::new(t)) }
#[inline(never)] fn cells(a: Ref<'static, One>, b: RefMut<'static, U>, c: Ref<'static, ()>, d: Ref<'static, Inner>,
                          e: Ref<'static, [u8; 0]>) { println!("{:?}\\n{:?}\\n{:?}\\n{:?}\\n{:?}", a, b, c, d, e); }
#[inline(never)] fn locks(a: MutexGuard<'static, One>, b: RwLockReadGuard<'static, One>, c: RwLockWriteGuard<'static, U>)
    { println!("{:?}\\n{:?}\\n{:?}", a, b, c); }
fn main() {
    cells(leak(RefCell::new(One::Done)).borrow(), leak(RefCell::new(U)).borrow_mut(), leak(RefCell::new(())).borrow(),
          leak(RefCell::new(Inner::A(()))).borrow(), leak(RefCell::new([])).borrow());
    locks(leak(Mutex::new(One::Done)).lock().unwrap(), leak(RwLock::new(One::Done)).read().unwrap(),
          leak(RwLock::new(U)).write().unwrap());
}
"""

QUIET = ["-N", "*::fmt", "-N", "*::leak*"]


class ValuesTest(E2ETest):
    def check_printed(self, source, **options):
        """Every argument of the calls that main makes, one line each, is what the program prints."""
        rec = self.record(harness.compile_rust("app", source, **options), opts=QUIET)
        shown = [text for call in self.main_tree(rec).children for _, text in call.args]
        self.assertEqual(shown, rec.stdout_text.splitlines())
        return rec

    def test_guards_of_nothing(self):
        """What a guard protects may be of no size, and still be a value."""
        self.check_printed(GUARDS)


if __name__ == "__main__":
    unittest.main()
