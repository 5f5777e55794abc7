//! `target/demo/report.json`: the launcher's own account with ours added, and what has to be true of it.
use super::ingest::Timings;
use crate::shell::output;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Pictures that a headless run leaves.
pub const PICTURES: &[&str] = &["home", "detail", "playing", "overlay"];

/// Joins both accounts and writes them.
pub fn write(launcher: &Path, to: &Path, ingest: &Timings, total_ms: u64) -> Result<Value> {
    let text = std::fs::read(launcher).with_context(|| format!("the launcher left no account in {}", launcher.display()))?;
    let mut report: Map<String, Value> = serde_json::from_slice(&text).with_context(|| launcher.display().to_string())?;
    report.insert("ingest".into(), serde_json::to_value(ingest)?);
    report.insert("total_ms".into(), total_ms.into());
    report.insert("machine".into(), machine());
    let report = Value::Object(report);
    std::fs::write(to, serde_json::to_vec_pretty(&report)?).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(report)
}

fn machine() -> Value {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_start_matches([' ', '\t', ':']).to_owned());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    json!({
        "cpu": cpu,
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "load": load.split_whitespace().next(),
        "os": std::fs::read_to_string("/etc/os-release").unwrap_or_default().lines().find_map(|l| l.strip_prefix("PRETTY_NAME=")).map(|n| n.trim_matches('"').to_owned()),
        "gstreamer": output("gst-launch-1.0", &["--version"]).and_then(|v| v.lines().next().map(str::to_owned)),
    })
}

/// What is wrong with a run; empty where all is well.
pub fn faults(report: &Value, shots: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let number = |name: &str| report.get(name).and_then(Value::as_u64);
    let mut demand = |good: bool, what: String| {
        if !good {
            faults.push(what);
        }
    };
    demand(number("first_frame_ms").is_some(), "no film ever showed a picture (first_frame_ms is missing)".into());
    demand(number("frames_presented").unwrap_or(0) > 0, "no frame was presented".into());
    demand(number("decode_errors") == Some(0), format!("decode_errors is {}, not 0", report["decode_errors"]));
    demand(report["protection"] == "cbcs", format!("protection is {}, not cbcs", report["protection"]));
    demand(number("stalls") == Some(0), format!("stalls is {}, not 0: the origin is on this machine", report["stalls"]));
    demand(number("switches").is_some(), "switches is missing".into());
    demand(report["failure"].is_null(), format!("the launcher's script failed: {}", report["failure"]));
    let errors = report["errors"].as_array().map_or(0, Vec::len);
    demand(errors == 0, format!("the launcher showed errors: {}", report["errors"]));
    for name in PICTURES {
        let file = shots.join(format!("{name}.png"));
        demand(std::fs::metadata(&file).is_ok_and(|m| m.len() > 5_000), format!("{} is missing or empty", file.display()));
    }
    faults
}

/// For a person.
pub fn summary(report: &Value, shots: &Path) -> String {
    let show = |name: &str, unit: &str| match report.get(name) {
        Some(Value::Null) | None => "-".to_owned(),
        Some(Value::String(s)) => s.clone(),
        Some(v) => format!("{v}{unit}"),
    };
    let seconds = |v: &Value| v.as_f64().map_or("-".to_owned(), |ms| format!("{:.1} s", ms / 1000.0));
    let speed = report["ingest"]["times_real_time"].as_f64().unwrap_or(0.0);
    let pictures: Vec<String> = PICTURES.iter().map(|n| shots.join(format!("{n}.png")).display().to_string()).collect();
    format!(
        "
    ingest            {} for the whole catalog, {speed:.1} times real time
    home screen       {}
    first frame       {} after pressing OK
    frames            {} presented, {} dropped
    stalls            {}
    switches          {}
    protection        {}
    decode errors     {}
    whole demo        {}

    {}",
        seconds(&report["ingest"]["total_ms"]),
        show("home_ms", " ms"),
        show("first_frame_ms", " ms"),
        show("frames_presented", ""),
        show("frames_dropped", ""),
        show("stalls", ""),
        show("switches", ""),
        show("protection", ""),
        show("decode_errors", ""),
        seconds(&report["total_ms"]),
        pictures.join("\n    ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Value {
        json!({"first_frame_ms": 300, "frames_presented": 900, "decode_errors": 0, "protection": "cbcs", "stalls": 0, "switches": 2, "failure": null, "errors": []})
    }

    #[test]
    fn a_good_run_has_no_fault_and_each_bad_one_has() {
        let dir = tempfile::tempdir().unwrap();
        for name in PICTURES {
            std::fs::write(dir.path().join(format!("{name}.png")), vec![0; 6000]).unwrap();
        }
        assert_eq!(faults(&good(), dir.path()), Vec::<String>::new());
        for (name, value) in [
            ("first_frame_ms", Value::Null),
            ("frames_presented", json!(0)),
            ("decode_errors", json!(1)),
            ("decode_errors", Value::Null),
            ("protection", json!("none")),
            ("stalls", json!(1)),
            ("switches", Value::Null),
            ("failure", json!("timed out")),
            ("errors", json!(["6001"])),
        ] {
            let mut bad = good();
            bad[name] = value.clone();
            assert_eq!(faults(&bad, dir.path()).len(), 1, "{name} {value}");
        }
        std::fs::remove_file(dir.path().join("home.png")).unwrap();
        assert_eq!(faults(&good(), dir.path()).len(), 1);
    }

    #[test]
    fn a_summary_survives_what_is_missing() {
        assert!(summary(&json!({}), Path::new("x")).contains("first frame"));
        assert!(summary(&good(), Path::new("x")).contains("300 ms"));
    }
}
