// Copyright 2021 Collabora, Ltd.
//
// Use of this source code is governed by a MIT-style
// license that can be found in the LICENSE file or at
// https://opensource.org/licenses/MIT.

use std::borrow::Cow;
use std::error::Error;
use std::fs::{self, File};
use std::io::{stderr, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{format::StrftimeItems, DateTime, Local};

use super::{FileType, Matcher, MatcherIO, StdoutErrors, WalkEntry, WalkError};

#[cfg(unix)]
use std::os::unix::prelude::MetadataExt;

#[cfg(any(unix, target_os = "wasi"))]
const STANDARD_BLOCK_SIZE: u64 = 512;

#[derive(Debug, PartialEq, Eq)]
enum Justify {
    Left,
    Right,
}

/// The `+`, space, `#` and `0` flags of a directive. Like GNU find, they only
/// change the numeric directives `%d` and `%m`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Flags {
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum TimeFormat {
    /// Follow ctime(3).
    Ctime,
    /// Seconds since the epoch, as a float w/ nanosecond part.
    SinceEpoch,
    /// Follow strftime-compatible syntax
    Strftime(String),
}

impl TimeFormat {
    fn apply(&self, time: SystemTime) -> Result<Cow<'static, str>, Box<dyn Error>> {
        let formatted = match self {
            Self::SinceEpoch => {
                let duration = time.duration_since(SystemTime::UNIX_EPOCH)?;
                format!("{}.{:09}0", duration.as_secs(), duration.subsec_nanos())
            }
            Self::Ctime => {
                const CTIME_FORMAT: &str = "%a %b %e %H:%M:%S.%f0 %Y";

                DateTime::<Local>::from(time)
                    .format(CTIME_FORMAT)
                    .to_string()
            }
            Self::Strftime(format) => {
                // Handle a special case
                // GNU prints a fixed-width fraction: dot, nine nanosecond
                // digits, plus a trailing literal zero. chrono's `%.f` would
                // drop the fraction (and the dot) entirely when it is zero.
                let custom_format = format.replace("%+", "%Y-%m-%d+%H:%M:%S.%f0");
                DateTime::<Local>::from(time)
                    .format(&custom_format)
                    .to_string()
            }
        };

        Ok(formatted.into())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum PermissionsFormat {
    Octal,
    // trwxrwxrwx
    Symbolic,
}

/// A single % directive in a format string.
#[derive(Debug, PartialEq, Eq)]
enum FormatDirective {
    // %a, %Ak
    AccessTime(TimeFormat),
    // %b, %k
    Blocks { large_blocks: bool },
    // %c, %Ck
    ChangeTime(TimeFormat),
    // %d
    Depth,
    // %D
    Device,
    // %f
    Basename,
    // %F
    Filesystem,
    // %g, %G
    Group { as_name: bool },
    // %h
    Dirname,
    // %H
    StartingPoint,
    // %i
    Inode,
    // %l
    SymlinkTarget,
    // %m
    Permissions(PermissionsFormat),
    // %n
    HardlinkCount,
    // %p, %P
    Path { strip_starting_point: bool },
    // %s
    Size,
    // %S
    Sparseness,
    // %t, %Tk
    ModificationTime(TimeFormat),
    // %u, %U
    User { as_name: bool },
    // %y, %Y
    Type { follow_links: bool },
}

/// A component in a full format string.
#[derive(Debug, PartialEq, Eq)]
enum FormatComponent {
    Literal(String),
    Byte(u8),
    Flush,
    Directive {
        directive: FormatDirective,
        width: Option<usize>,
        precision: Option<usize>,
        justify: Justify,
        flags: Flags,
    },
}

struct FormatStringParser<'a> {
    string: &'a str,
}

impl FormatStringParser<'_> {
    fn front(&self) -> Result<char, Box<dyn Error>> {
        self.string
            .chars()
            .next()
            .ok_or_else(|| "Unexpected EOF".into())
    }

    fn peek(&self, count: usize) -> Result<&str, Box<dyn Error>> {
        if self.string.len() < count {
            return Err("Unexpected EOF".into());
        }

        Ok(&self.string[0..count])
    }

    fn advance_one(&mut self) -> Result<char, Box<dyn Error>> {
        let c = self.front()?;
        self.string = &self.string[c.len_utf8()..];
        Ok(c)
    }

    fn advance_by(&mut self, count: usize) -> Result<&str, Box<dyn Error>> {
        self.peek(count)?;

        let skipped = &self.string[0..count];
        self.string = &self.string[count..];
        Ok(skipped)
    }

    fn parse_escape_sequence(&mut self) -> Result<FormatComponent, Box<dyn Error>> {
        const OCTAL_LEN: usize = 3;
        const OCTAL_RADIX: u32 = 8;

        if self.string.is_empty() {
            eprintln!(
                "{}: warning: escape `\\' followed by nothing at all",
                crate::find::program_name()
            );
            return Ok(FormatComponent::Literal("\\".to_owned()));
        }

        // Try parsing an octal sequence first.
        let first = self.front()?;
        if first.is_digit(OCTAL_RADIX) {
            // A GNU octal escape is 1 to 3 octal digits. Consume only the leading
            // octal digits (which are ASCII), rather than slicing a fixed 3 bytes
            // that can land inside a following multibyte char.
            let octal: String = self
                .string
                .chars()
                .take(OCTAL_LEN)
                .take_while(|c| c.is_digit(OCTAL_RADIX))
                .collect();
            let code = u32::from_str_radix(&octal, OCTAL_RADIX)?;
            self.advance_by(octal.len())?;
            // GNU octal escapes emit one byte, truncating values above 0xff.
            return Ok(FormatComponent::Byte(code as u8));
        }

        self.advance_one()?;

        if first == 'c' {
            Ok(FormatComponent::Flush)
        } else {
            let c = match first {
                'a' => "\x07",
                'b' => "\x08",
                'f' => "\x0C",
                'n' => "\n",
                'r' => "\r",
                't' => "\t",
                'v' => "\x0B",
                '0' => "\0",
                '\\' => "\\",
                c => {
                    eprintln!(
                        "{}: warning: unrecognized escape '\\{c}'",
                        crate::find::program_name()
                    );
                    return Ok(FormatComponent::Literal(format!("\\{c}")));
                }
            };

            Ok(FormatComponent::Literal(c.to_string()))
        }
    }

    fn parse_format_width(&mut self) -> Result<Option<usize>, Box<dyn Error>> {
        let width = self.parse_format_number()?;
        match width {
            Some(width) if width > u16::MAX as usize => {
                Err(format!("Format width too large: {width}").into())
            }
            _ => Ok(width),
        }
    }

    fn parse_format_number(&mut self) -> Result<Option<usize>, Box<dyn Error>> {
        let start = self.string;
        let mut digits = 0;

        while self.front().is_ok_and(|c| c.is_ascii_digit()) {
            digits += 1;
            // safe to unwrap: the front() check already succeeded above.
            self.advance_one().unwrap();
        }

        if digits > 0 {
            let digits = &start[0..digits];
            let width: usize = digits
                .parse()
                .map_err(|_| format!("Invalid format width: {digits}"))?;
            Ok(Some(width))
        } else {
            Ok(None)
        }
    }

    fn parse_time_specifier(&mut self, first: char) -> Result<TimeFormat, Box<dyn Error>> {
        match self.advance_one()? {
            '@' => Ok(TimeFormat::SinceEpoch),
            'S' => Ok(TimeFormat::Strftime("%S.%f0".to_string())),
            c => {
                // We can't store the parsed items inside TimeFormat, because the items
                // take a reference to the full format string, but we still try to parse
                // it here so that errors get caught early.
                let format = format!("%{c}");
                match StrftimeItems::new(&format).next() {
                    None | Some(chrono::format::Item::Error) => {
                        Err(format!("Invalid time specifier: %{first}{c}").into())
                    }
                    Some(_item) => Ok(TimeFormat::Strftime(format)),
                }
            }
        }
    }

    fn parse_format_specifier(&mut self) -> Result<FormatComponent, Box<dyn Error>> {
        let start = self.string;
        let mut justify = Justify::Right;
        let mut flags = Flags::default();
        loop {
            match self.front()? {
                ' ' => flags.space = true,
                '+' => flags.plus = true,
                '#' => flags.alternate = true,
                '-' => justify = Justify::Left,
                _ => break,
            }

            // safe to unwrap: .front() already succeeded above.
            self.advance_one().unwrap();
        }
        // GNU find only takes `0` after the other flags.
        if self.front()? == '0' {
            flags.zero = true;
            self.advance_one()?;
        }

        let width = self.parse_format_width()?;
        let precision = if self.front()? == '.' {
            self.advance_one()?;
            // A precision too large for usize is still too large to print, so
            // saturate it; print() reports it as GNU find does.
            Some(match self.parse_format_number() {
                Ok(precision) => precision.unwrap_or(0),
                Err(_) => usize::MAX,
            })
        } else {
            None
        };

        let first = self.advance_one()?;
        if first == '%' {
            return Ok(FormatComponent::Literal("%".to_owned()));
        }

        let directive = match first {
            'a' => FormatDirective::AccessTime(TimeFormat::Ctime),
            'A' => FormatDirective::AccessTime(self.parse_time_specifier(first)?),
            'b' => FormatDirective::Blocks {
                large_blocks: false,
            },
            'c' => FormatDirective::ChangeTime(TimeFormat::Ctime),
            'C' => FormatDirective::ChangeTime(self.parse_time_specifier(first)?),
            'd' => FormatDirective::Depth,
            'D' => FormatDirective::Device,
            'f' => FormatDirective::Basename,
            'F' => FormatDirective::Filesystem,
            'g' => FormatDirective::Group { as_name: true },
            'G' => FormatDirective::Group { as_name: false },
            'h' => FormatDirective::Dirname,
            'H' => FormatDirective::StartingPoint,
            'k' => FormatDirective::Blocks { large_blocks: true },
            'i' => FormatDirective::Inode,
            'l' => FormatDirective::SymlinkTarget,
            'm' => FormatDirective::Permissions(PermissionsFormat::Octal),
            'M' => FormatDirective::Permissions(PermissionsFormat::Symbolic),
            'n' => FormatDirective::HardlinkCount,
            'p' => FormatDirective::Path {
                strip_starting_point: false,
            },
            'P' => FormatDirective::Path {
                strip_starting_point: true,
            },
            's' => FormatDirective::Size,
            'S' => FormatDirective::Sparseness,
            't' => FormatDirective::ModificationTime(TimeFormat::Ctime),
            'T' => FormatDirective::ModificationTime(self.parse_time_specifier(first)?),
            'u' => FormatDirective::User { as_name: true },
            'U' => FormatDirective::User { as_name: false },
            'y' => FormatDirective::Type {
                follow_links: false,
            },
            'Y' => FormatDirective::Type { follow_links: true },
            // TODO: %Z
            _ => {
                eprintln!(
                    "{}: warning: unrecognized format directive '%{first}'",
                    crate::find::program_name()
                );
                let text = &start[..start.len() - self.string.len()];
                return Ok(FormatComponent::Literal(format!("%{text}")));
            }
        };

        Ok(FormatComponent::Directive {
            directive,
            width,
            precision,
            justify,
            flags,
        })
    }

    pub fn parse(&mut self) -> Result<FormatString, Box<dyn Error>> {
        let mut components = vec![];

        while let Some(i) = self.string.find(['%', '\\']) {
            if i > 0 {
                // safe to unwrap: i is an index into the string, so it cannot
                // be any shorter.
                let literal = self.advance_by(i).unwrap();
                if !literal.is_empty() {
                    components.push(FormatComponent::Literal(literal.to_owned()));
                }
            }

            // safe to unwrap: we've only advanced as far as 'i', which is right
            // before the character it identified.
            let component = match self.advance_one().unwrap() {
                '\\' => self.parse_escape_sequence()?,
                '%' => self.parse_format_specifier()?,
                _ => panic!("{}", "Stopped at unexpected character: {self.string}"),
            };
            components.push(component);
        }

        if !self.string.is_empty() {
            components.push(FormatComponent::Literal(self.string.to_owned()));
        }

        Ok(FormatString { components })
    }
}

struct FormatString {
    components: Vec<FormatComponent>,
}

impl FormatString {
    fn parse(string: &str) -> Result<Self, Box<dyn Error>> {
        FormatStringParser { string }.parse()
    }
}

fn get_starting_point(file_info: &WalkEntry) -> &Path {
    file_info
        .path()
        .ancestors()
        .nth(file_info.depth())
        // safe to unwrap: the file's depth should never be longer than its path
        // (...right?).
        .unwrap()
}

fn format_non_link_file_type(file_type: FileType) -> char {
    match file_type {
        FileType::Regular => 'f',
        FileType::Directory => 'd',
        FileType::BlockDevice => 'b',
        FileType::CharDevice => 'c',
        FileType::Fifo => 'p',
        FileType::Socket => 's',
        _ => 'U',
    }
}

/// Apply a directive's precision and flags the way GNU find does: `%d` and
/// `%m` are printed like a C integer conversion (decimal and octal), `%S` is
/// left alone, and every other directive is a string, cut to the precision.
fn apply_precision_and_flags<'a>(
    directive: &FormatDirective,
    content: Cow<'a, str>,
    precision: Option<usize>,
    flags: &Flags,
    width: Option<usize>,
    justify: &Justify,
) -> Cow<'a, [u8]> {
    let octal = match directive {
        FormatDirective::Depth => false,
        FormatDirective::Permissions(PermissionsFormat::Octal) => true,
        FormatDirective::Sparseness => return str_bytes(content),
        _ => {
            // Like GNU find, the precision counts bytes, even inside a character.
            let mut bytes = str_bytes(content);
            if let Some(precision) = precision {
                match &mut bytes {
                    Cow::Borrowed(b) => *b = &b[..precision.min(b.len())],
                    Cow::Owned(b) => b.truncate(precision),
                }
            }
            return bytes;
        }
    };

    let mut digits = content.into_owned();
    if precision == Some(0) && digits == "0" {
        digits.clear();
    }
    if let Some(precision) = precision {
        let zeros = precision.saturating_sub(digits.len());
        digits.insert_str(0, &"0".repeat(zeros));
    }
    if octal && flags.alternate && !digits.starts_with('0') {
        digits.insert(0, '0');
    }
    let sign = match (octal, flags.plus, flags.space) {
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    if let (Some(width), true) = (
        width,
        flags.zero && precision.is_none() && *justify == Justify::Right,
    ) {
        let pad = width.saturating_sub(sign.len());
        digits = format!("{digits:0>pad$}");
    }
    format!("{sign}{digits}").into_bytes().into()
}

fn str_bytes(s: Cow<'_, str>) -> Cow<'_, [u8]> {
    match s {
        Cow::Borrowed(s) => Cow::Borrowed(s.as_bytes()),
        Cow::Owned(s) => Cow::Owned(s.into_bytes()),
    }
}

fn format_directive<'entry>(
    file_info: &'entry WalkEntry,
    directive: &FormatDirective,
) -> Result<Cow<'entry, str>, Box<dyn Error>> {
    let meta = || file_info.metadata();

    // NOTE ON QUOTING:
    // GNU find's man page claims that several directives that print names (like
    // %f) are quoted like ls; however, I could not reproduce this at all in
    // practice, thus the set of rules is undoubtedly very different (if this is
    // still done at all).

    let res: Cow<'entry, str> = match directive {
        FormatDirective::AccessTime(tf) => tf.apply(meta()?.accessed()?)?,

        FormatDirective::Basename => file_info.file_name().to_string_lossy(),

        FormatDirective::Blocks { large_blocks } => {
            #[cfg(any(unix, target_os = "wasi"))]
            let len = meta()?.blocks() * STANDARD_BLOCK_SIZE;
            #[cfg(not(any(unix, target_os = "wasi")))]
            let len = meta()?.len();

            // GNU find says it returns the number of 512-byte blocks for %b,
            // but in reality it just returns the number of blocks, *regardless
            // of their size on the filesystem*. That behavior is copied here,
            // even though it's arguably not 100% correct.
            let bs = if *large_blocks { 1024 } else { 512 };
            let blocks = len.div_ceil(bs);

            blocks.to_string().into()
        }

        #[cfg(not(any(unix, target_os = "wasi")))]
        FormatDirective::ChangeTime(tf) => tf.apply(meta()?.modified()?)?,
        #[cfg(any(unix, target_os = "wasi"))]
        FormatDirective::ChangeTime(tf) => {
            tf.apply(meta()?.change_time())?
        }

        FormatDirective::Depth => file_info.depth().to_string().into(),

        #[cfg(not(any(unix, target_os = "wasi")))]
        FormatDirective::Device => "0".into(),
        #[cfg(any(unix, target_os = "wasi"))]
        FormatDirective::Device => meta()?.dev().to_string().into(),

        // GNU find's behavior for this is a bit...odd:
        // - Both the root directory and the paths immediately underneath return an empty string
        // - Any path without any slashes (i.e. relative to cwd) returns "."
        // - "." also returns "."
        // - ".." returns "." (???)
        // These are all (thankfully) documented on the find(1) man page.
        FormatDirective::Dirname => match file_info.path().parent() {
            None => "".into(),
            Some(p) if p == Path::new("/") => "".into(),
            Some(p) if p == Path::new("") => ".".into(),
            Some(parent) => parent.to_string_lossy(),
        },

        // The host tells nothing of file systems.
        FormatDirective::Filesystem => "".into(),

        #[cfg(not(any(unix, target_os = "wasi")))]
        FormatDirective::Group { .. } => "0".into(),
        #[cfg(any(unix, target_os = "wasi"))]
        FormatDirective::Group { as_name } => {
            let gid = meta()?.gid();
            if *as_name {
                glowplug_unix::user_name(gid)
            } else {
                gid.to_string()
            }
            .into()
        }

        #[cfg(not(any(unix, target_os = "wasi")))]
        FormatDirective::HardlinkCount => "0".into(),
        #[cfg(any(unix, target_os = "wasi"))]
        FormatDirective::HardlinkCount => meta()?.nlink().to_string().into(),

        #[cfg(not(any(unix, target_os = "wasi")))]
        FormatDirective::Inode => "0".into(),
        #[cfg(any(unix, target_os = "wasi"))]
        FormatDirective::Inode => meta()?.ino().to_string().into(),

        FormatDirective::ModificationTime(tf) => tf.apply(meta()?.modified()?)?,

        FormatDirective::Path {
            strip_starting_point,
        } => file_info
            .path()
            .strip_prefix(if *strip_starting_point {
                get_starting_point(file_info)
            } else {
                Path::new("")
            })
            // safe to unwrap: the prefix is derived *from* the path to begin
            // with, so it cannot be invalid.
            .unwrap()
            .to_string_lossy(),

        FormatDirective::Permissions(PermissionsFormat::Symbolic) => {
            glowplug_unix::mode_text(meta()?.mode()).into()
        }
        #[cfg(not(any(unix, target_os = "wasi")))]
        FormatDirective::Permissions(PermissionsFormat::Octal) => "777".into(),
        #[cfg(any(unix, target_os = "wasi"))]
        FormatDirective::Permissions(PermissionsFormat::Octal) => {
            format!("{:o}", meta()?.mode() & 0o7777).into()
        }

        FormatDirective::Size => meta()?.len().to_string().into(),

        #[cfg(not(any(unix, target_os = "wasi")))]
        FormatDirective::Sparseness => "1.0".into(),
        #[cfg(any(unix, target_os = "wasi"))]
        FormatDirective::Sparseness => {
            let meta = meta()?;

            if meta.len() > 0 {
                format!(
                    "{:.1}",
                    // GNU find hardcodes a block size of 512 bytes, regardless
                    // of the true filesystem block size.
                    (meta.blocks() * STANDARD_BLOCK_SIZE) as f64 / (meta.len() as f64)
                )
                .into()
            } else {
                "1.0".into()
            }
        }

        FormatDirective::StartingPoint => get_starting_point(file_info).to_string_lossy(),

        FormatDirective::SymlinkTarget => {
            if file_info.path_is_symlink() {
                fs::read_link(file_info.path())?
                    .to_string_lossy()
                    .into_owned()
                    .into()
            } else {
                "".into()
            }
        }

        FormatDirective::Type { follow_links } => if file_info.path_is_symlink() {
            if *follow_links {
                match file_info.path().metadata().map_err(WalkError::from) {
                    Ok(meta) => format_non_link_file_type(meta.file_type().into()),
                    Err(e) if e.is_not_found() => 'N',
                    Err(e) if e.is_loop() => 'L',
                    Err(_) => '?',
                }
            } else {
                'l'
            }
        } else {
            format_non_link_file_type(file_info.file_type())
        }
        .to_string()
        .into(),

        #[cfg(not(any(unix, target_os = "wasi")))]
        FormatDirective::User { .. } => "0".into(),
        #[cfg(any(unix, target_os = "wasi"))]
        FormatDirective::User { as_name } => {
            let uid = meta()?.uid();
            if *as_name {
                glowplug_unix::user_name(uid)
            } else {
                uid.to_string()
            }
            .into()
        }
    };

    Ok(res)
}

/// This matcher prints information about its files to stdout, following GNU
/// find's printf syntax.
pub struct Printf {
    format: FormatString,
    output_file: Option<(File, PathBuf)>,
    stdout_errors: StdoutErrors,
}

impl Printf {
    pub fn new(format: &str, output_file: Option<(File, PathBuf)>) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            format: FormatString::parse(format)?,
            output_file,
            stdout_errors: StdoutErrors::default(),
        })
    }

    pub fn with_stdout_errors(mut self, stdout_errors: StdoutErrors) -> Self {
        self.stdout_errors = stdout_errors;
        self
    }

    fn print(&self, file_info: &WalkEntry, mut out: impl Write) -> std::io::Result<()> {
        let mut result = Ok(());
        for component in &self.format.components {
            match component {
                FormatComponent::Literal(literal) => write!(out, "{literal}")?,
                FormatComponent::Byte(byte) => out.write_all(&[*byte])?,
                // \c stops the rest of this format, as in GNU find
                FormatComponent::Flush => {
                    out.flush()?;
                    break;
                }
                FormatComponent::Directive {
                    precision: Some(precision),
                    ..
                } if *precision > i32::MAX as usize => {
                    // Like GNU find, print nothing for it, go on with the rest
                    // of the format, and fail with EOVERFLOW.
                    result = Err(std::io::Error::other(
                        "Value too large for defined data type",
                    ));
                }
                FormatComponent::Directive {
                    directive,
                    width,
                    precision,
                    justify,
                    flags,
                } => match format_directive(file_info, directive) {
                    Ok(content) => {
                        let content = apply_precision_and_flags(
                            directive, content, *precision, flags, *width, justify,
                        );
                        // GNU find pads to the width in bytes, not characters.
                        let pad = width.map_or(0, |width| width.saturating_sub(content.len()));
                        if *justify == Justify::Right {
                            write!(out, "{:pad$}", "")?;
                        }
                        out.write_all(&content)?;
                        if *justify == Justify::Left {
                            write!(out, "{:pad$}", "")?;
                        }
                    }
                    Err(e) => {
                        eprintln!(
                            "Error processing '{}': {}",
                            file_info.path().to_string_lossy(),
                            e
                        );
                        break;
                    }
                },
            }
        }

        result
    }

    fn handle_output_error(&self, error: &std::io::Error, matcher_io: &mut MatcherIO) {
        let Some((_, path)) = &self.output_file else {
            self.stdout_errors.handle(error, matcher_io);
            return;
        };
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            matcher_io.quit();
            return;
        }
        let _ = writeln!(
            &mut stderr(),
            "{}: {}: {error}",
            crate::find::program_name(),
            path.display()
        );
        matcher_io.set_exit_code(1);
    }
}

impl Matcher for Printf {
    fn matches(&self, file_info: &WalkEntry, matcher_io: &mut MatcherIO) -> bool {
        let result = if let Some((file, _)) = &self.output_file {
            self.print(file_info, file)
        } else {
            self.print(file_info, &mut *matcher_io.deps.get_output().borrow_mut())
        };

        if let Err(error) = result {
            self.handle_output_error(&error, matcher_io);
        }

        true
    }

    fn has_side_effects(&self) -> bool {
        true
    }
}
