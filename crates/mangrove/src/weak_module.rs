//! Weak references for programs: functions of the module `mangrove`, with
//! [`Config::weak_references`](crate::Config::weak_references).

use crate::access::{Caller, inner_mut};
use crate::instance::Face;
use mangrove_runtime::{DeathQueue, Error, ExternRef, HeapHandle, Val, WeakHandle};

/// What `weak_new` makes.
struct Weak(WeakHandle);

/// `weak_new`: from an object to a weak reference.
pub fn new<T>(mut caller: Caller<'_, T>, args: &[Val], results: &mut [Val]) -> Result<(), Error> {
    if let Some(object) = object(args) {
        let weak = WeakHandle::new(&mut caller, object)?;
        results[0] = ExternRef::new(&mut caller, Weak(weak))?.into();
    }
    Ok(())
}

/// `weak_get`: from a weak reference to its object.
pub fn get<T>(mut caller: Caller<'_, T>, args: &[Val], results: &mut [Val]) -> Result<(), Error> {
    let Val::Extern(Some(handle)) = &args[0] else {
        return Ok(());
    };
    let reference = ExternRef::convert_any(&caller, handle)?;
    let weak = reference
        .data(&caller)?
        .and_then(|data| data.downcast_ref());
    let Some(Weak(weak)) = weak else {
        return Err(Error::host("weak_get of what weak_new has not made"));
    };
    let weak = weak.clone();
    results[0] = Val::Any(weak.upgrade(&mut caller)?);
    Ok(())
}

/// `watch`: puts a number into the queue when the object is dead.
pub fn watch<T>(mut caller: Caller<'_, T>, args: &[Val], _: &mut [Val]) -> Result<(), Error> {
    let Some(object) = object(args).filter(|object| object.as_i31().is_none()) else {
        return Err(Error::host("watch of what is no object: it never dies"));
    };
    let number = args[1]
        .as_i32()
        .and_then(|number| u32::try_from(number).ok());
    let number = number.ok_or_else(|| Error::host("watch with a negative number"))?;
    let queue = deaths(&mut caller)?;
    queue.watch(&mut caller, object, number.into())
}

/// `next_dead`: the oldest number, or -1.
pub fn next_dead<T>(
    mut caller: Caller<'_, T>,
    _: &[Val],
    results: &mut [Val],
) -> Result<(), Error> {
    let queue = deaths(&mut caller)?;
    let number = queue.next(&mut caller)?;
    // Numbers are those of `watch`, so they fit.
    results[0] = Val::I32(number.map_or(-1, |number| number as i32));
    Ok(())
}

fn object(args: &[Val]) -> Option<&HeapHandle> {
    match args.first() {
        Some(Val::Any(object)) => object.as_ref(),
        _ => None,
    }
}

/// The store's queue for programs.
fn deaths<T>(caller: &mut Caller<'_, T>) -> Result<DeathQueue, Error> {
    let known = face(caller)?.deaths;
    let queue = known.unwrap_or_else(|| DeathQueue::new(caller));
    face(caller)?.deaths = Some(queue);
    Ok(queue)
}

fn face<'c, T>(caller: &'c mut Caller<'_, T>) -> Result<&'c mut Face, Error> {
    let face = inner_mut(caller).face_mut().downcast_mut();
    face.ok_or_else(|| Error::internal("a store without a face"))
}
