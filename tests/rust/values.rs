// SPDX-License-Identifier: MIT OR Apache-2.0
// Values of many types: prints where each lies, which instance of `probe` has its type, and its own {:?}; then waits.
#![allow(dead_code, static_mut_refs, unexpected_cfgs, clippy::all)]
use std::cell::{Cell, RefCell};
use std::collections::*;
use std::fmt::Debug;
use std::io::{Read, Write};
use std::marker::PhantomData;
use std::num::*;
use std::rc::Rc;
use std::sync::atomic::*;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

#[inline(never)]
fn probe<T: Debug + 'static>(value: T) {
    let kept: &'static T = Box::leak(Box::new(value));
    println!("{:x} {:x} {:?}", kept as *const T as usize, probe::<T> as *const () as usize, kept);
}

// The same for what has no Debug: the text is what a derived one would print.
#[inline(never)]
fn shown<T: 'static>(value: T, text: &str) {
    let kept: &'static T = Box::leak(Box::new(value));
    println!("{:x} {:x} {}", kept as *const T as usize, shown::<T> as *const () as usize, text);
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Point { x: i32, y: i32 }
#[derive(Debug)]
struct Unit;
#[derive(Debug)]
struct Tup(i32, &'static str, [u8; 3]);
#[derive(Debug)]
struct Mixed { r#type: u8, b: u64, c: u16, d: bool, e: char, f: f32, g: (), h: i128 }
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Color { Red, Green = 7, Blue }
#[derive(Debug, Clone, Copy)]
#[repr(i8)]
enum Signed { Minus = -3, Zero = 0, Plus = 5 }
#[derive(Debug)]
#[repr(i64)]
enum Wide { Low = i64::MIN, High = i64::MAX }
#[derive(Debug, Clone)]
enum Shape { Empty, Circle(f64), Rect { w: u32, h: u32 }, Named(String), Nested(Box<Shape>), Both(Color, Option<u8>) }
#[derive(Debug)]
#[repr(u8)]
#[cfg(not(before_1_66))]
enum Tagged { A(u32) = 3, B { x: u8 } = 7, C = 9 }
#[derive(Debug)]
#[cfg(before_1_66)]
enum Tagged { A(u32), B { x: u8 }, C }
#[derive(Debug)]
enum Void {}
#[derive(Debug)]
enum Single { Only(u8) }
#[derive(Debug)]
enum One { One }
#[derive(Debug)]
enum Half { A(i32), B(Void) }
#[derive(Debug)]
struct Gen<T> { v: [T; 3], p: PhantomData<T> }
#[derive(Debug)]
struct List { value: i32, next: Option<Box<List>> }
#[derive(Debug)]
struct Tree { name: String, children: Vec<Tree> }
#[derive(Debug)]
struct Borrowed<'a> { text: &'a str, slice: &'a [i64], point: &'a Point, twice: &'a &'a Point }
#[derive(Debug, Clone, Copy)]
#[repr(C, packed)]
struct Packed { a: u8, b: u32 }
#[derive(Debug)]
#[repr(align(64))]
struct Aligned(u8);
trait Speak: Debug { fn speak(&self) -> i32; }
#[derive(Debug)]
struct Cat(i32);
#[derive(Debug)]
struct Dog { a: i32, name: String }
#[derive(Debug)]
struct Bird;
impl Speak for Cat { fn speak(&self) -> i32 { self.0 } }
impl Speak for Dog { fn speak(&self) -> i32 { self.a } }
impl Speak for Bird { fn speak(&self) -> i32 { 0 } }
impl Speak for Aligned { fn speak(&self) -> i32 { 1 } }

union Overlay { word: u32, bytes: [u8; 4], truth: bool }
struct Chain { number: i32, back: *const Chain, next: Option<Box<Chain>> }
async fn fetch(number: u32, text: String) -> u32 { let sum = number + 1; std::future::ready(()).await; sum + text.len() as u32 }

#[derive(Debug)]
struct Rude { why: u8 }
impl std::fmt::Display for Rude {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { f.write_str("rude") }
}
impl std::error::Error for Rude {}

fn leak<T>(value: T) -> &'static mut T { Box::leak(Box::new(value)) }

fn main() {
    println!("{:x}", main as *const () as usize);
    probe(true); probe('x'); probe('\u{1F600}'); probe(255u8); probe(-128i8); probe(65535u16); probe(-32768i16);
    probe(u32::MAX); probe(i32::MIN); probe(u64::MAX); probe(i64::MIN); probe(u128::MAX); probe(i128::MIN);
    probe(usize::MAX); probe(isize::MIN); probe(1.5f32); probe(-0.0f64); probe(f64::NAN); probe(1e16f64); probe(());
    probe("hello \"world\" \u{e9}\n"); probe(""); probe(String::from("S\u{301}tring")); probe(String::new());
    probe(String::with_capacity(100));
    probe((1u8, 2u64, 3u16)); probe((7i32,)); probe(((1, 2), ("a", 'b')));
    probe(Point { x: 1, y: -2 }); probe(Unit); probe(Tup(4, "t", [1, 2, 3]));
    probe(Mixed { r#type: 1, b: 2, c: 3, d: true, e: 'e', f: 0.25, g: (), h: -5 });
    probe(Packed { a: 1, b: 0x01020304 }); probe(Aligned(9));
    probe([1i32, 2, 3]); probe([[1u8; 2]; 3]); probe([0u16; 0]); probe([Point { x: 0, y: 1 }, Point { x: 2, y: 3 }]);
    probe(["a", "bc"]); probe([true, false]); probe(['a', 'z']); probe([1u128, 2]); probe([(); 3]);
    probe(vec![1i32, -2]); probe(Vec::<u64>::new()); probe(vec![1u8, 2]); probe(vec![1i8, -2]); probe(vec![(), ()]);
    probe(vec![String::from("a"), String::new()]); probe(vec![vec![1u16], vec![], vec![2, 3]]);
    probe(vec![Some(1u8), None]); probe(vec![Point { x: 5, y: 6 }; 40]); probe(vec![&1u8, &2]);
    probe(&[1i32, 2][..]); probe(&[1u8, 2][..]); probe(&[] as &[String]); probe(leak([3u8, 4]) as &mut [u8]);
    probe(leak([Point { x: 9, y: 8 }]) as &mut [Point]); probe(&[1u8, 2]); probe(&Point { x: 3, y: 4 }); probe(&&5u32);
    probe(leak(7u64)); probe(&()); probe(&"nested"); probe(leak(String::from("mut")));
    probe(Box::new(5i32)); probe(Box::new(Point { x: 1, y: 1 })); probe(Box::new(())); probe(Box::new([1u8; 4]));
    probe(String::from("boxed").into_boxed_str()); probe(vec![1u16, 2].into_boxed_slice());
    probe(vec![1u8, 2].into_boxed_slice()); probe(Vec::<u32>::new().into_boxed_slice()); probe(Box::new(Box::new("x")));
    probe(Color::Green); probe(Signed::Minus); probe(Signed::Plus); probe(Wide::Low); probe(Wide::High);
    probe(Shape::Empty); probe(Shape::Circle(2.5)); probe(Shape::Rect { w: 1, h: 2 }); probe(Shape::Named("n".into()));
    probe(Shape::Nested(Box::new(Shape::Both(Color::Blue, Some(4))))); probe(Shape::Both(Color::Red, None));
    probe(Tagged::A(1)); probe(Tagged::B { x: 2 }); probe(Tagged::C); probe(Single::Only(3)); probe(One::One); probe(Half::A(4));
    probe(None::<Void>); probe(Ok::<u8, std::convert::Infallible>(5)); probe(Err::<std::convert::Infallible, u8>(6));
    probe(Some(1i32)); probe(None::<i32>); probe(Some("s")); probe(None::<&str>); probe(Some(String::from("o")));
    probe(None::<String>); probe(Some(true)); probe(None::<bool>); probe(Some(Some(false))); probe(Some(None::<bool>));
    probe(None::<Option<bool>>); probe(Some('c')); probe(None::<char>); probe(Some(Box::new(1u8))); probe(None::<Box<u8>>);
    probe(Some(NonZeroU128::new(7).unwrap())); probe(None::<NonZeroU128>); probe(Some(u128::MAX)); probe(None::<u128>);
    probe(Some(std::cmp::Ordering::Less)); probe(None::<std::cmp::Ordering>); probe(Some((1u8, true))); probe(Some(()));
    probe(Some(vec![1u8])); probe(None::<Vec<u8>>); probe(Some(Duration::from_millis(1500))); probe(None::<Duration>);
    probe(Ok::<i32, String>(1)); probe(Err::<i32, String>("e".into())); probe(Ok::<(), ()>(())); probe(Err::<u8, &str>("bad"));
    probe(Gen { v: [1u8, 2, 3], p: PhantomData }); probe(Gen { v: [Some("a"), None, Some("b")], p: PhantomData });
    probe(List { value: 1, next: Some(Box::new(List { value: 2, next: None })) });
    probe(Tree { name: "r".into(), children: vec![Tree { name: "c".into(), children: vec![] }] });
    let point: &'static Point = leak(Point { x: 7, y: 8 });
    probe(Borrowed { text: "t", slice: &[1, -1], point, twice: leak(point) });
    probe(Rc::new(5)); probe(Arc::new(String::from("arc"))); probe(Rc::new(RefCell::new(Point { x: 2, y: 2 })));
    probe(Rc::<str>::from("rcstr")); probe(Arc::<[u16]>::from(vec![1u16, 2])); probe(Rc::<[u8]>::from(vec![3u8]));
    probe(Rc::new(Aligned(3)));
    let shared = leak(Rc::new(1u8)); probe(Rc::downgrade(shared)); probe((shared.clone(), shared.clone()));
    probe(Box::new(Cat(3)) as Box<dyn Speak>); probe(leak(Dog { a: -1, name: "d".into() }) as &dyn Speak);
    probe(vec![Box::new(Cat(1)) as Box<dyn Speak>, Box::new(Dog { a: 2, name: "e".into() }), Box::new(Bird)]);
    probe(Rc::new(Cat(4)) as Rc<dyn Speak>); probe(Arc::new(Aligned(8)) as Arc<dyn Speak>);
    probe(Rc::new(77u128) as Rc<dyn Debug>); probe(Some(Box::new(Bird) as Box<dyn Speak>)); probe(None::<Box<dyn Speak>>);
    probe(Cell::new(3)); probe(RefCell::new(vec![1])); probe(Cell::new(Some(1u8)));
    let held: &'static RefCell<u8> = leak(RefCell::new(5)); std::mem::forget(held.borrow_mut()); probe(held);
    probe(AtomicI32::new(-5)); probe(AtomicBool::new(true)); probe(AtomicU64::new(9)); probe(AtomicUsize::new(1));
    probe(NonZeroU32::new(5).unwrap()); probe(Some(NonZeroU8::new(1).unwrap())); probe(Wrapping(9u8)); probe(Duration::new(1, 5));
    probe(Mutex::new(5)); probe(RwLock::new(String::from("rw"))); probe(std::cmp::Reverse(3)); probe(0..5u8); probe(1..=3i32);
    probe(std::borrow::Cow::Borrowed("cow")); probe(std::borrow::Cow::<str>::Owned("own".into()));
    probe(BTreeMap::from([(3, "c"), (1, "a"), (2, "b")])); probe(BTreeMap::<u8, u8>::new());
    probe((0..1000u32).map(|i| (i * 7 % 1000, i.to_string())).collect::<BTreeMap<_, _>>());
    probe(BTreeSet::from(["x", "y"])); probe((0..200i64).collect::<BTreeSet<_>>());
    probe(HashMap::from([("one", 1)])); probe(HashMap::<u8, u8>::new()); probe(HashSet::from([5u64]));
    probe(HashMap::from([(Point { x: 1, y: 2 }, vec![Color::Red])])); probe(HashSet::from([()]));
    let mut ring = VecDeque::with_capacity(5); ring.extend([1, 2, 3, 4, 5]); ring.pop_front(); ring.pop_front(); ring.extend([6, 7]);
    probe(ring); probe(VecDeque::<u8>::new()); probe(VecDeque::from([String::from("q")])); probe(VecDeque::from([(), ()]));
    probe(LinkedList::from([1u8, 2, 3])); probe(LinkedList::<String>::new()); probe(BinaryHeap::from([1, 5, 2]));
    probe(main as fn()); probe(point as *const Point); probe(std::ptr::null::<u8>()); probe(8 as *mut u64);
    probe(std::path::PathBuf::from("/tmp/x")); probe(std::ffi::OsString::from("os"));
    probe(std::io::Error::from_raw_os_error(2)); probe(std::io::Error::from_raw_os_error(11));
    probe(std::io::Error::from_raw_os_error(133)); probe(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
    probe(std::io::Error::new(std::io::ErrorKind::Other, Rude { why: 3 }));
    probe(Err::<usize, std::io::Error>(std::io::Error::from_raw_os_error(13))); probe(Ok::<usize, std::io::Error>(5));
    probe(std::net::TcpStream::connect("256.0.0.1:1x").unwrap_err());
    let (number, text) = (leak(5i32), String::from("t"));
    shown(move || { *number += text.len() as i32; }, "{closure_env#1} { number: 5, text: \"t\" }");
    shown(|| 1, "{closure_env#2}");
    shown(Overlay { word: 0x04030201 }, "Overlay { word: 67305985, bytes: [1, 2, 3, 4], truth: true }");
    shown(Overlay { word: 0x04030202 }, "Overlay { word: 67305986, bytes: [2, 2, 3, 4], truth: <unreadable> }");
    // The value of an async function had a wrapper.
    #[cfg(before_1_66)]
    shown(fetch(7, "arg".into()), "GenFuture(Unresumed { number: 7, text: \"arg\" })");
    #[cfg(not(before_1_66))]
    shown(fetch(7, "arg".into()), "Unresumed { number: 7, text: \"arg\" }");
    shown(std::mem::MaybeUninit::<u32>::uninit(), &format!("{:?}", std::mem::MaybeUninit::<u32>::uninit()));
    let chain = leak(Chain { number: 1, back: std::ptr::null(), next: None });
    chain.next = Some(Box::new(Chain { number: 2, back: chain, next: None }));
    let text = format!("Chain {{ number: 1, back: 0x0, next: Some(Chain {{ number: 2, back: {:p}, next: None }}) }}", chain);
    shown(&*chain, &text);
    println!("END");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read(&mut [0u8]);
}
