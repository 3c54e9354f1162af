//! Each request of small programs is refused in turn.

use super::*;

/// Refuses each kind at each place, once and for good, or at so many if there are more. For
/// each kind, how often it was asked for, and how often that ended the program.
fn sweep(case: &Case, config: &Config, places: u64) -> Vec<(Request, u64, u64)> {
    let mut figures = Figures::default();
    let made = asked(case, config, &mut figures).unwrap();
    let kinds = Request::ALL.into_iter().zip(made);
    let mut swept = Vec::new();
    for (request, made) in kinds {
        let mut ends = 0;
        for after in (0..made).step_by(made.div_ceil(places).max(1) as usize) {
            for times in [1, u64::MAX] {
                let refusal = Refusal::Of {
                    request,
                    after,
                    times,
                };
                let end = refused(case, config, refusal, &mut figures);
                let end = end.unwrap_or_else(|problem| panic!("{refusal:?}: {problem}"));
                ends += u64::from(end == End::Refused);
            }
        }
        swept.push((request, made, ends));
    }
    swept
}

fn config(park: bool) -> Config {
    let mut config = Config::new();
    config
        .verify_heap(true)
        .threads(1)
        .opt_level(OptLevel::None);
    config.stack_size(16 << 10).heap_max(8 << 20);
    config.young_min(4 << 10).young_max(4 << 10);
    if park {
        config.park(ParkPolicy {
            after: 0,
            keep: 0,
            most: 8,
        });
    }
    config
}

/// All kinds that are asked for there, and what must happen when they are refused for good.
fn check(swept: &[(Request, u64, u64)]) {
    let of = |kind: Request| swept.iter().find(|&&(request, ..)| request == kind);
    for kind in [
        Request::Reserve,
        Request::Records,
        Request::HeapReserve,
        Request::HeapCommit,
        Request::Map,
        Request::MapCommit,
        Request::Elements,
        Request::List,
    ] {
        let &(_, made, ends) = of(kind).unwrap();
        assert!(made > 0 && ends > 0, "{kind:?}: {swept:?}");
    }
    // Memory that cannot be given back stays.
    for kind in [Request::Discard, Request::Unmap, Request::HeapDiscard] {
        assert!(of(kind).is_none_or(|&(_, _, ends)| ends == 0), "{swept:?}");
    }
}

#[test]
fn requests_of_a_program_are_refused_in_turn() {
    check(&sweep(&fixed(70, 12), &config(false), 6));
}

#[test]
fn requests_of_a_program_that_parks_are_refused_in_turn() {
    let swept = sweep(&fixed(70, 12), &config(true), 6);
    check(&swept);
    assert!(
        swept.contains(&(Request::Buffer, swept[Request::Buffer as usize].1, 0)),
        "who cannot be parked keeps the stack: {swept:?}"
    );
}

/// All of them, and those of random programs.
#[test]
#[ignore = "takes minutes"]
fn every_request_is_refused_in_turn() {
    for park in [false, true] {
        check(&sweep(&fixed(70, 12), &config(park), u64::MAX));
    }
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let case = random::small_case(&mut rng);
        sweep(&case, &setting(&mut rng, &Config::new()), u64::MAX);
    }
}
