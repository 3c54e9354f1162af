//! The worker's side.

use super::message::{Message, Request};
use crate::options::StressOptions;
use crate::run::play;
use crate::schedule::Task;
use crate::suite::FailedRound;
use crate::trials::{Live, Script};
use std::io::{self, BufRead, Write};
use std::sync::mpsc::channel;
use std::thread;

/// Is a worker: plays what standard input asks for, and says on standard output what came of it.
/// Ends the process with the input.
///
/// # Errors
/// The output cannot be written, or the system gives no thread to listen on.
pub fn serve_standard(options: &StressOptions) -> io::Result<()> {
    let mut options = options.clone();
    // Their modules are small, and there are other workers.
    options.config.threads(1);
    let (sender, requests) = channel();
    thread::Builder::new().spawn(move || {
        let lines = io::stdin().lock().lines().map_while(Result::ok);
        for line in lines {
            if sender.send(line).is_err() {
                return;
            }
        }
        // Who asked is gone, whatever is being played.
        std::process::exit(0);
    })?;
    while let Ok(line) = requests.recv() {
        let request: Request = serde_json::from_str(&line)?;
        serve(&options, &request)?;
    }
    Ok(())
}

fn serve(options: &StressOptions, request: &Request) -> io::Result<()> {
    let suites = crate::suites().iter();
    let suite = suites.into_iter().find(|suite| suite.name == request.suite);
    let suite = suite.ok_or_else(|| io::Error::other(format!("no suite {}", request.suite)))?;
    let task = Task::alone(suite, request.seed);
    // Nobody is left to hear that nobody hears.
    let tell = |message: &Message| drop(say(message));
    let mut begin = |parameters: &str| tell(&Message::Began(parameters.to_owned()));
    let result = match &request.script {
        None => {
            let listener = |failure: Option<&FailedRound>| {
                tell(&match failure {
                    Some(failure) => Message::Failing(Box::new(failure.clone())),
                    None => Message::Alive,
                });
            };
            play(options, &task, &Live(&listener), &mut begin)
        }
        Some((answers, asks)) => {
            let listener = |answer: Option<bool>| match answer {
                None => tell(&Message::Alive),
                Some(answer) => {
                    tell(&Message::Answer(answer));
                    std::process::exit(0);
                }
            };
            play(
                options,
                &task,
                &Script::new(answers, *asks, &listener),
                &mut begin,
            )
        }
    };
    say(&Message::Ended(Box::new(result)))
}

fn say(message: &Message) -> io::Result<()> {
    let mut output = io::stdout().lock();
    serde_json::to_writer(&mut output, message)?;
    output.write_all(b"\n")?;
    output.flush()
}
