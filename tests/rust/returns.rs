// SPDX-License-Identifier: MIT OR Apache-2.0
// One function for each type whose place of return is known (rust-abi.md, "Verified examples").
#![allow(dead_code, unused_imports, improper_ctypes_definitions)]
use std::{cell::Cell, cmp::Ordering, convert::Infallible, fmt::Debug, marker::PhantomData, mem::ManuallyDrop, num::*};
use std::{ops::ControlFlow, rc::Rc, task::Poll, time::{Duration, Instant}};

pub enum Ab { A, B }
pub enum Abc { A, B, C }
#[repr(u16)] pub enum Wide { A = 5, B = 900 }
pub enum One { A }
pub struct SF32(f32);
pub struct SU64(u64);
pub struct SPair((f32, u64));
#[repr(align(8))] pub struct Aligned8(u32, u32);
#[repr(align(16))] pub struct Aligned16(u64);
#[repr(packed)] pub struct Packed(u8, u32);
pub struct Phantom(f64, PhantomData<u8>, ());
pub enum Circles { Circle(f32), Square(f32) }
pub enum Shapes { Circle(f32), Rect { w: f32, h: f32 } }
pub enum Msg { Quit, Text(&'static str), Num }
pub enum Msg2 { Quit, Move { x: i32, y: i32 }, Write(String) }
pub enum IntOrFloat { I(u32), F(f32) }
pub enum OneF64 { A(f64) }
pub struct Vec3 { x: f32, y: f32, z: f32 }
pub struct Vec2 { x: f32, y: f32 }
#[repr(C)] pub struct CF32(f32);
#[repr(C)] pub struct CU64(u64);
#[repr(C)] pub struct CVec2 { x: f32, y: f32 }

fn gone() -> ! { std::process::abort() }
#[inline(never)] pub fn r000() -> u8 { gone() }
#[inline(never)] pub fn r001() -> i8 { gone() }
#[inline(never)] pub fn r002() -> u16 { gone() }
#[inline(never)] pub fn r003() -> u32 { gone() }
#[inline(never)] pub fn r004() -> u64 { gone() }
#[inline(never)] pub fn r005() -> i64 { gone() }
#[inline(never)] pub fn r006() -> u128 { gone() }
#[inline(never)] pub fn r007() -> i128 { gone() }
#[inline(never)] pub fn r008() -> usize { gone() }
#[inline(never)] pub fn r009() -> f32 { gone() }
#[inline(never)] pub fn r010() -> f64 { gone() }
#[inline(never)] pub fn r011() -> bool { gone() }
#[inline(never)] pub fn r012() -> char { gone() }
#[inline(never)] pub fn r013() -> () { gone() }
#[inline(never)] pub fn r014() -> &'static u8 { gone() }
#[inline(never)] pub fn r015() -> *const u16 { gone() }
#[inline(never)] pub fn r016() -> Box<u64> { gone() }
#[inline(never)] pub fn r017() -> NonZeroU8 { gone() }
#[inline(never)] pub fn r018() -> NonZeroU128 { gone() }
#[inline(never)] pub fn r019() -> fn()->u8 { gone() }
#[inline(never)] pub fn r020() -> &'static str { gone() }
#[inline(never)] pub fn r021() -> &'static [u16] { gone() }
#[inline(never)] pub fn r022() -> Box<str> { gone() }
#[inline(never)] pub fn r023() -> &'static dyn Debug { gone() }
#[inline(never)] pub fn r024() -> Box<dyn Debug> { gone() }
#[inline(never)] pub fn r025() -> String { gone() }
#[inline(never)] pub fn r026() -> Vec<u8> { gone() }
#[inline(never)] pub fn r027() -> Rc<u8> { gone() }
#[inline(never)] pub fn r028() -> Duration { gone() }
#[inline(never)] pub fn r029() -> Ordering { gone() }
#[inline(never)] pub fn r030() -> [u8; 1] { gone() }
#[inline(never)] pub fn r031() -> [u8; 3] { gone() }
#[inline(never)] pub fn r032() -> [u8; 8] { gone() }
#[inline(never)] pub fn r033() -> [u8; 9] { gone() }
#[inline(never)] pub fn r034() -> [u32; 2] { gone() }
#[inline(never)] pub fn r035() -> [u64; 1] { gone() }
#[inline(never)] pub fn r036() -> [u64; 2] { gone() }
#[inline(never)] pub fn r037() -> [f32; 1] { gone() }
#[inline(never)] pub fn r038() -> [f32; 2] { gone() }
#[inline(never)] pub fn r039() -> [f64; 1] { gone() }
#[inline(never)] pub fn r040() -> [f64; 2] { gone() }
#[inline(never)] pub fn r041() -> [f32; 4] { gone() }
#[inline(never)] pub fn r042() -> [u128; 1] { gone() }
#[inline(never)] pub fn r043() -> [&'static u8; 1] { gone() }
#[inline(never)] pub fn r044() -> (u8,u8) { gone() }
#[inline(never)] pub fn r045() -> (u8,u32) { gone() }
#[inline(never)] pub fn r046() -> (u32,u32) { gone() }
#[inline(never)] pub fn r047() -> (u64,u8) { gone() }
#[inline(never)] pub fn r048() -> (u64,u64) { gone() }
#[inline(never)] pub fn r049() -> (i16,u64) { gone() }
#[inline(never)] pub fn r050() -> (f32,f32) { gone() }
#[inline(never)] pub fn r051() -> (f64,f64) { gone() }
#[inline(never)] pub fn r052() -> (f32,u32) { gone() }
#[inline(never)] pub fn r053() -> (u64,f32) { gone() }
#[inline(never)] pub fn r054() -> (f64,u8) { gone() }
#[inline(never)] pub fn r055() -> (bool,u32) { gone() }
#[inline(never)] pub fn r056() -> (u32,bool) { gone() }
#[inline(never)] pub fn r057() -> (u8,u16,u8) { gone() }
#[inline(never)] pub fn r058() -> (u32,u16,u16) { gone() }
#[inline(never)] pub fn r059() -> (u64,u64,u8) { gone() }
#[inline(never)] pub fn r060() -> (u32,u32,u32) { gone() }
#[inline(never)] pub fn r061() -> (u32,()) { gone() }
#[inline(never)] pub fn r062() -> (f32,f32,f32) { gone() }
#[inline(never)] pub fn r063() -> ((u32,u32),u32) { gone() }
#[inline(never)] pub fn r064() -> (u128,u8) { gone() }
#[inline(never)] pub fn r065() -> (u8,u128) { gone() }
#[inline(never)] pub fn r066() -> (f64,u128) { gone() }
#[inline(never)] pub fn r067() -> (u128,u128) { gone() }
#[inline(never)] pub fn r068() -> (bool,bool) { gone() }
#[inline(never)] pub fn r069() -> (char,&'static u8) { gone() }
#[inline(never)] pub fn r070() -> Option<u8> { gone() }
#[inline(never)] pub fn r071() -> Option<u32> { gone() }
#[inline(never)] pub fn r072() -> Option<i16> { gone() }
#[inline(never)] pub fn r073() -> Option<u64> { gone() }
#[inline(never)] pub fn r074() -> Option<u128> { gone() }
#[inline(never)] pub fn r075() -> Option<f32> { gone() }
#[inline(never)] pub fn r076() -> Option<f64> { gone() }
#[inline(never)] pub fn r077() -> Option<bool> { gone() }
#[inline(never)] pub fn r078() -> Option<char> { gone() }
#[inline(never)] pub fn r079() -> Option<()> { gone() }
#[inline(never)] pub fn r080() -> Option<&'static u8> { gone() }
#[inline(never)] pub fn r081() -> Option<Box<u8>> { gone() }
#[inline(never)] pub fn r082() -> Option<&'static str> { gone() }
#[inline(never)] pub fn r083() -> Option<NonZeroU32> { gone() }
#[inline(never)] pub fn r084() -> Option<String> { gone() }
#[inline(never)] pub fn r085() -> Option<(u8,u8)> { gone() }
#[inline(never)] pub fn r086() -> Option<(u32,u32)> { gone() }
#[inline(never)] pub fn r087() -> Option<[u8; 3]> { gone() }
#[inline(never)] pub fn r088() -> Option<[u8; 7]> { gone() }
#[inline(never)] pub fn r089() -> Option<Option<bool>> { gone() }
#[inline(never)] pub fn r090() -> Option<Option<u32>> { gone() }
#[inline(never)] pub fn r091() -> Option<Ordering> { gone() }
#[inline(never)] pub fn r092() -> Option<Duration> { gone() }
#[inline(never)] pub fn r093() -> Result<u32,i32> { gone() }
#[inline(never)] pub fn r094() -> Result<u32,f32> { gone() }
#[inline(never)] pub fn r095() -> Result<u8,u32> { gone() }
#[inline(never)] pub fn r096() -> Result<u64,&'static u8> { gone() }
#[inline(never)] pub fn r097() -> Result<(),u8> { gone() }
#[inline(never)] pub fn r098() -> Result<(),String> { gone() }
#[inline(never)] pub fn r099() -> Result<(),Box<dyn Debug>> { gone() }
#[inline(never)] pub fn r100() -> Result<usize,std::io::Error> { gone() }
#[inline(never)] pub fn r101() -> Result<(),std::io::Error> { gone() }
#[inline(never)] pub fn r102() -> Result<(),std::fmt::Error> { gone() }
#[inline(never)] pub fn r103() -> Result<u8,Infallible> { gone() }
#[inline(never)] pub fn r104() -> Result<f64,()> { gone() }
#[inline(never)] pub fn r105() -> Result<u32,u32> { gone() }
#[inline(never)] pub fn r106() -> Result<u128,()> { gone() }
#[inline(never)] pub fn r107() -> Poll<()> { gone() }
#[inline(never)] pub fn r108() -> Poll<u32> { gone() }
#[inline(never)] pub fn r109() -> Poll<Option<u8>> { gone() }
#[inline(never)] pub fn r110() -> Poll<Result<u32,u8>> { gone() }
#[inline(never)] pub fn r111() -> ControlFlow<u32,u32> { gone() }
#[inline(never)] pub fn r112() -> Ab { gone() }
#[inline(never)] pub fn r113() -> Abc { gone() }
#[inline(never)] pub fn r114() -> Wide { gone() }
#[inline(never)] pub fn r115() -> One { gone() }
#[inline(never)] pub fn r116() -> SF32 { gone() }
#[inline(never)] pub fn r117() -> SU64 { gone() }
#[inline(never)] pub fn r118() -> SPair { gone() }
#[inline(never)] pub fn r119() -> Aligned8 { gone() }
#[inline(never)] pub fn r120() -> Aligned16 { gone() }
#[inline(never)] pub fn r121() -> Packed { gone() }
#[inline(never)] pub fn r122() -> Phantom { gone() }
#[inline(never)] pub fn r123() -> Circles { gone() }
#[inline(never)] pub fn r124() -> Shapes { gone() }
#[inline(never)] pub fn r125() -> Msg { gone() }
#[inline(never)] pub fn r126() -> Msg2 { gone() }
#[inline(never)] pub fn r127() -> IntOrFloat { gone() }
#[inline(never)] pub fn r128() -> OneF64 { gone() }
#[inline(never)] pub fn r129() -> Vec3 { gone() }
#[inline(never)] pub fn r130() -> Vec2 { gone() }
#[inline(never)] pub fn r131() -> Wrapping<i16> { gone() }
#[inline(never)] pub fn r132() -> Cell<u32> { gone() }
#[inline(never)] pub fn r133() -> ManuallyDrop<f32> { gone() }
#[inline(never)] pub fn r134() -> std::ops::Range<u32> { gone() }
#[inline(never)] pub fn r135() -> std::net::Ipv4Addr { gone() }
#[inline(never)] pub fn r136() -> Instant { gone() }
#[inline(never)] pub fn r137() -> CF32 { gone() }
#[inline(never)] pub fn r138() -> CU64 { gone() }
#[inline(never)] pub fn r139() -> CVec2 { gone() }
#[inline(never)] pub fn r140() -> std::arch::x86_64::__m128i { gone() }
#[inline(never)] pub fn r141() -> std::arch::x86_64::__m128 { gone() }

// Keeps a function in the program.
fn keep(function: *const ()) {
    unsafe { std::ptr::read_volatile(&function) };
}

fn main() {
    keep(r000 as *const ());
    keep(r001 as *const ());
    keep(r002 as *const ());
    keep(r003 as *const ());
    keep(r004 as *const ());
    keep(r005 as *const ());
    keep(r006 as *const ());
    keep(r007 as *const ());
    keep(r008 as *const ());
    keep(r009 as *const ());
    keep(r010 as *const ());
    keep(r011 as *const ());
    keep(r012 as *const ());
    keep(r013 as *const ());
    keep(r014 as *const ());
    keep(r015 as *const ());
    keep(r016 as *const ());
    keep(r017 as *const ());
    keep(r018 as *const ());
    keep(r019 as *const ());
    keep(r020 as *const ());
    keep(r021 as *const ());
    keep(r022 as *const ());
    keep(r023 as *const ());
    keep(r024 as *const ());
    keep(r025 as *const ());
    keep(r026 as *const ());
    keep(r027 as *const ());
    keep(r028 as *const ());
    keep(r029 as *const ());
    keep(r030 as *const ());
    keep(r031 as *const ());
    keep(r032 as *const ());
    keep(r033 as *const ());
    keep(r034 as *const ());
    keep(r035 as *const ());
    keep(r036 as *const ());
    keep(r037 as *const ());
    keep(r038 as *const ());
    keep(r039 as *const ());
    keep(r040 as *const ());
    keep(r041 as *const ());
    keep(r042 as *const ());
    keep(r043 as *const ());
    keep(r044 as *const ());
    keep(r045 as *const ());
    keep(r046 as *const ());
    keep(r047 as *const ());
    keep(r048 as *const ());
    keep(r049 as *const ());
    keep(r050 as *const ());
    keep(r051 as *const ());
    keep(r052 as *const ());
    keep(r053 as *const ());
    keep(r054 as *const ());
    keep(r055 as *const ());
    keep(r056 as *const ());
    keep(r057 as *const ());
    keep(r058 as *const ());
    keep(r059 as *const ());
    keep(r060 as *const ());
    keep(r061 as *const ());
    keep(r062 as *const ());
    keep(r063 as *const ());
    keep(r064 as *const ());
    keep(r065 as *const ());
    keep(r066 as *const ());
    keep(r067 as *const ());
    keep(r068 as *const ());
    keep(r069 as *const ());
    keep(r070 as *const ());
    keep(r071 as *const ());
    keep(r072 as *const ());
    keep(r073 as *const ());
    keep(r074 as *const ());
    keep(r075 as *const ());
    keep(r076 as *const ());
    keep(r077 as *const ());
    keep(r078 as *const ());
    keep(r079 as *const ());
    keep(r080 as *const ());
    keep(r081 as *const ());
    keep(r082 as *const ());
    keep(r083 as *const ());
    keep(r084 as *const ());
    keep(r085 as *const ());
    keep(r086 as *const ());
    keep(r087 as *const ());
    keep(r088 as *const ());
    keep(r089 as *const ());
    keep(r090 as *const ());
    keep(r091 as *const ());
    keep(r092 as *const ());
    keep(r093 as *const ());
    keep(r094 as *const ());
    keep(r095 as *const ());
    keep(r096 as *const ());
    keep(r097 as *const ());
    keep(r098 as *const ());
    keep(r099 as *const ());
    keep(r100 as *const ());
    keep(r101 as *const ());
    keep(r102 as *const ());
    keep(r103 as *const ());
    keep(r104 as *const ());
    keep(r105 as *const ());
    keep(r106 as *const ());
    keep(r107 as *const ());
    keep(r108 as *const ());
    keep(r109 as *const ());
    keep(r110 as *const ());
    keep(r111 as *const ());
    keep(r112 as *const ());
    keep(r113 as *const ());
    keep(r114 as *const ());
    keep(r115 as *const ());
    keep(r116 as *const ());
    keep(r117 as *const ());
    keep(r118 as *const ());
    keep(r119 as *const ());
    keep(r120 as *const ());
    keep(r121 as *const ());
    keep(r122 as *const ());
    keep(r123 as *const ());
    keep(r124 as *const ());
    keep(r125 as *const ());
    keep(r126 as *const ());
    keep(r127 as *const ());
    keep(r128 as *const ());
    keep(r129 as *const ());
    keep(r130 as *const ());
    keep(r131 as *const ());
    keep(r132 as *const ());
    keep(r133 as *const ());
    keep(r134 as *const ());
    keep(r135 as *const ());
    keep(r136 as *const ());
    keep(r137 as *const ());
    keep(r138 as *const ());
    keep(r139 as *const ());
    keep(r140 as *const ());
    keep(r141 as *const ());
}
