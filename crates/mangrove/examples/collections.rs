//! What a collection costs while many continuations are suspended, from 1,000 of
//! them to a million, parked or on their stacks. Prints times by frame with
//! their spread, and what they come to for a continuation, a frame and an object.
//! With a path, draws them as well.
//!
//! `cargo run --release -p mangrove --example collections [SVG]`

use mangrove::{Config, Engine, Error, Linker, Module, ParkPolicy, Store, Val};
use plotters::prelude::*;
use std::time::Instant;

const COUNTS: [usize; 7] = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];

/// What is suspended.
#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    /// Frames of the program in each continuation. The entry trampoline's is
    /// walked besides.
    frames: usize,
    /// Whether each frame holds an object.
    objects: bool,
    parked: bool,
}

const SHAPES: [Shape; 4] = [
    Shape {
        name: "parked, two frames",
        frames: 2,
        objects: false,
        parked: true,
    },
    Shape {
        name: "parked, ten frames",
        frames: 10,
        objects: false,
        parked: true,
    },
    Shape {
        name: "parked, two frames with an object each",
        frames: 2,
        objects: true,
        parked: true,
    },
    Shape {
        name: "on stacks, two frames",
        frames: 2,
        objects: false,
        parked: false,
    },
];

/// Nanoseconds by frame: of all collections of one store, in ascending order.
struct Times(Vec<f64>);

impl Times {
    fn at(&self, part: f64) -> f64 {
        self.0[(part * (self.0.len() - 1) as f64).round() as usize]
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut lines = Vec::new();
    println!("| suspended | continuations | ns a frame: least | p10 | median | p90 | most |");
    println!("|-|-|-|-|-|-|-|");
    for shape in SHAPES {
        let mut points = Vec::new();
        for count in COUNTS {
            let times = measure(shape, count)?;
            let [least, p10, median, p90, most] = [0.0, 0.1, 0.5, 0.9, 1.0].map(|p| times.at(p));
            println!(
                "| {} | {count} | {least:.1} | {p10:.1} | {median:.1} | {p90:.1} | {most:.1} |",
                shape.name
            );
            points.push((count as f64, median));
        }
        lines.push((shape, points));
    }
    model(&lines);
    if let Some(path) = std::env::args().nth(1) {
        draw(&lines, &path)?;
    }
    Ok(())
}

/// Suspends `count` continuations and collects until the times can be trusted.
fn measure(shape: Shape, count: usize) -> Result<Times, Error> {
    let mut config = Config::new();
    config.park(ParkPolicy::NEVER).continuations_max(count + 1);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, program(shape.objects).as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let suspend = instance.func(&store, "suspend").expect("an export");
    let numbers = [count, shape.frames - 1].map(|n| Val::I32(n as i32));
    suspend.call(&mut store, &numbers)?;
    if shape.parked {
        store.park();
    }
    // The first ones give memory of the heap back and forth until it fits.
    for _ in 0..3 {
        store.gc()?;
    }
    let frames = (count * shape.frames) as f64;
    let mut times = Vec::new();
    for _ in 0..(3_000_000 / count).clamp(15, 300) {
        let start = Instant::now();
        store.gc()?;
        times.push(start.elapsed().as_nanos() as f64 / frames);
    }
    times.sort_by(f64::total_cmp);
    Ok(Times(times))
}

/// `suspend(count, depth)`: each continuation calls itself `depth` times deep.
fn program(objects: bool) -> String {
    let object = match objects {
        true => "(local.set $own (struct.new $object (local.get $depth)))",
        false => "",
    };
    let used = match objects {
        true => "(struct.get $object 0 (local.get $own))",
        false => "(i32.const 1)",
    };
    format!(
        r#"(module
    (type $object (struct (field i32)))
    (type $f (func (param i32) (result i32)))
    (type $k (cont $f))
    (type $back (func (result i32)))
    (type $kb (cont $back))
    (tag $wait)
    (table $all 0 (ref null $kb))
    (elem declare func $body)
    (func $body (param $depth i32) (result i32) (local $own (ref null $object))
        {object}
        (if (i32.eqz (local.get $depth))
            (then (suspend $wait))
            (else (drop (call $body (i32.sub (local.get $depth) (i32.const 1))))))
        {used})
    (func (export "suspend") (param $count i32) (param $depth i32) (local $i i32)
        (drop (table.grow $all (ref.null $kb) (local.get $count)))
        (loop $next
            (table.set $all (local.get $i)
                (block $on (result (ref $kb))
                    (drop (resume $k (on $wait $on) (local.get $depth) (cont.new $k (ref.func $body))))
                    (unreachable)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $count))))))"#
    )
}

/// What the medians come to for a continuation, a frame and an object.
fn model(lines: &[(Shape, Vec<(f64, f64)>)]) {
    println!("\n| continuations, parked | ns a continuation | a frame | an object |");
    println!("|-|-|-|-|");
    for (index, count) in COUNTS.into_iter().enumerate() {
        let whole = |line: usize| lines[line].1[index].1 * lines[line].0.frames as f64;
        let (two, ten, objects) = (whole(0), whole(1), whole(2));
        let frame = (ten - two) / 8.0;
        let continuation = two - 2.0 * frame;
        let object = (objects - two) / 2.0;
        println!("| {count} | {continuation:.1} | {frame:.1} | {object:.1} |");
    }
}

fn draw(lines: &[(Shape, Vec<(f64, f64)>)], path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(path, (760, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let most = lines.iter().flat_map(|(_, points)| points);
    let most = most.fold(0.0, |most: f64, point| most.max(point.1));
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .margin_right(40)
        .x_label_area_size(44)
        .y_label_area_size(54)
        .build_cartesian_2d((1e3..1e6).log_scale(), 0.0..most * 1.1)?;
    chart
        .configure_mesh()
        .x_desc("suspended continuations")
        .y_desc("collection, ns a frame (median)")
        .x_label_formatter(&|count| format!("{count:.0}"))
        .draw()?;
    let colours = [&BLUE, &GREEN, &RED, &BLACK];
    for ((shape, points), colour) in lines.iter().zip(colours) {
        chart
            .draw_series(LineSeries::new(points.clone(), colour).point_size(3))?
            .label(shape.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE)
        .border_style(BLACK)
        .position(SeriesLabelPosition::UpperLeft)
        .draw()?;
    area.present()?;
    Ok(())
}
