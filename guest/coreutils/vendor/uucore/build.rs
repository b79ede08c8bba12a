// Part of glowplug, in place of upstream's build script; see PATCH.md.

//! Turns the English texts in `locales` into tables that need no parsing when a program starts: most texts are plain,
//! and one that has parts to fill in is parsed by itself when it is asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=locales");
    let mut files: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for entry in fs::read_dir("locales").expect("the folder of texts") {
        let path = entry.expect("an entry of the folder of texts").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("a readable file of texts");
        files.insert(name, messages(&text));
    }
    let mut out = String::from("fn table(name: &str) -> &'static [(&'static str, Text)] {\n    match name {\n");
    for (name, messages) in &files {
        writeln!(out, "        {name:?} => &[").expect("writing to a string");
        for (id, source) in messages {
            let source = resolve(source, messages);
            match plain(&source) {
                Some(text) => writeln!(out, "            ({id:?}, Text::Plain({text:?})),"),
                None => writeln!(out, "            ({id:?}, Text::Fluent({source:?})),"),
            }
            .expect("writing to a string");
        }
        out.push_str("        ],\n");
    }
    out.push_str("        _ => &[],\n    }\n}\n");
    let place = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&place).join("texts.rs"), out).expect("writing the tables");
}

/// The messages of a file: their names, and their source with the name. Comments and blank lines end a message.
fn messages(text: &str) -> BTreeMap<String, String> {
    let mut messages: BTreeMap<String, String> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        let continues = line.is_empty() || line.starts_with([' ', '}']);
        if !continues {
            let id = line.split_once('=').map(|(id, _)| id.trim()).filter(|id| !line.starts_with('#') && !id.contains(' '));
            current = id.map(ToOwned::to_owned);
        }
        if let Some(id) = &current {
            let source = messages.entry(id.clone()).or_default();
            if !continues {
                // A later message of the same name wins.
                source.clear();
            }
            source.push_str(line);
            source.push('\n');
        }
    }
    for source in messages.values_mut() {
        source.truncate(source.trim_end().len());
    }
    messages
}

/// Puts in other messages that this one names.
fn resolve(source: &str, messages: &BTreeMap<String, String>) -> String {
    let mut source = source.to_owned();
    for (id, other) in messages {
        let reference = format!("{{ {id} }}");
        if source.contains(&reference) {
            source = source.replace(&reference, &plain(other).expect("a message that another one names is plain"));
        }
    }
    source
}

/// The text of a message without parts to fill in, by Fluent's rules for lines: their common indentation goes.
fn plain(source: &str) -> Option<String> {
    let (_, value) = source.split_once('=')?;
    if value.contains('{') {
        return None;
    }
    let (first, rest) = value.split_once('\n').unwrap_or((value, ""));
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let common = rest.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let mut lines = vec![first.trim().to_owned()];
    lines.extend(rest.lines().map(|line| line.get(common..).unwrap_or("").to_owned()));
    if lines[0].is_empty() {
        lines.remove(0);
    }
    Some(lines.join("\n").trim_end().to_owned())
}
