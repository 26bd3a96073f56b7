// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program with frames of all sizes and arguments of all kinds, for the comparison with other tools.
use std::collections::HashMap;
use std::fmt::Debug;
trait Shape { fn area(&self) -> f64; fn name(&self) -> String { "shape".to_string() } }
#[derive(Debug, Clone)] struct Sq(f64); #[derive(Debug, Clone)] struct Rect { w: f64, h: f64 }
impl Shape for Sq { fn area(&self) -> f64 { self.0 * self.0 } }
impl Shape for Rect { fn area(&self) -> f64 { self.w * self.h } fn name(&self) -> String { format!("rect {}x{}", self.w, self.h) } }
fn fib(n: u64) -> u64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
fn big(x: u8) -> u64 { let mut a = [x; 20000]; for i in 0..a.len() { a[i] = a[i].wrapping_add(i as u8); } a.iter().map(|v| *v as u64).sum() }
fn mid(x: u8) -> u64 { let mut a = [x; 5000]; a[(x as usize) % 5000] = 3; a.iter().map(|v| *v as u64).sum() }
fn huge(x: u8) -> u64 { let mut a = [x; 300000]; a[(x as usize) % 300000] = 3; a.iter().map(|v| *v as u64).sum() }
#[repr(align(64))] #[derive(Clone, Copy)] struct Al([u8; 64]);
fn al(x: u8) -> u8 { let a = Al([x; 64]); let b = a; b.0[3].wrapping_add(a.0[1]) }
fn many(a: u8, b: u16, c: u32, d: u64, e: bool, f: f32, g: f64, h: &str, i: u128, j: (u32, f32), k: [u64; 4]) -> f64 { a as f64 + b as f64 + c as f64 + d as f64 + e as u8 as f64 + f as f64 + g + h.len() as f64 + i as f64 + j.0 as f64 + k[1] as f64 }
fn lp(mut a: u64) -> u64 { loop { a = a * 3 % 1000; if a < 10 { return a; } } }
fn sw(x: u32) -> &'static str { match x { 0 => "a", 1 => "bb", 2 => "ccc", 3 => "dddd", 4 => "e", 5 => "ff", 6 => "g", _ => "z" } }
fn gen<T: Debug + Clone>(v: &[T]) -> String { v.iter().map(|x| format!("{:?}", x.clone())).collect::<Vec<_>>().join(",") }
fn main() {
    let n: u64 = std::env::args().count() as u64;
    let mut m: HashMap<String, u64> = HashMap::new();
    for i in 0..20 * n { *m.entry(format!("k{}", i % 7)).or_insert(0) += fib(i % 10); }
    let s: Vec<Box<dyn Shape>> = vec![Box::new(Sq(n as f64)), Box::new(Rect { w: 2.0, h: n as f64 })];
    for x in &s { println!("{} {}", x.name(), x.area()); }
    println!("{:?} {} {} {} {} {}", m, big(n as u8), mid(n as u8), huge(n as u8), al(n as u8), lp(n));
    println!("{}", many(1, 2, 3, 4, n > 1, 1.0, 2.0, "x", n as u128, (1, 2.0), [n; 4]));
    println!("{} {}", sw(n as u32), gen(&[n, 2, 3]));
    let h = std::thread::spawn(move || fib(n)); println!("{}", h.join().unwrap());
    let r = std::panic::catch_unwind(|| { if n > 100 { panic!("x") } }); println!("{:?}", r.is_ok());
    let mut v: Vec<u64> = (0..100).map(|x| x * 7919 % 101).collect(); v.sort(); v.sort_unstable_by(|a, b| b.cmp(a)); println!("{:?}", &v[..3]);
}
