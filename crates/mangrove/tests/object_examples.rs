//! The examples about objects run.

#[path = "../examples/externref.rs"]
mod externref;
#[path = "../examples/host_struct.rs"]
mod host_struct;
#[path = "../examples/objects.rs"]
mod objects;
#[path = "../examples/weak.rs"]
mod weak;

#[test]
fn objects_runs() {
    objects::main().unwrap();
}

#[test]
fn host_struct_runs() {
    host_struct::main().unwrap();
}

#[test]
fn externref_runs() {
    externref::main().unwrap();
}

#[test]
fn weak_runs() {
    weak::main().unwrap();
}
