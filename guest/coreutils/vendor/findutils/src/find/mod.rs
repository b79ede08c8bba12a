// Copyright 2017 Google Inc.
//
// Use of this source code is governed by a MIT-style
// license that can be found in the LICENSE file or at
// https://opensource.org/licenses/MIT.

pub mod error;
pub mod matchers;

use error::ParseError;
use matchers::{Follow, WalkEntry};
use std::cell::RefCell;
use std::error::Error;
#[cfg(unix)]
use std::io::IsTerminal;
use std::io::{self, stderr, stdout, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::SystemTime;
use walkdir::WalkDir;

pub struct Config {
    same_file_system: bool,
    depth_first: bool,
    min_depth: usize,
    max_depth: usize,
    sorted_output: bool,
    help_requested: bool,
    version_requested: bool,
    today_start: bool,
    no_leaf_dirs: bool,
    follow: Follow,
    files0_argument: Option<String>,
    /// Whether the expression uses -ok or -okdir, which prompt on stderr and
    /// read the answer from stdin when there is no terminal.
    interactive_exec: bool,
    /// Shared by every action that writes to standard output, so that a
    /// failed write is reported only once.
    stdout_errors: matchers::StdoutErrors,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            same_file_system: false,
            depth_first: false,
            min_depth: 0,
            max_depth: usize::MAX,
            sorted_output: false,
            help_requested: false,
            version_requested: false,
            today_start: false,
            // Directory information and traversal are done by walkdir,
            // and this configuration field will exist as
            // a compatibility item for GNU findutils.
            no_leaf_dirs: false,
            follow: Follow::Never,
            files0_argument: None, // This option exclusively for -files0-from argument.
            interactive_exec: false,
            stdout_errors: matchers::StdoutErrors::default(),
        }
    }
}

/// Trait that encapsulates various dependencies (output, clocks, etc.) that we
/// might want to fake out for unit tests.
pub trait Dependencies {
    fn get_output(&self) -> &RefCell<dyn Write>;
    fn now(&self) -> SystemTime;
    /// Write `prompt` to stderr and return whether the user's response is
    /// affirmative (starts with 'y' or 'Y').
    ///
    /// POSIX specifies that -ok writes a prompt to stderr but leaves the input
    /// source implementation-defined.  GNU find reads from /dev/tty so that
    /// the answer comes from the real terminal even when stdin is redirected;
    /// BSD find reads from stdin unconditionally.
    fn confirm(&self, prompt: &str) -> bool;
}

/// Struct that holds the dependencies we use when run as the real executable.
pub struct StandardDependencies {
    output: Rc<RefCell<dyn Write>>,
    now: SystemTime,
    /// Open handle to /dev/tty for reading -ok responses, or None when stdin
    /// is not a terminal (pipe/file) or we are on Windows.  Opened once at
    /// construction so we don't re-open it for every matched file.
    tty: Option<RefCell<BufReader<std::fs::File>>>,
}

impl StandardDependencies {
    #[must_use]
    pub fn new() -> Self {
        #[cfg(unix)]
        let tty = if std::io::stdin().is_terminal() {
            std::fs::File::open("/dev/tty")
                .ok()
                .map(|f| RefCell::new(BufReader::new(f)))
        } else {
            None
        };
        #[cfg(not(unix))]
        let tty = None;

        Self {
            // Not line by line, as standard output does it by itself.
            output: Rc::new(RefCell::new(io::BufWriter::with_capacity(64 << 10, stdout()))),
            now: SystemTime::now(),
            tty,
        }
    }
}

impl Default for StandardDependencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Dependencies for StandardDependencies {
    fn get_output(&self) -> &RefCell<dyn Write> {
        self.output.as_ref()
    }

    fn now(&self) -> SystemTime {
        self.now
    }

    fn confirm(&self, prompt: &str) -> bool {
        // POSIX requires the prompt on stderr.
        eprint!("{}", prompt);
        let _ = stderr().flush();

        // self.tty is Some when stdin was a terminal at startup: read from the
        // controlling terminal so responses come from the keyboard even when
        // stdin is occupied (e.g. `find -files0-from - -ok rm {} \;`).
        // Otherwise fall back to stdin — BSD find's behaviour, and what we
        // want when stdin is a pipe supplying scripted responses.
        // EOF and errors both yield None/Err, which unwrap_or_default turns
        // into an empty string — treated as "declined", matching GNU find.
        let response = if let Some(tty) = &self.tty {
            // Deref through RefMut to get &mut BufReader so lines() can take
            // it by value without moving out of the RefCell.
            (&mut *tty.borrow_mut()).lines().next()
        } else {
            std::io::stdin().lock().lines().next()
        }
        .and_then(Result::ok)
        .unwrap_or_default();

        response.trim_start().starts_with(['y', 'Y'])
    }
}

/// The result of parsing the command-line arguments into useful forms.
struct ParsedInfo {
    matcher: Box<dyn self::matchers::Matcher>,
    paths: Vec<String>,
    /// Starting points supplied via `-files0-from`, read lazily so that an
    /// endless or very large input (e.g. `-files0-from /dev/urandom`) does not
    /// have to fit in memory.
    files0_paths: Option<Files0Paths>,
    config: Config,
}

/// Iterator over the NUL-separated starting points of `-files0-from`.
///
/// <https://www.gnu.org/software/findutils/manual/html_node/find_html/Starting-points.html>
struct Files0Paths {
    reader: Box<dyn BufRead>,
}

impl Files0Paths {
    /// Open the source named by `-files0-from`; `-` means standard input.
    fn open(name: &str) -> Result<Self, Box<dyn Error>> {
        let reader: Box<dyn BufRead> = if name == "-" {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let file = std::fs::File::open(name)
                .map_err(|e| format!("cannot open '{}' for reading: {}", name, e))?;
            Box::new(BufReader::new(file))
        };
        Ok(Self { reader })
    }
}

impl Iterator for Files0Paths {
    type Item = Result<String, Box<dyn Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut buffer = Vec::new();
            match self.reader.read_until(0, &mut buffer) {
                Err(e) => return Some(Err(e.into())),
                Ok(0) => return None,
                Ok(_) => {}
            }
            // A trailing separator terminates the name; without one we are at
            // EOF and the bytes read are still a name.
            if buffer.last() == Some(&0) {
                buffer.pop();
            }
            if buffer.is_empty() {
                // Skip it so as to avoid a file not found error.
                eprintln!("{}: invalid zero-length file name", program_name());
                continue;
            }
            return Some(String::from_utf8(buffer).map_err(Into::into));
        }
    }
}

/// Function to generate a `ParsedInfo` from the strings supplied on the command-line.
fn parse_args(args: &[&str]) -> Result<ParsedInfo, Box<dyn Error>> {
    let mut paths = vec![];
    let mut i = 0;
    let mut config = Config::default();

    while i < args.len() {
        match args[i] {
            "-O0" | "-O1" | "-O2" | "-O3" => {
                // GNU find optimization level flag (ignored)
            }
            "-H" => config.follow = Follow::Roots,
            "-L" => config.follow = Follow::Always,
            "-P" => config.follow = Follow::Never,
            "--" => {
                // End of flags
                i += 1;
                break;
            }
            _ => break,
        }

        i += 1;
    }

    let paths_start = i;
    while i < args.len()
        && (args[i] == "-" || !args[i].starts_with('-'))
        && args[i] != "!"
        && args[i] != "("
    {
        paths.push(args[i].to_string());
        i += 1;
    }
    if i == paths_start {
        paths.push(".".to_string());
    }
    // The matcher builder only sees the expression part of the command line, so
    // any argument index it reports has to be moved back to where that part
    // started.
    let matcher = matchers::build_top_level_matcher(&args[i..], &mut config)
        .map_err(|e| ParseError::shift(e, i))?;
    let mut files0_paths = None;
    if let Some(name) = &config.files0_argument {
        if paths.len() == 1 && paths[0] == "." {
            // Both would read stdin, so the starting points and the answers to
            // the prompts would compete for the same bytes.  GNU find rejects
            // the combination rather than producing arbitrary results.
            if name == "-" && config.interactive_exec {
                return Err(From::from(
                    "option -files0-from reading from standard input cannot be combined \
                     with -ok, -okdir",
                ));
            }
            files0_paths = Some(Files0Paths::open(name)?);
            paths.clear();
        } else {
            return Err(From::from(format!(
                "extra operand '{}'\nfile operands cannot be combined with -files0-from",
                paths[0]
            )));
        }
    }
    Ok(ParsedInfo {
        matcher,
        paths,
        files0_paths,
        config,
    })
}

fn process_dir(
    dir: &str,
    config: &Config,
    deps: &dyn Dependencies,
    matcher: &dyn matchers::Matcher,
    quit: &mut bool,
) -> i32 {
    // No depth can be both >= min_depth and <= max_depth when min_depth exceeds
    // max_depth, so nothing matches — the same as GNU find. `WalkDir` would
    // otherwise still yield the max-depth entries, so short-circuit here.
    if config.min_depth > config.max_depth {
        return 0;
    }

    let mut walkdir = WalkDir::new(dir)
        .contents_first(config.depth_first)
        .max_depth(config.max_depth)
        .min_depth(config.min_depth)
        .same_file_system(config.same_file_system)
        .follow_links(config.follow == Follow::Always)
        .follow_root_links(config.follow != Follow::Never);
    if config.sorted_output {
        walkdir = walkdir.sort_by(|a, b| a.file_name().cmp(b.file_name()));
    }

    let mut ret = 0;

    // Slightly yucky loop handling here :-(. See docs for
    // WalkDirIterator::skip_current_dir for explanation.
    let mut it = walkdir.into_iter();
    // As WalkDir seems not providing a function to check its stack,
    // using current_dir is a workaround to check leaving directory.
    let mut current_dir: Option<PathBuf> = None;
    while let Some(result) = it.next() {
        match WalkEntry::from_walkdir(result, config.follow) {
            Err(err) => {
                ret = 1;
                let err = err.to_string();
                // The number is of no use to people, and it is not Linux's.
                let err = err.split(" (os error").next().unwrap_or_default();
                let _ = writeln!(&mut stderr(), "find: {err}");
            }
            Ok(entry) => {
                let mut matcher_io = matchers::MatcherIO::new(deps);

                let new_dir = entry.path().parent().map(std::path::Path::to_path_buf);
                if new_dir != current_dir {
                    if let Some(dir) = current_dir.take() {
                        matcher.finished_dir(dir.as_path(), &mut matcher_io);
                    }
                    current_dir = new_dir;
                }

                matcher.matches(&entry, &mut matcher_io);
                match matcher_io.exit_code() {
                    0 => {}
                    code => ret = code,
                }
                if matcher_io.should_quit() {
                    *quit = true;
                    break;
                }
                if matcher_io.should_skip_current_dir() {
                    it.skip_current_dir();
                }
            }
        }
    }

    let mut matcher_io = matchers::MatcherIO::new(deps);
    if let Some(dir) = current_dir.take() {
        matcher.finished_dir(dir.as_path(), &mut matcher_io);
    }
    matcher.finished(&mut matcher_io);
    // This is implemented for exec +.
    match matcher_io.exit_code() {
        0 => {}
        code => ret = code,
    }

    ret
}

fn do_find(args: &[&str], deps: &dyn Dependencies) -> Result<i32, Box<dyn Error>> {
    let paths_and_matcher = parse_args(args)?;
    if paths_and_matcher.config.help_requested {
        print_help(deps)?;
        return Ok(0);
    }
    if paths_and_matcher.config.version_requested {
        print_version(deps)?;
        return Ok(0);
    }

    let paths: Box<dyn Iterator<Item = Result<String, Box<dyn Error>>>> =
        match paths_and_matcher.files0_paths {
            Some(files0_paths) => Box::new(files0_paths),
            None => Box::new(paths_and_matcher.paths.into_iter().map(Ok)),
        };

    let mut ret = 0;
    let mut quit = false;
    for path in paths {
        let path = path?;
        let dir_ret = process_dir(
            &path,
            &paths_and_matcher.config,
            deps,
            &*paths_and_matcher.matcher,
            &mut quit,
        );
        if dir_ret != 0 {
            ret = dir_ret;
        }
        if quit {
            break;
        }
    }

    Ok(ret)
}

fn print_help(deps: &dyn Dependencies) -> Result<(), io::Error> {
    writeln!(
        &mut deps.get_output().borrow_mut(),
        r"Usage: find [path...] [expression]

If no path is supplied then the current working directory is used by default.

Options (before paths):
 -P                       Never follow symbolic links (default)
 -L                       Follow symbolic links
 -H                       Follow symbolic links on the command line only
 -Olevel                  Optimization level (0-3, currently ignored)

Operators:
 ( EXPR )                 Force precedence
 ! EXPR / -not EXPR       Negate expression
 EXPR -a / -and EXPR      Logical AND (default)
 EXPR -o / -or EXPR       Logical OR
 EXPR , EXPR              List (both evaluated, result of last used)

Positional options:
 -daystart                Measure times from start of today
 -follow                  Dereference symbolic links
 -maxdepth N              Descend at most N levels
 -mindepth N              Do not apply tests at levels less than N
 -d / -depth              Process directory contents before directory itself
 -mount / -xdev           Do not descend into other file systems
 -noleaf                  Do not optimize by assuming 2+ hard links
 -sorted                  Sort directory contents by name (non-standard)
 -regextype type          Set regex syntax (default: emacs)
 -files0-from file        Read starting points from file, NUL-separated

Tests:
 -name pattern            Base name matches shell pattern
 -iname pattern           Like -name but case-insensitive
 -path pattern            Full path matches shell pattern
 -ipath pattern           Like -path but case-insensitive
 -wholename pattern       Same as -path
 -iwholename pattern      Same as -ipath
 -lname pattern           Symlink target matches pattern
 -ilname pattern          Like -lname but case-insensitive
 -regex pattern           Full path matches regular expression
 -iregex pattern          Like -regex but case-insensitive
 -type [bcdflps]          File is of given type
 -xtype [bcdflps]         Like -type but check symlink target
 -fstype type             File is on filesystem of given type
 -size [+-]N[bcwkMG]      File uses N units of space
 -empty                   File is empty (regular file or directory)
 -newer file              Modified more recently than file
 -anewer file             Accessed more recently than file was modified
 -cnewer file             Status changed more recently than file was modified
 -newerXY ref             File's X time is newer than ref's Y time (X,Y: aBcmt)
 -ctime [+-]N             Status changed N*24 hours ago
 -atime [+-]N             Accessed N*24 hours ago
 -mtime [+-]N             Modified N*24 hours ago
 -cmin [+-]N              Status changed N minutes ago
 -amin [+-]N              Accessed N minutes ago
 -mmin [+-]N              Modified N minutes ago
 -perm [-/]mode           Permission bits match mode
 -samefile file           Same inode as file
 -readable                Readable by current user
 -writable                Writable by current user
 -executable              Executable by current user
 -user name/uid           Owned by user
 -nouser                  No user corresponds to file's UID
 -uid [+-]N               Numeric user ID matches
 -group name/gid          Owned by group
 -nogroup                 No group corresponds to file's GID
 -gid [+-]N               Numeric group ID matches
 -inum [+-]N              Inode number matches (Unix only)
 -links [+-]N             Hard link count matches (Unix only)
 -true                    Always true
 -false                   Always false

Actions:
 -print                   Print path followed by newline (default)
 -print0                  Print path followed by NUL
 -printf format           Print formatted string
 -fprint file             Like -print but write to file
 -fprint0 file            Like -print0 but write to file
 -fprintf file format     Like -printf but write to file
 -ls                      List in ls -dils format
 -fls file                Like -ls but write to file
 -exec command ;          Execute command for each file
 -exec command {{}} +       Execute command with multiple files
 -execdir command ;       Like -exec but in file's directory
 -execdir command {{}} +    Like -exec {{}} + but in file's directory
 -ok command ;            Like -exec but prompt user first
 -okdir command ;         Like -execdir but prompt user first
 -delete                  Delete files (implies -depth)
 -prune                   Do not descend into directory
 -quit                    Exit immediately
"
    )
}

fn print_version(deps: &dyn Dependencies) -> Result<(), io::Error> {
    writeln!(
        &mut deps.get_output().borrow_mut(),
        "find {}",
        env!("CARGO_PKG_VERSION")
    )
}

/// The name `find` was invoked as, for prefixing its messages: the base name
/// of argv[0], without the `.exe` that Windows executables carry.
pub fn program_name() -> &'static str {
    let name = uucore::util_name();
    let path = std::path::Path::new(name);
    if cfg!(windows)
        && path
            .extension()
            .is_some_and(|ext| ext.eq_ignore_ascii_case("exe"))
    {
        if let Some(stem) = path.file_stem().and_then(std::ffi::OsStr::to_str) {
            return stem;
        }
    }
    name
}

/// Does all the work for find.
///
/// All main has to do is pass in the command-line args and exit the process
/// with the exit code. Note that the first string in args is expected to be
/// the name of the executable.
pub fn find_main(args: &[&str], deps: &dyn Dependencies) -> i32 {
    match do_find(&args[1..], deps) {
        Ok(ret) => ret,
        Err(e) => {
            // `do_find` was handed argv without the program name.
            let e = ParseError::shift(e, 1);
            // Only at a terminal or with `UUTILS_DIAG=always`, so captured
            // output (the GNU and bfs suites) keeps the single GNU line.
            let rendered = uucore::diagnostics::enabled()
                && e.downcast_ref::<ParseError>()
                    .is_some_and(|parse_error| parse_error.render(args));
            // The report heads itself with the same line.
            if !rendered {
                writeln!(&mut stderr(), "{}: {e}", program_name()).unwrap();
            }
            1
        }
    }
}
