// SPDX-License-Identifier: MIT OR Apache-2.0
// The program that tests/unit/debuginfo.c compiles and looks at. What the test expects is in the comments:
//   `// @fn PATH`     the function of this path begins in this line
//   `// @body PATH`   its first statement is in this line
//   `// @gone PATH`   no function of this path has code
// and in what the program prints: `layout TYPE SIZE ALIGN`, `field TYPE NAME OFFSET`, `value TYPE VARIANT BYTES`,
// `entry PATH DISTANCE` (from main).
#![allow(dead_code, unused_variables)]
use std::fmt;
use std::mem::{align_of, size_of, MaybeUninit};

mod outer {
    pub mod inner {
        #[inline(never)]
        pub fn deep(a: u8) -> u8 { // @fn app::outer::inner::deep
            a.wrapping_add(1) // @body app::outer::inner::deep
        }
    }

    #[derive(Clone, Debug)]
    pub struct Point {
        pub x: u8,
        pub y: u64,
        pub r#type: u16,
    }

    impl Point {
        #[inline(never)]
        pub fn sum(&self) -> u64 { // @fn app::outer::Point::sum
            self.x as u64 + self.y // @body app::outer::Point::sum
        }
    }
}
use outer::Point;

struct Pair<A, B>(A, B);

impl<A: Copy, B> Pair<A, B> {
    #[inline(never)]
    fn first(&self) -> A { // @fn app::Pair<u8, u32>::first<u8, u32>
        self.0 // @body app::Pair<u8, u32>::first<u8, u32>
    }
}

#[inline(never)]
fn generic<T: Copy>(value: T, count: usize) -> T { // @fn app::generic<u8> // @fn app::generic<(u16, u32)>
    let _copies = count;
    value
}

trait Speak {
    fn speak(&self) -> u32;

    #[inline(never)]
    fn twice(&self) -> u32 { // @fn app::Speak::twice<app::Cat>
        self.speak() * 2 // @body app::Speak::twice<app::Cat>
    }
}

struct Cat(u32);
struct Dog {
    age: u64,
}

impl Speak for Cat {
    #[inline(never)]
    fn speak(&self) -> u32 { // @fn app::{impl#1}::speak
        self.0 // @body app::{impl#1}::speak
    }
}

impl Speak for Dog {
    #[inline(never)]
    fn speak(&self) -> u32 { // @fn app::{impl#2}::speak
        self.age as u32
    }
}

impl fmt::Display for Cat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { // @fn app::{impl#3}::fmt
        write!(f, "cat {}", self.0)
    }
}

macro_rules! make {
    ($name:ident) => {
        #[inline(never)]
        fn $name(value: i32) -> i32 { // @fn app::made
            value - 1
        }
    };
}
make!(made);

#[inline(never)]
fn nesting(a: u32) -> u32 { // @fn app::nesting
    #[inline(never)]
    fn local(a: u32) -> u32 { // @fn app::nesting::local
        a * 3 // @body app::nesting::local
    }
    let add = |b: u32| { // @fn app::nesting::{closure#0}
        local(b) + a // @body app::nesting::{closure#0}
    };
    add(2)
}

#[inline(never)]
fn parameters(number: i16, text: &str, list: Vec<u8>, point: Point, by_ref: &Point, (left, right): (u8, u16)) -> String { // @fn app::parameters
    format!("{number} {text} {list:?} {point:?} {by_ref:?} {left} {right}")
}

#[inline(never)]
fn never(code: i32) -> ! { // @fn app::never
    std::process::exit(code)
}

fn unused() {} // @gone app::unused

#[derive(Clone, Copy)]
#[repr(i8)]
enum Level {
    Low = -3,
    Middle = 0,
    High = 100,
}

#[derive(Clone, Copy)]
#[repr(u64)]
enum Wide {
    Top = 0xffff_ffff_ffff_fff0,
    One = 1,
}

enum Shape {
    Dot,
    Circle(f64),
    Rect { w: u32, h: u32 },
}

#[repr(u8)]
enum Numbered {
    A(u32) = 3,
    B { x: u64 } = 7,
    C = 9,
}

enum Single {
    Only(u8),
}

enum Void {}

union Bits {
    int: u32,
    float: f32,
    bytes: [u8; 4],
}

#[repr(align(32))]
struct Aligned {
    a: u8,
    b: [u16; 3],
    c: [[u32; 2]; 3],
}

struct Everything {
    flag: bool,
    letter: char,
    small: i128,
    real: f32,
    reference: &'static u8,
    slice: &'static [u16],
    text: String,
    boxed: Box<dyn Speak>,
    function: fn(u8) -> u8,
    empty: (),
    nothing: [u64; 0],
    tuple: (u8, u32, u8),
    next: Option<Box<Everything>>,
}

fn print_value<T>(name: &str, variant: &str, value: T) {
    let bytes = unsafe { std::slice::from_raw_parts(&value as *const T as *const u8, size_of::<T>()) };
    print!("value {name}|{variant}|");
    for byte in bytes {
        print!("{byte:02x}");
    }
    println!();
    std::mem::forget(value);
}

macro_rules! layout {
    ($type:ty, $name:expr) => {
        println!("layout {}|{}|{}", $name, size_of::<$type>(), align_of::<$type>());
    };
}

// std::mem::offset_of is too new for the oldest compiler.
macro_rules! offset {
    ($type:ty, $($field:tt)+) => {{
        let value = MaybeUninit::<$type>::uninit();
        unsafe { std::ptr::addr_of!((*value.as_ptr()).$($field)+) as usize - value.as_ptr() as usize }
    }};
}

macro_rules! field {
    ($type:ty, $name:expr, $($field:tt)+) => {
        println!("field {}|{}|{}", $name, stringify!($($field)+), offset!($type, $($field)+));
    };
}

// Keeps types in the debug information.
#[inline(never)]
fn keep(a: &Everything, b: &Aligned, c: &Bits, d: &Single, e: &Option<Void>, f: Level, g: Wide, h: &Shape, i: &Numbered) -> usize {
    a as *const _ as usize ^ b as *const _ as usize
}

#[inline(never)]
fn keep2(
    a: Option<u8>, b: Option<&u8>, c: Option<String>, d: Result<u8, String>, e: Option<Option<bool>>, f: Option<char>,
    g: Option<core::num::NonZeroU128>, h: Result<u8, core::convert::Infallible>, i: Option<Level>, j: u128, k: Option<std::cmp::Ordering>,
) -> usize {
    let sum = j as usize;
    sum
}

fn main() { // @fn app::main
    let cat = Cat(4); // @body app::main
    let dog = Dog { age: 5 };
    let animals: Vec<Box<dyn Speak>> = vec![Box::new(Cat(1)), Box::new(Dog { age: 2 })];
    let total: u32 = animals.iter().map(|a| a.speak()).sum();
    let pair = Pair(1u8, 2u32);
    let point = Point { x: 1, y: 2, r#type: 3 };
    let sum = outer::inner::deep(1) as u64 + point.sum() + pair.first() as u64 + generic(1u8, 2) as u64
        + generic((1u16, 2u32), 3).1 as u64 + cat.twice() as u64 + made(3) as u64 + nesting(4) as u64;
    println!("{} {} {total} {}", sum, cat, dog.twice());
    println!("{}", parameters(-1, "text", vec![1], point.clone(), &point, (1, 2)));
    let everything = Everything {
        flag: true, letter: 'x', small: -1, real: 0.5, reference: &7, slice: &[1, 2], text: String::new(),
        boxed: Box::new(Cat(9)), function: outer::inner::deep, empty: (), nothing: [], tuple: (1, 2, 3), next: None,
    };
    let aligned = Aligned { a: 1, b: [1, 2, 3], c: [[1, 2], [3, 4], [5, 6]] };
    keep(&everything, &aligned, &Bits { int: 1 }, &Single::Only(1), &None, Level::Low, Wide::Top, &Shape::Dot, &Numbered::C);
    keep2(None, None, None, Ok(1), None, None, None, Ok(1), None, 5, None);

    layout!(Point, "app::outer::Point");
    field!(Point, "app::outer::Point", x);
    field!(Point, "app::outer::Point", y);
    println!("field app::outer::Point|type|{}", offset!(Point, r#type));
    layout!(Everything, "app::Everything");
    field!(Everything, "app::Everything", flag);
    field!(Everything, "app::Everything", letter);
    field!(Everything, "app::Everything", small);
    field!(Everything, "app::Everything", real);
    field!(Everything, "app::Everything", reference);
    field!(Everything, "app::Everything", slice);
    field!(Everything, "app::Everything", text);
    field!(Everything, "app::Everything", boxed);
    field!(Everything, "app::Everything", function);
    field!(Everything, "app::Everything", empty);
    field!(Everything, "app::Everything", nothing);
    field!(Everything, "app::Everything", tuple);
    field!(Everything, "app::Everything", next);
    layout!(Aligned, "app::Aligned");
    field!(Aligned, "app::Aligned", a);
    field!(Aligned, "app::Aligned", b);
    field!(Aligned, "app::Aligned", c);
    layout!(Bits, "app::Bits");
    layout!(Shape, "app::Shape");
    layout!(Numbered, "app::Numbered");
    layout!(Single, "app::Single");
    layout!(Level, "app::Level");
    layout!(Wide, "app::Wide");
    layout!(Option<u8>, "core::option::Option<u8>");
    layout!(Option<&u8>, "core::option::Option<&u8>");
    layout!(Option<String>, "core::option::Option<alloc::string::String>");
    layout!(String, "alloc::string::String");
    layout!(Option<Void>, "core::option::Option<app::Void>");
    layout!((u8, u32, u8), "(u8, u32, u8)");
    layout!(i128, "i128");
    layout!(u128, "u128");
    layout!(char, "char");
    layout!(bool, "bool");
    layout!(&str, "&str");
    layout!(&u8, "&u8");
    layout!(Box<dyn Speak>, "alloc::boxed::Box<dyn app::Speak, alloc::alloc::Global>");
    layout!(Pair<u8, u32>, "app::Pair<u8, u32>");

    print_value("app::Level", "Low", Level::Low);
    print_value("app::Level", "High", Level::High);
    print_value("app::Wide", "Top", Wide::Top);
    print_value("app::Wide", "One", Wide::One);
    print_value("app::Shape", "Dot", Shape::Dot);
    print_value("app::Shape", "Circle", Shape::Circle(1.5));
    print_value("app::Shape", "Rect", Shape::Rect { w: 1, h: 2 });
    print_value("app::Numbered", "A", Numbered::A(1));
    print_value("app::Numbered", "B", Numbered::B { x: 1 });
    print_value("app::Numbered", "C", Numbered::C);
    print_value("app::Single", "Only", Single::Only(1));
    print_value("core::option::Option<u8>", "None", None::<u8>);
    print_value("core::option::Option<u8>", "Some", Some(1u8));
    print_value("core::option::Option<&u8>", "None", None::<&u8>);
    print_value("core::option::Option<&u8>", "Some", Some(&1u8));
    print_value("core::option::Option<alloc::string::String>", "None", None::<String>);
    print_value("core::option::Option<alloc::string::String>", "Some", Some(String::from("a")));
    print_value("core::result::Result<u8, alloc::string::String>", "Ok", Ok::<u8, String>(1));
    print_value("core::result::Result<u8, alloc::string::String>", "Err", Err::<u8, String>(String::new()));
    print_value("core::option::Option<core::option::Option<bool>>", "None", None::<Option<bool>>);
    print_value("core::option::Option<core::option::Option<bool>>", "Some", Some(None::<bool>));
    print_value("core::option::Option<char>", "None", None::<char>);
    print_value("core::option::Option<char>", "Some", Some('a'));
    print_value("core::option::Option<core::num::nonzero::NonZero<u128>>", "None", None::<core::num::NonZeroU128>);
    print_value("core::option::Option<core::num::nonzero::NonZero<u128>>", "Some", core::num::NonZeroU128::new(1 << 64));
    print_value("core::option::Option<app::Level>", "None", None::<Level>);
    print_value("core::option::Option<app::Level>", "Some", Some(Level::Low));
    print_value("core::option::Option<core::cmp::Ordering>", "None", None::<std::cmp::Ordering>);
    print_value("core::option::Option<core::cmp::Ordering>", "Some", Some(std::cmp::Ordering::Less));

    let start = main as fn() as usize;
    println!("entry app::nesting|{}", (nesting as fn(u32) -> u32 as usize).wrapping_sub(start) as isize);
    println!("entry app::made|{}", (made as fn(i32) -> i32 as usize).wrapping_sub(start) as isize);
    println!("entry app::never|{}", (never as fn(i32) -> ! as usize).wrapping_sub(start) as isize);
    let speaker: &dyn Speak = &cat;
    let (_, cat_table): (usize, usize) = unsafe { std::mem::transmute(speaker) };
    let speaker: &dyn Speak = &dog;
    let (_, dog_table): (usize, usize) = unsafe { std::mem::transmute(speaker) };
    println!("vtable app::Cat|{}", cat_table.wrapping_sub(start) as isize);
    println!("vtable app::Dog|{}", dog_table.wrapping_sub(start) as isize);
    if total == 12345 {
        never(1);
    }
}
