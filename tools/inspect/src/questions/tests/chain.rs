//! A chain of a million objects, which nothing may recurse over.
