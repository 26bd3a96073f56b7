// SPDX-License-Identifier: MIT OR Apache-2.0
// Functions of all kinds; the test compares their names in a legacy and a v0 build.
#![allow(dead_code, unused)]
use std::fmt;
pub struct Cat(i32);
impl fmt::Display for Cat { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, "cat{}", self.0) } }
pub trait Speak { fn hello(&self) -> i32 { 3 } fn name(&self) -> i32; fn gen_prov<M>(&self, m: M) -> M where Self: Sized { m } }
impl Speak for Cat { fn name(&self) -> i32 { 1 } }
pub trait Tt { fn go(&self) -> usize; fn own<U>(&self, u: U) -> U; }
impl<T> Tt for Vec<T> { fn go(&self) -> usize { let c = |x: usize| x + self.len(); c(1) } fn own<U>(&self, u: U) -> U { u } }
pub trait Gen<A> { fn hh(&self, a: A) -> A; }
impl Gen<u8> for Cat { fn hh(&self, a: u8) -> u8 { a } }
impl<A> Gen<A> for Stack<A> { fn hh(&self, a: A) -> A { a } }
pub struct Stack<T> { v: Vec<T> }
impl<T> Stack<T> { pub fn new() -> Self { Stack { v: Vec::new() } } pub fn push(&mut self, t: T) { let mut f = |x| self.v.push(x); f(t) } pub fn map<U>(&self, u: U) -> U { u } }
pub struct Arr<const N: usize>([u8; N]);
impl<const N: usize> Arr<N> { fn len(&self) -> usize { N } }
impl<const N: usize> Speak for Arr<N> { fn name(&self) -> i32 { N as i32 } }
fn gen1<T>(t: T) -> T { let f = |x: T| x; f(t) }
fn gen2<T, U>(t: T, u: U) -> (T, U) { fn inner(x: i32) -> i32 { x } inner(1); struct L<Z>(Z); impl<Z> L<Z> { fn m(&self) -> i32 { 1 } } L(3u8).m(); (t, u) }
mod other { pub mod deep { pub struct Dog; }
 impl deep::Dog { pub fn bark(&self) -> i32 { (|| 4)() } }
 impl super::Speak for deep::Dog { fn name(&self) -> i32 { (|| 9)() } }
 impl std::fmt::Debug for super::Cat { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { f.write_str("d") } }
}
impl Speak for (i32,) { fn name(&self) -> i32 { 2 } }
impl Speak for fn(u8) -> i32 { fn name(&self) -> i32 { 2 } }
impl Speak for [u16; 4] { fn name(&self) -> i32 { 2 } }
impl Speak for &str { fn name(&self) -> i32 { 2 } }
impl<'a> Speak for &'a [u8] { fn name(&self) -> i32 { 2 } }
impl Speak for Box<dyn Fn(i32) -> u8 + Send> { fn name(&self) -> i32 { 2 } }
impl Speak for dyn Gen<u8> + Send { fn name(&self) -> i32 { 2 } }
impl<K, V> Speak for std::collections::HashMap<K, V> { fn name(&self) -> i32 { 2 } }
impl Speak for *const u8 { fn name(&self) -> i32 { 2 } }
impl Drop for Cat { fn drop(&mut self) { self.0 = 0; } }
async fn fetch(a: u32) -> u32 { a + 1 }
#[no_mangle] pub extern "C" fn exported(a: i32) -> i32 { a }
const fn cf(x: usize) -> usize { x }
fn takes(f: impl Fn(i32) -> i32) -> i32 { f(1) }
fn byref<T: ?Sized>(_t: &T) -> i32 { 1 }
struct Asleep;
impl std::task::Wake for Asleep { fn wake(self: std::sync::Arc<Self>) {} }
fn main() {
  let c = Cat(1); println!("{} {:?}", c, c); c.hello(); c.name(); c.gen_prov(3u8);
  vec![1i32].go(); vec!["a"].go(); vec![1i32].own(3u8);
  c.hh(1); let mut s: Stack<u8> = Stack::new(); s.push(1); s.map(3i64); s.hh(2); let mut s2: Stack<Vec<String>> = Stack::new(); s2.push(vec![]);
  Arr([0; 3]).len(); Arr([0; 3]).name(); Arr([0;5]).hello();
  gen1(3u8); gen1("x"); gen1((1i32,)); gen1(vec![1u8]); gen2(1u8, "b"); gen1([1i16;3]); gen1(main as fn()); gen1(&c as &dyn Speak); gen1(Box::new(|x: i32| x as u8) as Box<dyn Fn(i32) -> u8>);
  other::deep::Dog.bark(); other::deep::Dog.name(); other::deep::Dog.hello();
  (1i32,).name(); (|x: u8| x as i32) as fn(u8) -> i32; ((|x: u8| x as i32) as fn(u8) -> i32).name(); [1u16;4].name(); "a".name(); (&[1u8][..]).name();
  (Box::new(|x: i32| x as u8) as Box<dyn Fn(i32) -> u8 + Send>).name(); (&c as &(dyn Gen<u8> + Send)).name(); std::collections::HashMap::<u8, String>::new().name();
  (&3u8 as *const u8).name();
  let mut fut = Box::pin(fetch(1)); let w = std::sync::Arc::new(Asleep).into(); let mut cx = std::task::Context::from_waker(&w); let _ = std::future::Future::poll(fut.as_mut(), &mut cx);
  exported(2); takes(|x| x + 1); byref("x"); byref(&[1u8][..]); byref(&c as &dyn Speak); cf(3);
  [1, 2].iter().map(|x| x + 1).for_each(|_x| {});
}
