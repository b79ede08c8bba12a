// This file is part of the uutils coreutils package.
//
// For the full copyright and license information, please view the LICENSE
// file that was distributed with this source code.

//! Single-threaded sort: what fits into one chunk is sorted in memory; beyond, sorted chunks go to temporary files,
//! which are merged.

use std::cmp::Ordering;
use std::io::{Read, Write};
use std::sync::mpsc::sync_channel;

use itertools::Itertools;
use uucore::error::{FromIo, UResult};

use crate::Output;
use crate::chunks::{self, Chunk, RecycledChunk};
use crate::merge::{self, ClosedTmpFile, WriteablePlainTmpFile, WriteableTmpFile};
use crate::tmp_dir::TmpDirWrapper;
use crate::{GlobalSettings, compare_by, print_sorted, sort_by};

/// What is sorted at once unless `-S` says otherwise. Lines and keys take several times as much again.
const CHUNK_SIZE: usize = 128 * 1024 * 1024;
const SMALLEST_CHUNK: usize = 64 * 1024;

/// Sort files by using auxiliary files for storing intermediate chunks (if needed), and output the result.
pub fn ext_sort(
    files: &mut impl Iterator<Item = UResult<Box<dyn Read + Send>>>,
    settings: &GlobalSettings,
    output: Output,
    tmp_dir: &mut TmpDirWrapper,
) -> UResult<()> {
    let separator = settings.line_ending.into();
    let chunk_size = if settings.buffer_size_is_explicit {
        settings.buffer_size.clamp(SMALLEST_CHUNK, CHUNK_SIZE)
    } else {
        CHUNK_SIZE
    };
    let Some(file) = files.next() else {
        return Ok(());
    };
    let mut file = file?;
    let (sender, receiver) = sync_channel::<Chunk>(1);
    let mut recycled = RecycledChunk::new(SMALLEST_CHUNK);
    let mut carry_over = vec![];
    let mut tmp_files = vec![];
    let mut should_continue = true;
    while should_continue {
        should_continue = chunks::read(
            &sender,
            recycled,
            Some(chunk_size),
            &mut carry_over,
            &mut file,
            files,
            separator,
            settings,
        )?;
        recycled = RecycledChunk::new(0);
        let Ok(mut chunk) = receiver.try_recv() else {
            continue;
        };
        chunk.with_dependent_mut(|_, contents| {
            sort_by(&mut contents.lines, settings, &contents.line_data);
        });
        if !should_continue && tmp_files.is_empty() {
            return print(&chunk, settings, output);
        }
        let mut tmp_file = WriteablePlainTmpFile::create(tmp_dir.next_file()?)?;
        let out = tmp_file.as_write();
        for line in chunk.lines() {
            out.write_all(line.line)
                .and_then(|()| out.write_all(&[separator]))
                .map_err_context(|| "write failed".into())?;
        }
        out.flush().map_err_context(|| "write failed".into())?;
        tmp_files.push(tmp_file.finished_writing()?);
        recycled = chunk.recycle();
    }
    if tmp_files.is_empty() {
        // An empty input. The output file is emptied too, if there is one.
        return output.into_write().map(drop);
    }
    merge::merge_with_file_limit::<_, _, WriteablePlainTmpFile>(
        tmp_files.into_iter().map(ClosedTmpFile::reopen),
        settings,
        output,
        tmp_dir,
    )
}

fn print(chunk: &Chunk, settings: &GlobalSettings, output: Output) -> UResult<()> {
    if settings.unique {
        print_sorted(
            chunk.lines().iter().dedup_by(|a, b| {
                compare_by(a, b, settings, chunk.line_data(), chunk.line_data()) == Ordering::Equal
            }),
            settings,
            output,
        )
    } else {
        print_sorted(chunk.lines().iter(), settings, output)
    }
}
