//! How values become bytes and values again. Nobody but the same process reads them, so they carry no version.
//!
//! Fields and variants are named one by one: whoever adds one is told by the compiler.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;

use super::broken;

/// A value that can be kept.
pub(crate) trait Kept: Sized {
    fn put(&self, to: &mut Out);
    fn get(from: &mut Rest<'_>) -> io::Result<Self>;
}

/// The bytes of a record that is being written.
pub(crate) struct Out(Vec<u8>);

/// The bytes of a record that are not read yet.
pub(crate) struct Rest<'a>(&'a [u8]);

impl Out {
    pub(super) fn bytes(it: &impl Kept) -> Vec<u8> {
        let mut to = Self(Vec::with_capacity(512));
        it.put(&mut to);
        to.0
    }
}

impl<'a> Rest<'a> {
    pub(super) fn bytes<T: Kept>(bytes: &'a [u8]) -> io::Result<T> {
        let mut from = Self(bytes);
        let it = T::get(&mut from)?;
        if from.0.is_empty() { Ok(it) } else { Err(other()) }
    }

    fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (some, rest) = self.0.split_at_checked(length).ok_or_else(other)?;
        self.0 = rest;
        Ok(some)
    }
}

/// The bytes are not those that were written.
pub(super) fn other() -> io::Error {
    broken("it holds something else than was written")
}

macro_rules! numbers {
    ($($type:ty),+) => { $(
        impl Kept for $type {
            fn put(&self, to: &mut Out) {
                to.0.extend_from_slice(&self.to_le_bytes());
            }

            fn get(from: &mut Rest<'_>) -> io::Result<Self> {
                let bytes = from.take(size_of::<Self>())?;
                Ok(Self::from_le_bytes(bytes.try_into().map_err(|_| other())?))
            }
        }
    )+ };
}
numbers!(u8, i8, u16, i16, u32, u64, usize, i128);

impl Kept for bool {
    fn put(&self, to: &mut Out) {
        u8::from(*self).put(to);
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        Ok(u8::get(from)? != 0)
    }
}

impl Kept for String {
    fn put(&self, to: &mut Out) {
        self.len().put(to);
        to.0.extend_from_slice(self.as_bytes());
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        let length = usize::get(from)?;
        Self::from_utf8(from.take(length)?.to_vec()).map_err(|_| other())
    }
}

/// Every word of ours that was kept so far, once. There are as many as the program has.
static WORDS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

impl Kept for &'static str {
    fn put(&self, to: &mut Out) {
        let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
        let at = words.iter().position(|it| it == self).unwrap_or_else(|| {
            words.push(self);
            words.len() - 1
        });
        at.put(to);
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        let at = usize::get(from)?;
        WORDS.lock().unwrap_or_else(PoisonError::into_inner).get(at).copied().ok_or_else(other)
    }
}

impl Kept for Timestamp {
    fn put(&self, to: &mut Out) {
        self.as_nanosecond().put(to);
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        Self::from_nanosecond(i128::get(from)?).map_err(|_| other())
    }
}

impl Kept for Date {
    fn put(&self, to: &mut Out) {
        self.year().put(to);
        self.month().put(to);
        self.day().put(to);
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        Self::new(i16::get(from)?, i8::get(from)?, i8::get(from)?).map_err(|_| other())
    }
}

impl<T: Kept> Kept for Option<T> {
    fn put(&self, to: &mut Out) {
        self.is_some().put(to);
        if let Some(it) = self {
            it.put(to);
        }
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        Ok(if bool::get(from)? { Some(T::get(from)?) } else { None })
    }
}

impl<T: Kept> Kept for Vec<T> {
    fn put(&self, to: &mut Out) {
        self.len().put(to);
        self.iter().for_each(|it| it.put(to));
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        let length = usize::get(from)?;
        (0..length).map(|_| T::get(from)).collect()
    }
}

impl Kept for BTreeMap<String, String> {
    fn put(&self, to: &mut Out) {
        self.len().put(to);
        for (key, value) in self {
            key.put(to);
            value.put(to);
        }
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        let length = usize::get(from)?;
        (0..length).map(|_| Ok((String::get(from)?, String::get(from)?))).collect()
    }
}

impl<T: Kept> Kept for Box<T> {
    fn put(&self, to: &mut Out) {
        (**self).put(to);
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        T::get(from).map(Self::new)
    }
}

impl<A: Kept, B: Kept> Kept for (A, B) {
    fn put(&self, to: &mut Out) {
        self.0.put(to);
        self.1.put(to);
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        Ok((A::get(from)?, B::get(from)?))
    }
}

/// Names that have a form of their own.
macro_rules! names {
    ($($type:ty),+ $(,)?) => { $(
        impl Kept for $type {
            fn put(&self, to: &mut Out) {
                self.as_str().to_owned().put(to);
            }

            fn get(from: &mut Rest<'_>) -> io::Result<Self> {
                Self::parse(&String::get(from)?).map_err(|_| other())
            }
        }
    )+ };
}

/// A struct, by all of its fields.
macro_rules! fields {
    ($name:ident $(<$T:ident>)? { $($field:ident),+ $(,)? }) => {
        impl $(<$T: Kept>)? Kept for $name $(<$T>)? {
            fn put(&self, to: &mut Out) {
                let Self { $($field),+ } = self;
                $($field.put(to);)+
            }

            fn get(from: &mut Rest<'_>) -> io::Result<Self> {
                Ok(Self { $($field: Kept::get(from)?),+ })
            }
        }
    };
}

/// An enum, by all of its variants, each with a number.
macro_rules! variants {
    ($name:ident $(<$T:ident>)? {
        $($number:literal $variant:ident $(( $($x:ident),+ ))? $({ $($field:ident),+ })?),+ $(,)?
    }) => {
        impl $(<$T: Kept>)? Kept for $name $(<$T>)? {
            fn put(&self, to: &mut Out) {
                match self {
                    $(Self::$variant $(( $($x),+ ))? $({ $($field),+ })? => {
                        u8::put(&$number, to);
                        $($($x.put(to);)+)?
                        $($($field.put(to);)+)?
                    })+
                }
            }

            fn get(from: &mut Rest<'_>) -> io::Result<Self> {
                Ok(match u8::get(from)? {
                    $($number => {
                        $($(let $x = Kept::get(from)?;)+)?
                        $($(let $field = Kept::get(from)?;)+)?
                        Self::$variant $(( $($x),+ ))? $({ $($field),+ })?
                    })+
                    _ => return Err(other()),
                })
            }
        }
    };
}

pub(super) use {fields, names, variants};
