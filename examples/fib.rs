// SPDX-License-Identifier: MIT OR Apache-2.0
//! The smallest recursion: look at the tree of calls and at what each one returned.

fn fib(n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    fib(n - 1) + fib(n - 2)
}

fn main() {
    println!("fib(5) = {}", fib(5));
}
