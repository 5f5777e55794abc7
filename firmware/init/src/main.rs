//! `hearth-init`: PID 1 of the box. As `/init` stage 1, as `/sbin/init` stage 2; with a word behind it, one of the jobs of stage 2.

use hearth_init::{Error, stage1, stage2, sys};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        [_, "modules", files @ ..] => sys::modules::load_by_two(files, |file, took| println!("{file} {} ms", took.as_millis())),
        [_, "rescue", device] => stage2::data::rescue(Path::new(device)),
        [_, "sntp", server] => stage2::time::ask(server).map(|line| println!("{line}")),
        [name, ..] if std::process::id() == 1 => {
            Err(if *name == "/init" { stage1::run() } else { stage2::run(stage2::Mode::Slot) })
        }
        _ => Err(Error::Refused("this program is PID 1 of a box; it has nothing to do here".to_owned())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
