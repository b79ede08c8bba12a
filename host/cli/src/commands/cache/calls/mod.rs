//! `glowplug cache calls`: one file a subcommand.

mod clear;
mod ls;
mod prune;
mod verify;
mod why;

use crate::args::CallsCommand;
use crate::calling;
use crate::config::Config;
use crate::failure::Failure;
use glowplug_cache::Digest;
use glowplug_calls::{CallCache, Part};

/// Does what the subcommand says.
pub(super) fn run(config: &Config, command: &CallsCommand, as_json: bool) -> Result<i32, Failure> {
    let cache = calling::open(config)
        .map_err(|reason| Failure::new("failed to open the call cache").because_text(Some(&reason)))?;
    match command {
        CallsCommand::Ls => ls::run(&cache, as_json),
        CallsCommand::Why { key } => why::run(&cache, key, as_json),
        CallsCommand::Verify => verify::run(&cache, as_json),
        CallsCommand::Prune { dry_run } => prune::run(&cache, *dry_run, as_json),
        CallsCommand::Clear { keys } => clear::run(&cache, keys, as_json),
    }
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("failed to {what} the call cache")).because(error)
}

/// The calls of a case, or of a program, that goes by that name; the last used first.
fn keys_of(cache: &CallCache, name: &str) -> Result<Vec<Digest>, Failure> {
    let (listings, _) = cache.list().map_err(|error| failed("list", &error))?;
    let ends_with =
        |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    let is_meant = |parts: &[Part]| match part(parts, "case") {
        // Cases are named from their project's folder, and one may be elsewhere.
        Some(case) => ends_with(&case, name.trim_start_matches("./")) || ends_with(name, &case),
        None => part(parts, "argument 0").is_some_and(|program| ends_with(name, &program)),
    };
    Ok(listings.iter().filter(|listing| is_meant(&listing.parts)).map(|listing| listing.key).collect())
}

/// The one key that begins so.
fn key_of(cache: &CallCache, beginning: &str) -> Result<Digest, Failure> {
    let (listings, _) = cache.list().map_err(|error| failed("list", &error))?;
    let mut found = listings.iter().map(|listing| listing.key).filter(|key| key.to_string().starts_with(beginning));
    let hint = "`glowplug cache calls ls` lists the keys";
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => Err(Failure::new(format!("more than one call has a key that begins with `{beginning}`"))
            .hint("give more digits; --json prints all of them")),
        (None, _) => Err(Failure::new(format!(
            "no call has a key that begins with `{beginning}`, and none is of a case or a program of that name"
        ))
        .hint(hint)),
    }
}

/// The value of a part, for people.
fn part(parts: &[Part], name: &str) -> Option<String> {
    let found = parts.iter().find(|part| part.name == name)?;
    Some(String::from_utf8_lossy(&found.value).into_owned())
}

/// How the call looks on a command line.
fn command(parts: &[Part]) -> String {
    if let Some(case) = part(parts, "case") {
        return case;
    }
    let arguments = parts.iter().filter(|part| part.name.starts_with("argument "));
    arguments.map(|part| String::from_utf8_lossy(&part.value)).collect::<Vec<_>>().join(" ")
}
