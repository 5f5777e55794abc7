//! What the tests share.
#![allow(dead_code)] // each test uses a part of it

pub mod art;
pub mod catalog;
pub mod golden;
pub mod tv;
