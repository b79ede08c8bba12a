//! What was measured, as a table and as JSON.

use super::contender::Contender;
use super::phases::{self, Part};
use super::workshop::Sample;
use crate::args::BenchArgs;
use crate::text::{self, Align, Table};
use serde_json::{Value, json};
use std::time::Duration;

/// What was measured of one contender.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) contender: Contender,
    /// Of whole starts, from before the process is made to its end.
    pub(super) times: Vec<Duration>,
    /// Until the guest's first instruction.
    pub(super) firsts: Vec<Duration>,
    phases: Vec<Vec<(String, Duration)>>,
    pub(super) peak_memory: Option<u64>,
    /// Why it was not measured.
    pub(super) left_out: Option<String>,
    exit_codes: Vec<i32>,
}

impl Measured {
    pub(super) fn new(contender: Contender) -> Self {
        Self {
            contender,
            times: Vec::new(),
            firsts: Vec::new(),
            phases: Vec::new(),
            peak_memory: None,
            left_out: None,
            exit_codes: Vec::new(),
        }
    }

    /// Adds a measured start.
    pub(super) fn take(&mut self, sample: Sample) {
        self.times.push(sample.total);
        self.firsts.extend(sample.first);
        self.phases.push(sample.phases);
        self.note_exit(sample.exit_code);
    }

    /// Remembers a way in which the guest ended, once.
    pub(super) fn note_exit(&mut self, code: i32) {
        if !self.exit_codes.contains(&code) {
            self.exit_codes.push(code);
        }
    }

    pub(super) fn summary(&self) -> Summary {
        Summary::of(&self.times)
    }

    /// The middle time until the guest's first instruction.
    pub(super) fn first(&self) -> Option<Duration> {
        (!self.firsts.is_empty()).then(|| Summary::of(&self.firsts).median)
    }

    /// The parts of a start, in their order: the middle time of each, and what is left until its end.
    pub(super) fn parts(&self) -> Vec<Part> {
        phases::parts(&self.phases, self.summary().median)
    }
}

/// The least, the middle and the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) min: Duration,
    pub(super) median: Duration,
    pub(super) max: Duration,
}

impl Summary {
    pub(super) fn of(times: &[Duration]) -> Self {
        let mut sorted = times.to_vec();
        sorted.sort();
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let (low, high) = (at(sorted.len().saturating_sub(1) / 2), at(sorted.len() / 2));
        Self { min: at(0), median: (low + high) / 2, max: at(sorted.len().saturating_sub(1)) }
    }
}

/// All that was measured.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) command: String,
    pub(super) wasm_bytes: u64,
    pub(super) contenders: Vec<Measured>,
}

impl Figures {
    pub(super) fn of(args: &BenchArgs, contenders: Vec<Measured>) -> Self {
        let words = std::iter::once(args.file.as_os_str()).chain(args.args.iter().map(std::ffi::OsString::as_os_str));
        let command = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let wasm_bytes = std::fs::metadata(&args.file).map_or(0, |metadata| metadata.len());
        Self { command, wasm_bytes, contenders }
    }

    /// How many times less than the first contender's median.
    pub(super) fn ratio(&self, measured: &Measured) -> f64 {
        let first = self.contenders.first().map_or(Duration::ZERO, |first| first.summary().median);
        first.as_secs_f64() / measured.summary().median.as_secs_f64().max(1e-9)
    }

    /// What people see.
    pub(super) fn text(&self) -> String {
        let columns = [
            ("start", Align::Left),
            ("min", Align::Right),
            ("median", Align::Right),
            ("max", Align::Right),
            ("first instruction", Align::Right),
            ("faster", Align::Right),
            ("peak memory", Align::Right),
            ("runs", Align::Right),
        ];
        let mut table = Table::new(&columns);
        for one in self.measured() {
            let summary = one.summary();
            table.row(vec![
                one.contender.name().to_owned(),
                text::time(summary.min),
                text::time(summary.median),
                text::time(summary.max),
                one.first().map_or_else(|| "-".to_owned(), text::time),
                ratio_words(self.ratio(one)),
                one.peak_memory.map_or_else(|| "-".to_owned(), text::size),
                one.times.len().to_string(),
            ]);
        }
        let mut text = format!("{} ({})\n\n{}", self.command, text::size(self.wasm_bytes), table.render());
        for one in &self.contenders {
            if let Some(why) = &one.left_out {
                text.push_str(&format!("\n{} was not measured: {why}\n", one.contender.name()));
            }
        }
        text
    }

    /// Those that could be measured.
    pub(super) fn measured(&self) -> impl Iterator<Item = &Measured> {
        self.contenders.iter().filter(|one| one.left_out.is_none())
    }

    /// What the figures do not say by themselves.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut all: Vec<i32> = self.contenders.iter().flat_map(|one| one.exit_codes.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        match all.as_slice() {
            [] | [0] => Vec::new(),
            [code] => {
                vec![format!("the program ended with exit code {code} each time; is that what you want to measure?")]
            }
            codes => {
                let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
                vec![format!("the program ended with different exit codes: {}", codes.join(", "))]
            }
        }
    }

    /// What programs see.
    pub(super) fn json(&self) -> Value {
        let contenders: Vec<Value> = self.contenders.iter().map(|one| self.contender_json(one)).collect();
        json!({
            "command": self.command,
            "wasm_bytes": self.wasm_bytes,
            "glowplug": env!("CARGO_PKG_VERSION"),
            "wasmtime": glowplug_cache::WASMTIME_VERSION,
            "contenders": contenders,
        })
    }

    fn contender_json(&self, one: &Measured) -> Value {
        let summary = one.summary();
        let parts = one.parts().into_iter().map(|part| (part.name, text::microseconds(part.time).into()));
        json!({
            "name": one.contender.id(),
            "left_out": one.left_out,
            "min_us": text::microseconds(summary.min),
            "median_us": text::microseconds(summary.median),
            "max_us": text::microseconds(summary.max),
            "ratio": self.ratio(one),
            "peak_memory_bytes": one.peak_memory,
            "exit_codes": one.exit_codes,
            "first_instruction_us": one.first().map(text::microseconds),
            "parts_us": parts.collect::<serde_json::Map<_, _>>(),
            "times_us": one.times.iter().copied().map(text::microseconds).collect::<Vec<_>>(),
        })
    }
}

/// `12.3x`, with as many digits as mean something.
pub(super) fn ratio_words(ratio: f64) -> String {
    if ratio < 9.95 {
        format!("{ratio:.2}x")
    } else if ratio < 99.5 {
        format!("{ratio:.1}x")
    } else {
        format!("{ratio:.0}x")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let times = |times: &[u64]| Summary::of(&times.iter().copied().map(Duration::from_millis).collect::<Vec<_>>());
        let ms = Duration::from_millis;
        assert_eq!(times(&[3, 1, 2]), Summary { min: ms(1), median: ms(2), max: ms(3) });
        assert_eq!(times(&[4, 1]).median, Duration::from_micros(2500));
        assert_eq!(times(&[]), Summary { min: ms(0), median: ms(0), max: ms(0) });
    }

    #[test]
    fn only_odd_ends_are_worth_a_word() {
        let with = |codes: &[i32]| {
            let mut measured = Measured::new(Contender::NoCache);
            codes.iter().for_each(|code| measured.note_exit(*code));
            Figures { command: String::new(), wasm_bytes: 0, contenders: vec![measured] }.warnings().len()
        };
        assert_eq!([with(&[0, 0]), with(&[3]), with(&[0, 3])], [0, 1, 1]);
    }
}
