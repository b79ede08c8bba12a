//! Which functions a start executes: a copy of the guest that says so itself, and the list that is made of what it says.
//!
//! The copy writes a line to its standard error when a function is entered for the first time. Nothing but WASI is needed, so
//! it runs wherever the guest does, with processes and pipes as they really are.

use crate::names::Functions;
use anyhow::{Context, Result, ensure};
use std::collections::HashSet;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Function, FunctionSection, GlobalSection, GlobalType, Instruction, MemArg,
    Module, TypeSection, ValType,
};
use wasmparser::{CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, Parser};

/// How a line begins that names a function.
const MARK: &str = "@@";
/// How many letters follow, each half a byte of the function's number, the highest first.
const LETTERS: u32 = 4;
/// Where a line is put together: at the very end of the stack, which grows towards it and never gets there.
const SCRATCH: i32 = 64;

/// The copy.
///
/// # Errors
/// When the module is none, or has no import with which to write, or more functions than a line can name.
pub fn instrument(wasm: &[u8]) -> Result<Vec<u8>> {
    let functions = Functions::of(wasm)?;
    let write = functions.fd_write.context("the module does not import wasi_snapshot_preview1::fd_write")?;
    ensure!(functions.imported + functions.defined < 1 << (4 * LETTERS), "the module has too many functions");
    let mut copy = Copy { write, functions, globals: 0, types: 0, next: 0 };
    let mut module = Module::new();
    copy.parse_core_module(&mut module, Parser::new(0), wasm).context("cannot instrument the functions")?;
    Ok(module.finish())
}

/// The names of the functions that the copies of `wasm` wrote down in `logs`, in that order; all lines that are not theirs are
/// passed over.
///
/// # Errors
/// When the module is none, or no function was written down.
pub fn list(wasm: &[u8], logs: &[String]) -> Result<String> {
    let functions = Functions::of(wasm)?;
    let mut seen = HashSet::new();
    let mut names = String::new();
    for line in logs.iter().flat_map(|log| log.lines()) {
        let Some(number) = line.strip_prefix(MARK).and_then(parse) else { continue };
        if let Some(Some(name)) = functions.names.get(number).filter(|_| seen.insert(number)) {
            names.push_str(name);
            names.push('\n');
        }
    }
    ensure!(!names.is_empty(), "the guest has named no function: did it run, and did its standard error arrive here?");
    Ok(names)
}

fn parse(letters: &str) -> Option<usize> {
    let digits = letters.bytes().map(|letter| letter.checked_sub(b'A').filter(|digit| *digit < 16));
    let digits = digits.collect::<Option<Vec<u8>>>().filter(|digits| digits.len() == LETTERS as usize)?;
    Some(digits.into_iter().fold(0, |number, digit| number * 16 + usize::from(digit)))
}

/// One more global for each function, and one more function, which writes.
struct Copy {
    functions: Functions,
    write: u32,
    globals: u32,
    types: u32,
    next: u32,
}

impl Copy {
    /// `fn note(function: i32)`.
    fn note(&self) -> Function {
        let byte = |offset: usize| MemArg { offset: offset as u64, align: 0, memory_index: 0 };
        let word = |offset: usize| MemArg { offset: offset as u64, align: 2, memory_index: 0 };
        let text = 16;
        let mut note = Function::new([]);
        let mut put = |instructions: &[Instruction<'_>]| {
            instructions.iter().for_each(|instruction| {
                note.instruction(instruction);
            });
        };
        // A line of its own, even if somebody wrote half of one before.
        let frame = [(0, b'\n'), (1, MARK.as_bytes()[0]), (2, MARK.as_bytes()[1]), (3 + LETTERS as usize, b'\n')];
        for (place, letter) in frame {
            put(&[
                Instruction::I32Const(SCRATCH),
                Instruction::I32Const(letter.into()),
                Instruction::I32Store8(byte(text + place)),
            ]);
        }
        for place in 0..LETTERS {
            put(&[
                Instruction::I32Const(SCRATCH),
                Instruction::LocalGet(0),
                Instruction::I32Const((4 * (LETTERS - 1 - place)) as i32),
                Instruction::I32ShrU,
                Instruction::I32Const(15),
                Instruction::I32And,
                Instruction::I32Const(b'A'.into()),
                Instruction::I32Add,
                Instruction::I32Store8(byte(text + 3 + place as usize)),
            ]);
        }
        let length = 4 + LETTERS as i32;
        for (place, value) in [(0, SCRATCH + text as i32), (4, length)] {
            put(&[Instruction::I32Const(SCRATCH), Instruction::I32Const(value), Instruction::I32Store(word(place))]);
        }
        let [stderr, vectors, written] = [2, SCRATCH, SCRATCH + 8];
        put(&[
            Instruction::I32Const(stderr),
            Instruction::I32Const(vectors),
            Instruction::I32Const(1),
            Instruction::I32Const(written),
            Instruction::Call(self.write),
            Instruction::Drop,
            Instruction::End,
        ]);
        note
    }
}

impl Reencode for Copy {
    type Error = Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        wasm_encoder::reencode::utils::parse_type_section(self, types, section)?;
        self.types = types.len();
        types.ty().function([ValType::I32], []);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        wasm_encoder::reencode::utils::parse_function_section(self, functions, section)?;
        functions.function(self.types);
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        wasm_encoder::reencode::utils::parse_global_section(self, globals, section)?;
        self.globals = globals.len();
        let seen = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        for _ in 0..self.functions.defined {
            globals.global(seen, &ConstExpr::i32_const(0));
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        wasm_encoder::reencode::utils::parse_code_section(self, code, section)?;
        code.function(&self.note());
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error<Infallible>> {
        let (seen, number) = (self.globals + self.next, self.functions.imported + self.next);
        self.next += 1;
        let mut function = self.new_function_with_parsed_locals(&body)?;
        for instruction in [
            Instruction::GlobalGet(seen),
            Instruction::I32Eqz,
            Instruction::If(BlockType::Empty),
            Instruction::I32Const(1),
            Instruction::GlobalSet(seen),
            Instruction::I32Const(number as i32),
            Instruction::Call(self.functions.imported + self.functions.defined),
            Instruction::End,
        ] {
            function.instruction(&instruction);
        }
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            function.instruction(&self.parse_instruction(&mut reader)?);
        }
        code.function(&function);
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}
