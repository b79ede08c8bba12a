//! `glowplug compile`: an artifact of one's own.

use crate::args::CompileArgs;
use crate::commands::run::default_engine;
use crate::failure::Failure;
use crate::opening;
use glowplug_cache::{Code, Source};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Compiles through the cache, so that what was compiled before is not compiled again.
pub(crate) fn run(args: &CompileArgs) -> Result<i32, Failure> {
    let output = args.output.clone().unwrap_or_else(|| args.file.with_extension("cwasm"));
    keep_source(&args.file, &output)?;
    let opened = opening::open(&args.cache)?;
    let engine = default_engine();
    let loaded = opened.cache.load_any(&engine, &Source::file(args.file.as_path()))?;
    opened.warn(Some(&loaded.report));
    let artifact = match &loaded.module {
        Code::Module(module) => module.serialize()?,
        Code::Component(component) => component.serialize()?,
    };
    write_atomically(&output, &artifact).map_err(|error| Failure::file("write", &output, &error))?;
    opened.cache.finish();
    Ok(0)
}

/// Refuses to write over what is read.
pub(crate) fn keep_source(source: &Path, output: &Path) -> Result<(), Failure> {
    let same = || Some(source.canonicalize().ok()? == output.canonicalize().ok()?);
    if source == output || same() == Some(true) {
        return Err(Failure::usage(format!("the result would replace {} itself", crate::output::path(source)))
            .hint("name another file with --output"));
    }
    Ok(())
}

/// Fails if no file could be made there: to be asked before work of minutes.
pub(crate) fn is_writable(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".glowplug-").tempfile_in(folder).map(|_| ()).map_err(|error| error.kind().into())
}

/// Under another name first, so that nobody ever sees half a file, and nothing that is mapped now is changed.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    // Said of the folder here, and not of a temporary file in it, whose name means nothing to anybody.
    std::fs::metadata(&folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".glowplug-");
    // A temporary file is its maker's alone by default; what the user asked for has the rights of any new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out");
        for text in ["first", "second"] {
            write_atomically(&path, text.as_bytes()).expect("written");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}
