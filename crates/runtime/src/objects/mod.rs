//! Objects as the embedder makes, reads and writes them.
//!
//! | file | what |
//! |-|-|
//! | `struct_ref`, `array_ref` | structs and arrays, part by part |
//! | `element`, `text` | arrays in bulk: numbers, and strings |
//! | `extern_ref` | external references: any value of the embedder |
//! | `cast` | what a handle refers to |
//! | `weak_ref` | references that keep nothing, and queues of what died |
//! | `parts` | values in and out of an object, through the doors |
//! | `error` | what can be wrong |

pub mod array_ref;
pub mod cast;
pub mod element;
pub mod error;
pub mod extern_ref;
mod parts;
pub mod struct_ref;
pub mod text;
pub mod weak_ref;
