//! scratch
use mangrove::*;
fn main() {
    let mut args = std::env::args().skip(1);
    let file = args.next().unwrap();
    let n: i32 = args.next().unwrap().parse().unwrap();
    let engine = Engine::new(&Config::new()).unwrap();
    let module = Module::from_file(&engine, file.as_ref()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let linker = Linker::new(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let f = instance.func(&mut store, "run").unwrap();
    for _ in 0..3 {
    let t = std::time::Instant::now();
    match f.call(&mut store, &[Val::I32(n)]) { Ok(v) => println!("{v:?} {:?}", t.elapsed()), Err(e) => println!("{e}") }
    }
}
