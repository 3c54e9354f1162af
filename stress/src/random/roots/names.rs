//! What the objects of an engine are known by: structs by the number in a field, arrays by
//! what is in them ([`array_name`]).

use crate::random::heap::values::{array_name, samples};
use mangrove::{GraphTarget, LiveObject, Val, Within};
use std::collections::HashMap;

/// The field that has a struct's number.
const NUMBER: u32 = 3;

/// Objects as they are met.
#[derive(Default)]
pub struct Names {
    structs: HashMap<u32, u64>,
    arrays: Vec<Array>,
}

struct Array {
    at: u32,
    len: usize,
    numbers: Vec<i64>,
    /// By element, and place in the heap.
    objects: Vec<(usize, u32)>,
}

impl Names {
    /// Adds one.
    pub fn add(&mut self, object: &LiveObject<'_>) {
        let Some(len) = object.array_len() else {
            if let Some(Val::I64(number)) = object.number(NUMBER) {
                self.structs.insert(object.offset(), number as u64);
            }
            return;
        };
        let len = len as usize;
        let numbers = samples(len).map_while(|at| number(object.number(at as u32)?));
        let objects =
            object
                .references()
                .filter_map(|reference| match (reference.within, reference.to) {
                    (Some(Within::Element { index }), GraphTarget::Object(at)) => {
                        Some((index as usize, at))
                    }
                    _ => None,
                });
        self.arrays.push(Array {
            at: object.offset(),
            len,
            numbers: numbers.collect(),
            objects: objects.collect(),
        });
    }

    /// The names, by place in the heap.
    pub fn all(self) -> HashMap<u32, u64> {
        // Of an array within an array nothing but its length counts.
        let inner = self.arrays.iter().map(|array| {
            let nothing = (std::iter::empty(), std::iter::empty());
            (array.at, array_name(array.len, nothing.0, nothing.1))
        });
        let mut inside = self.structs.clone();
        inside.extend(inner);
        let mut names = self.structs;
        for array in self.arrays {
            let objects = array.objects.iter();
            // An element that is not in the list is no object: it is found out elsewhere.
            let objects = objects.filter_map(|&(index, at)| Some((index, *inside.get(&at)?)));
            let name = array_name(array.len, array.numbers.into_iter(), objects);
            names.insert(array.at, name);
        }
        names
    }
}

/// A number as the oracle has it.
fn number(value: Val) -> Option<i64> {
    Some(match value {
        Val::I32(value) => i64::from(value),
        Val::I64(value) => value,
        Val::F32(bits) => i64::from(bits as i32),
        Val::F64(bits) => bits as i64,
        Val::V128(bits) => (bits >> 64) as i64,
        _ => return None,
    })
}
