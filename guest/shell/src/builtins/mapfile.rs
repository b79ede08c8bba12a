//! `mapfile` and `readarray`.

use crate::builtins::args::{Options, USAGE, invalid_name, parse_number};
use crate::builtins::input::{End, Input};
use crate::builtins::{quote, variable};
use crate::shell::{Shell, Status};
use crate::text;
use crate::vars::{Value, is_name};
use glowplug_sys::{Errno, abi};

struct Request<'a> {
    delimiter: u8,
    /// 0 is no limit.
    count: usize,
    skip: usize,
    /// The first index; without `-O`, the array is emptied.
    origin: Option<i64>,
    trim: bool,
    fd: i32,
    callback: Option<&'a str>,
    quantum: usize,
}

pub fn mapfile(shell: &mut Shell, args: &[String]) -> Status {
    let name = args.first().map_or("mapfile", String::as_str);
    let mut request = Request {
        delimiter: b'\n',
        count: 0,
        skip: 0,
        origin: None,
        trim: false,
        fd: 0,
        callback: None,
        quantum: 5000,
    };
    let mut options = Options::new(args, "d:u:n:O:tC:c:s:");
    loop {
        let option = match options.next(shell) {
            Ok(Some(option)) => option,
            Ok(None) => break,
            Err(status) => return Ok(status),
        };
        let value = option.value;
        let number = parse_number(value).filter(|number| (0..=i64::from(u32::MAX)).contains(number));
        let wrong = match (option.letter, number) {
            ('d', _) => {
                request.delimiter = text::to_bytes(value).first().copied().unwrap_or(0);
                continue;
            }
            ('t', _) => {
                request.trim = true;
                continue;
            }
            ('C', _) => {
                request.callback = Some(value);
                continue;
            }
            ('u', Some(fd)) => {
                request.fd = i32::try_from(fd).unwrap_or(i32::MAX);
                continue;
            }
            ('n', Some(count)) => {
                request.count = count as usize;
                continue;
            }
            ('s', Some(count)) => {
                request.skip = count as usize;
                continue;
            }
            ('O', Some(origin)) => {
                request.origin = Some(origin);
                continue;
            }
            ('c', Some(quantum)) if quantum > 0 => {
                request.quantum = quantum as usize;
                continue;
            }
            ('u', None) => "file descriptor specification",
            ('O', None) => "array origin",
            ('c', _) => "callback quantum",
            _ => "line count",
        };
        shell.error(&format!("{name}: {value}: invalid {wrong}"));
        return Ok(1);
    }
    let array = options.operands().first().map_or("MAPFILE", String::as_str);
    if array.is_empty() {
        shell.error(&format!("{name}: empty array variable name"));
        return Ok(USAGE);
    }
    if !is_name(array) {
        invalid_name(shell, name, array);
        return Ok(1);
    }
    if matches!(shell.vars.get(array).map(|variable| &variable.value), Some(Value::Assoc(_))) {
        shell.error(&format!("{name}: {array}: not an indexed array"));
        return Ok(1);
    }
    let input = shell.fds.get(request.fd).ok_or(Errno(abi::errno::EBADF)).and_then(|handle| Input::new(handle, None));
    match input {
        Ok(mut input) => run(shell, &request, &mut input, array),
        Err(_) => {
            shell.error(&format!("{name}: {}: invalid file descriptor: Bad file descriptor", request.fd));
            Ok(1)
        }
    }
}

fn run(shell: &mut Shell, request: &Request<'_>, input: &mut Input, array: &str) -> Status {
    let readonly = shell.vars.get(array).is_some_and(|variable| variable.attributes.readonly);
    if readonly || request.origin.is_none() {
        let emptied = shell.assign_array(array, &[], false);
        if !variable::contained(emptied)? {
            return Ok(1);
        }
    }
    let mut lines = Lines::new(input, request);
    for _ in 0..request.skip {
        if lines.next().is_none() {
            break;
        }
    }
    let origin = request.origin.unwrap_or(0);
    let mut read = 0;
    // Without a callback nobody sees the array before it is whole.
    let mut elements = Vec::new();
    while request.count == 0 || read < request.count {
        let Some(line) = lines.next() else { break };
        let index = origin.saturating_add(read as i64);
        read += 1;
        let Some(callback) = request.callback else {
            elements.push((Some(index.to_string()), line));
            continue;
        };
        if read % request.quantum == 0 {
            let command = format!("{callback} {index} {}", quote::single_quoted(&line));
            shell.run_text(&command, "mapfile")?;
        }
        if !variable::contained(shell.assign(array, Some(&index.to_string()), &line, false))? {
            return Ok(1);
        }
    }
    drop(lines);
    input.finish();
    let assigned = shell.assign_array(array, &elements, true);
    Ok(i32::from(!variable::contained(assigned)?))
}

/// The lines of an input, each with its delimiter unless that is to be left out.
struct Lines<'a> {
    input: &'a mut Input,
    delimiter: u8,
    trim: bool,
    /// Everything, where everything is wanted.
    whole: Option<(Vec<u8>, usize)>,
}

impl<'a> Lines<'a> {
    fn new(input: &'a mut Input, request: &Request<'_>) -> Self {
        let mut whole = None;
        if request.count == 0 && request.callback.is_none() {
            let mut bytes = Vec::new();
            // What was read before an error counts, as in bash.
            let _ = input.read_all(&mut bytes);
            whole = Some((bytes, 0));
        }
        Self { input, delimiter: request.delimiter, trim: request.trim, whole }
    }

    fn next(&mut self) -> Option<String> {
        let mut line;
        let line = match &mut self.whole {
            Some((bytes, at)) => {
                let rest = bytes.get(*at..).filter(|rest| !rest.is_empty())?;
                let end = rest.iter().position(|&byte| byte == self.delimiter);
                let taken = rest.get(..end.map_or(rest.len(), |end| end + 1))?;
                *at += taken.len();
                taken.get(..taken.len() - usize::from(end.is_some() && self.trim))?
            }
            None => {
                line = Vec::new();
                let end = self.input.line(&mut line, self.delimiter);
                if end != End::Delimiter && line.is_empty() {
                    return None;
                }
                if end == End::Delimiter && !self.trim {
                    line.push(self.delimiter);
                }
                &line
            }
        };
        if line.contains(&0) {
            let kept: Vec<u8> = line.iter().copied().filter(|&byte| byte != 0).collect();
            return Some(text::from_bytes(&kept));
        }
        Some(text::from_bytes(line))
    }
}
