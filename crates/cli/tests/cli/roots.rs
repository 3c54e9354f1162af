//! `mangrove roots`: each view and form, saved snapshots, and how it ends.

use crate::common::{Ended, file, mangrove};
use crate::schema::document;
use std::io::Read;
use std::process::{Command, Stdio};

/// Two workers wait in a table. The first holds a list over its wait, the second nothing.
const WORKERS: &str = r#"(module
  (import "mangrove" "gc" (func $gc))
  (type $work (func)) (type $new (cont $work))
  (type $node (struct (field $value i32) (field $next (ref null $node))))
  (type $bytes (array i8))
  (tag $wait)
  (table $pool 8 (ref null $new))
  (global $name (mut (ref null $bytes)) (ref.null $bytes))
  (data $text "mangrove")
  (func $keeper (local $list (ref null $node))
    (local.set $list (struct.new $node (i32.const 1)
      (struct.new $node (i32.const 2) (ref.null $node))))
    (suspend $wait)
    (drop (struct.get $node $value (local.get $list))))
  (func $idler (suspend $wait))
  (func $hire (param $i i32) (param $k (ref $new))
    (block $waits (result (ref $new))
      (resume $new (on $wait $waits) (local.get $k))
      (return))
    (local.set $k)
    (table.set $pool (local.get $i) (local.get $k)))
  (elem declare func $keeper $idler)
  (func (export "main")
    (global.set $name (array.new_data $bytes $text (i32.const 0) (i32.const 8)))
    (call $hire (i32.const 1) (cont.new $new (ref.func $keeper)))
    (call $gc)
    (call $hire (i32.const 2) (cont.new $new (ref.func $idler)))
    (call $gc))
  (func (export "many") (param $n i32)
    (loop $more
      (call $hire (i32.rem_u (local.get $n) (i32.const 8)) (cont.new $new (ref.func $keeper)))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "fill") (param $n i32)
    (drop (table.grow $pool (ref.null $new) (local.get $n)))
    (loop $more
      (call $hire (local.get $n) (cont.new $new (ref.func $keeper)))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "trap") (call $hire (i32.const 1) (cont.new $new (ref.func $idler))) unreachable))"#;

fn program(test: &str) -> String {
    let path = file(&format!("roots-{test}.wat"), WORKERS);
    path.to_str().unwrap().to_owned()
}

/// The command on the program, its `main` called.
#[track_caller]
fn roots<const N: usize>(program: &str, arguments: [&str; N]) -> Ended {
    let mut all = vec!["roots", program, "--invoke", "main"];
    all.extend(arguments);
    with(&all)
}

fn with(arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mangrove"));
    let output = command.args(arguments).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Asserts success, and that what was printed has these.
#[track_caller]
fn shows<const N: usize>(ended: &Ended, parts: [&str; N]) {
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    for part in parts {
        assert!(
            ended.stdout.contains(part),
            "no {part:?} in\n{}",
            ended.stdout
        );
    }
}

/// The number of the continuation of a function.
#[track_caller]
fn number_of(program: &str, function: &str) -> String {
    let json = document(&roots(program, ["--view", "stacks", "--format", "json"]).stdout);
    let stacks = json["stacks"].as_array().unwrap();
    let of = |stack: &&serde_json::Value| stack["origin"]["function"]["name"] == function;
    stacks.iter().find(of).unwrap()["id"].to_string()
}

#[test]
fn the_first_page_has_counts_roots_and_what_can_be_asked() {
    let ended = roots(&program("summary"), []);
    let first = "4 roots, 2 continuations, 4 frames; 3 objects reachable, 48 bytes\n";
    assert!(ended.stdout.starts_with(first), "{}", ended.stdout);
    shows(
        &ended,
        [
            "end of roots-summary.wat",
            "2 full ones",
            "\noutside of stacks\n  globals\n    global 0 $name  ref  $bytes @0x",
            "  table 0 $pool\n",
            "[3] to [7]        null",
            "of $keeper, suspended\n  frame 0: $keeper at 0x",
            "$node @0x",
            "\nheap by type\n",
            "--why ",
            "--save FILE",
        ],
    );
}

#[test]
fn each_view_shows_its_part() {
    let program = program("views");
    let view = |name: &str| roots(&program, ["--view", name]);
    let whole = roots(&program, []).stdout;
    let list = view("roots");
    shows(
        &list,
        [
            "4 roots, 2 continuations",
            "in 6 more places\n",
            "table 0 $pool",
        ],
    );
    assert!(!list.stdout.contains("--why"), "{}", list.stdout);
    let groups = list.stdout.split_once("\n\n").unwrap().1;
    assert!(whole.contains(groups.trim_end()), "{whole}");
    shows(
        &view("stacks"),
        [
            "2 continuations\n",
            "of $keeper, suspended\n  made in func 4 (export \"main\") at 0x",
            "age 2 full collections",
            "age 1 full collection,",
            "frame 0: $idler at 0x",
        ],
    );
    shows(
        &view("shapes"),
        [
            "2 shapes of 2 continuations",
            "1 suspended of $idler",
            "such as continuation ",
        ],
    );
    shows(
        &view("types"),
        [
            "3 objects of 2 types, 48 bytes",
            "32 bytes",
            "$node",
            "\nspaces\n",
            "old",
        ],
    );
    assert_eq!(view("suspects").code, Some(0));
    let suspects = view("suspects").stdout;
    for option in ["--suspects", "--leaks"] {
        assert_eq!(roots(&program, [option]).stdout, suspects);
    }
    // Both of one kind, and neither without two moments.
    assert_eq!(view("diff").code, Some(2));
}

#[test]
fn questions_about_a_node() {
    let program = program("questions");
    let keeper = number_of(&program, "keeper");
    let title = format!("continuation {keeper} of $keeper");
    let why = roots(&program, ["--why", &keeper]);
    shows(
        &why,
        [
            &format!("{title}: 1 reference to it, retains "),
            &format!("  table 0 $pool\n    [1] -> {title}\n"),
            "nothing else keeps it alive: without table 0 $pool it dies",
        ],
    );
    // As it is shown, it can be typed.
    assert_eq!(roots(&program, ["--why", &title]).stdout, why.stdout);
    let open = roots(&program, ["--open", &keeper, "--depth", "4"]);
    shows(
        &open,
        [
            &format!("{title}, suspended  "),
            "\n  frame 0: $keeper at 0x",
            "= $node @0x",
            "\n      field 0 $value = 1\n",
            "\n        field 0 $value = 2\n",
            "\n        field 1 $next = null\n",
        ],
    );
    let shallow = roots(&program, ["--open", &keeper, "--depth", "1"]);
    assert!(!shallow.stdout.contains("field 0"), "{}", shallow.stdout);
    shows(&roots(&program, ["--open", "global 0"]), ["\"mangrove\""]);
    let without = roots(&program, ["--what-if-drop", "table 0"]);
    shows(
        &without,
        [
            "without table 0 $pool\n",
            "2 objects (32 bytes), 2 frames, 2 continuations",
            "\ncontinuations by shape\n",
            "$keeper at 0x",
            "$idler at 0x",
        ],
    );
    // Those that are alike are one line, whatever their number.
    let alike = mangrove([
        "roots",
        &program,
        "--invoke",
        "many",
        "8",
        "--what-if-drop",
        "table 0",
    ]);
    let lines = alike.stdout.lines().filter(|line| line.contains("$keeper"));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), 1, "{}", alike.stdout);
    assert!(lines[0].trim_start().starts_with("8 "), "{}", alike.stdout);
    shows(
        &roots(&program, ["--filter", "type=$node"]),
        ["2 nodes, 32 bytes", "$node @0x"],
    );
    let stacks = roots(
        &program,
        ["--view", "stacks", "--filter", "function=$idler"],
    );
    shows(&stacks, ["1 continuation\n", "$idler"]);
    assert!(!stacks.stdout.contains("$keeper"), "{}", stacks.stdout);
}

#[test]
fn every_view_is_a_document_of_the_schema() {
    let program = program("schema");
    let keeper = number_of(&program, "keeper");
    let questions: [&[&str]; 12] = [
        &[],
        &["--view", "roots"],
        &["--view", "stacks"],
        &["--view", "shapes"],
        &["--view", "types"],
        &["--suspects"],
        &["--why", &keeper],
        &["--open", "roots", "--depth", "9"],
        &["--what-if-drop", "table 0", "--what-if-drop", "global 0"],
        &["--filter", "type=$node"],
        &["--at", "gc:1", "--at", "end", "--diff"],
        &["--at", "gc:1", "--at", "gc:2", "--at", "end"],
    ];
    for question in questions {
        for more in [&[][..], &["--limit", "1"], &["--all"]] {
            let mut all = vec!["roots", &program, "--invoke", "main", "--format", "json"];
            all.extend(question);
            all.extend(more);
            let ended = with(&all);
            assert_eq!(ended.code, Some(0), "{all:?}: {ended:?}");
            let json = document(&ended.stdout);
            let several = question.len() == 6;
            assert_eq!(json.is_array(), several, "{all:?}");
        }
    }
    // What version 1 had.
    let json = document(&roots(&program, ["--format", "json"]).stdout);
    assert_eq!(
        [
            &json["continuations"],
            &json["frames"],
            &json["objects"],
            &json["object_bytes"]
        ],
        [2, 4, 3, 48]
    );
    let all = json["roots"].as_array().unwrap();
    let slot = |root: &&serde_json::Value| root["owner"] == "frame";
    let slot = all.iter().find(slot).unwrap();
    assert_eq!((&slot["kind"], &slot["frame"]), (&"ref".into(), &0.into()));
    assert_eq!(slot["function"]["name"], "keeper");
    assert_eq!(slot["value"]["is"], "object");
    assert!(
        slot["distance"].is_u64() && slot["wasm_offset"].is_u64(),
        "{slot}"
    );
}

#[test]
fn a_saved_moment_is_as_good_as_the_run() {
    let program = program("saved");
    let saved = file("roots-saved.snapshot", "");
    let saved = saved.to_str().unwrap();
    let run = roots(&program, ["--at", "gc:2", "--save", saved]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for question in [
        &[][..],
        &["--view", "roots"],
        &["--view", "stacks"],
        &["--why", "table $pool"],
        &["--format", "json"],
        &["--format", "dot"],
        &["--format", "html"],
        &["--format", "heapsnapshot"],
    ] {
        let mut arguments = vec!["roots", saved];
        arguments.extend(question);
        let opened = with(&arguments);
        assert_eq!(opened.code, Some(0), "{question:?}: {opened:?}");
        if question.is_empty() {
            assert_eq!(opened.stdout, run.stdout);
        }
    }
    mangrove(["roots", saved, "--invoke", "main"]).is_one_line(
        2,
        ["is a saved snapshot: nothing runs, so --invoke means nothing"],
    );
    mangrove(["roots", saved, "--at", "end"]).is_one_line(2, ["so --at means nothing"]);
    // What is damaged is told, whatever is asked.
    let mut bytes = std::fs::read(saved).unwrap();
    for (name, cut) in [("cut", bytes.len() / 2), ("start", 8), ("none", 9)] {
        let path = file(&format!("roots-{name}.snapshot"), &bytes[..cut]);
        let ended = mangrove(["roots", path.to_str().unwrap()]);
        ended.is_one_line(2, [&format!("roots-{name}.snapshot: "), "ends"]);
    }
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    let path = file("roots-damaged.snapshot", &bytes);
    let ended = mangrove(["roots", path.to_str().unwrap()]);
    ended.is_one_line(2, ["roots-damaged.snapshot: ", "damaged"]);
}

#[test]
fn several_moments_of_a_run_are_compared() {
    let program = program("several");
    let folder = env!("CARGO_TARGET_TMPDIR");
    let saved = format!("{folder}/roots-several.snapshot");
    let ended = roots(
        &program,
        ["--at", "gc:1", "--at", "gc:2", "--diff", "--save", &saved],
    );
    ended.says(["note: gc:1 is in ", "note: gc:2 is in "]);
    let ended = Ended {
        stderr: String::new(),
        ..ended
    };
    shows(
        &ended,
        [
            "from gc:1 of roots-several.wat to gc:2 of",
            "continuations by where they stand",
            "+1",
            "$idler at 0x",
            "1 made, 0 ended",
        ],
    );
    // The same from the files.
    let (first, second) = (
        saved.replace(".snapshot", "-1.snapshot"),
        saved.replace(".snapshot", "-2.snapshot"),
    );
    let again = mangrove(["roots", &second, "--diff", &first]);
    assert_eq!(again.stdout, ended.stdout);
    // Each of several is shown.
    let both = roots(&program, ["--at", "gc:1", "--at", "gc:2"]);
    shows(&both, ["gc:1 of", "gc:2 of", "\n-----"]);
    mangrove(["roots", &program, "--invoke", "main", "--diff"])
        .is_one_line(2, ["--diff compares two moments: give --at twice"]);
    // A moment of another run can be compared too, by kinds.
    let other = mangrove([
        "roots", &program, "--invoke", "many", "40", "--at", "end", "--diff", &first,
    ]);
    shows(&other, ["objects by type", "$node"]);
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let program = program("long");
    let fill = |arguments: &[&str]| {
        let mut all = vec!["roots", &program, "--invoke", "fill", "1000"];
        all.extend(arguments);
        let ended = with(&all);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout
    };
    let summary = fill(&[]);
    assert!(summary.lines().count() < 60, "{summary}");
    assert!(
        summary.contains("continuations that wait, by shape"),
        "{summary}"
    );
    assert!(summary.contains("1,000"), "{summary}");
    let cut = fill(&["--view", "roots"]);
    assert!(cut.lines().count() < 260, "{cut}");
    assert!(cut.contains("more (--all shows them)"), "{cut}");
    let all = fill(&["--view", "roots", "--all"]);
    assert!(all.lines().count() > 3000, "{}", all.lines().count());
    assert!(!all.contains("--all"), "{all}");
    let few = fill(&["--view", "stacks", "--limit", "3"]);
    assert!(few.contains("and 997 more"), "{few}");
    let json = document(&fill(&["--format", "json", "--view", "roots"]));
    assert_eq!(json["roots"].as_array().unwrap().len(), 1000);
    assert_eq!(
        json["roots_omitted"], 1001,
        "a global, 1,000 elements, 1,000 slots"
    );
    let dot = fill(&["--format", "dot", "--limit", "20"]);
    assert!(dot.matches("[label=").count() <= 20, "{dot}");
}

#[test]
fn files_are_written_where_they_are_wanted() {
    let program = program("out");
    let out = file("roots-out.json", "");
    let out = out.to_str().unwrap();
    let ended = roots(&program, ["--format", "json", "--out", out]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{ended:?}");
    document(&std::fs::read_to_string(out).unwrap());
    let ended = roots(
        &program,
        [
            "--format",
            "heapsnapshot",
            "--at",
            "gc:1",
            "--at",
            "gc:2",
            "--out",
            out,
        ],
    );
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{ended:?}");
    for number in [1, 2] {
        let path = out.replace(".json", &format!("-{number}.json"));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.starts_with("{\"snapshot\":"), "{text}");
    }
    for option in ["--out", "--save"] {
        let ended = roots(&program, [option, "no/such/folder"]);
        ended.is_one_line(2, ["no/such/folder: No such file"]);
        let ended = roots(&program, [option, "/dev/full"]);
        ended.is_one_line(2, ["/dev/full: No space left"]);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let program = program("senseless");
    for (arguments, says) in [
        (&["--why", "noon"][..], "noon"),
        (&["--why", "9999"], "9999"),
        (&["--open", "0x3"], "0x3"),
        (&["--what-if-drop", "table 7"], "table 7"),
        (&["--filter", "colour=red"], "colour"),
        (&["--filter", "type=$nobody"], "nobody"),
        (&["--filter", "type=$node", "--view", "types"], "--filter"),
        (&["--why", "2", "--open", "2"], "cannot be used with"),
        (&["--suspects", "--view", "roots"], "cannot be used with"),
        (&["--ways", "3"], "--why"),
        (&["--view", "everything"], "everything"),
        (&["--at", "noon"], "gc:N"),
        (&["--at", "enter:nobody"], "nobody"),
        (&["--format", "pdf"], "pdf"),
        (&["--format", "html", "--why", "2"], "take no question"),
        (
            &["--format", "heapsnapshot", "--suspects"],
            "take no question",
        ),
        (
            &["--format", "heapsnapshot", "--at", "gc:1", "--at", "gc:2"],
            "--out",
        ),
        (&["--all", "--limit", "3"], "cannot be used with"),
        (&["--diff", "no/such.snapshot"], "no/such.snapshot"),
        (
            &["--diff", "a.snapshot", "--view", "types"],
            "no other question",
        ),
        (&["--diff", "a.snapshot", "--why", "1"], "no other question"),
        (&["--diff", &program], "no saved snapshot"),
    ] {
        let mut all = vec!["roots", &program, "--invoke", "main"];
        all.extend(arguments);
        let ended = with(&all);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
        ended.says([says]);
    }
}

#[test]
fn a_run_that_ends_otherwise_says_how() {
    let program = program("ends");
    let at = |at: &str| roots(&program, ["--at", at]);
    at("gc:3").is_one_line(1, ["collection 3 never came: the run ended after 2"]);
    at("suspend:9").is_one_line(1, ["suspension 9 never came: the run ended after 2"]);
    at("trap").is_one_line(1, ["without a trap"]);
    let trapped = mangrove(["roots", &program, "--invoke", "trap"]);
    assert_eq!(trapped.code, Some(134), "{trapped:?}");
    trapped.says(["trap: unreachable"]);
    let shown = mangrove(["roots", &program, "--invoke", "trap", "--at", "trap"]);
    shows(&shown, ["trap of roots-ends.wat", "what runs\n", "running"]);
    // What comes after the last moment does not matter, even if it never ends.
    let endless = file(
        "roots-endless.wat",
        "(module (import \"mangrove\" \"gc\" (func $gc))
            (func (export \"main\") (loop (call $gc) (br 0))))",
    );
    let ended = mangrove([
        "roots",
        endless.to_str().unwrap(),
        "--invoke",
        "main",
        "--at",
        "gc:3",
    ]);
    shows(&ended, ["gc:3 of roots-endless.wat"]);
    // A program that ends itself is over then.
    let exits = file(
        "roots-exits.wat",
        "(module (import \"mangrove\" \"exit\" (func $exit (param i32)))
            (global $kept (ref i31) (ref.i31 (i32.const 7)))
            (func (export \"main\") (call $exit (i32.const 3))))",
    );
    let ended = mangrove(["roots", exits.to_str().unwrap(), "--invoke", "main"]);
    shows(&ended, ["global 0 $kept", "i31 7"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let program = program("pipe");
    for format in ["text", "json", "dot", "html", "heapsnapshot"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mangrove"))
            .args(["roots", &program, "--invoke", "fill", "2000", "--all"])
            .args(["--format", format])
            .args(match format {
                "text" | "json" => &["--view", "roots"][..],
                _ => &[],
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn the_help_is_enough_to_find_a_leak() {
    let ended = mangrove(["roots", "--help"]);
    shows(
        &ended,
        [
            "Find a leak:",
            "--why <NODE>",
            "--what-if-drop <NODE>",
            "--save <FILE>",
            "Exit codes:",
        ],
    );
}

#[test]
fn bytes_are_shown_as_text_only_if_they_are_text() {
    let program = file(
        "texts.wat",
        r#"(module
            (type $bytes (array i8))
            (global $zeros (ref $bytes) (array.new_default $bytes (i32.const 40)))
            (global $word (ref $bytes)
                (array.new_fixed $bytes 3 (i32.const 102) (i32.const 111) (i32.const 10)))
            (func (export "main")))"#,
    );
    let open = |global| {
        let ended = mangrove([
            "roots",
            program.to_str().unwrap(),
            "--invoke",
            "main",
            "--open",
            global,
        ]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout
    };
    assert!(!open("global $zeros").contains('"'));
    assert!(open("global $word").contains("\"fo"));
}
