//! Runs a program.

use super::Problem;
use super::parse::{Expr, Function, Output, Pattern, Program, SPECIAL, Source, Stmt, Var};
use super::streams::{Kind, Records, Separator, Streams, open_input};
use super::value::{Array, Text, Value};
use posix_regex::{Options, Regex, Syntax};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

/// Calls in calls end here, before the stack does.
const DEEPEST: usize = 1000;

const NF: usize = 0;
const NR: usize = 1;
const FNR: usize = 2;
const FS: usize = 3;
const OFS: usize = 4;
const ORS: usize = 5;
const RS: usize = 6;
const FILENAME: usize = 7;
const SUBSEP: usize = 8;
pub const RSTART: usize = 9;
pub const RLENGTH: usize = 10;
const CONVFMT: usize = 11;
const OFMT: usize = 12;
const ENVIRON: usize = 13;
const ARGC: usize = 14;
const ARGV: usize = 15;
const RT: usize = 16;

#[derive(Clone)]
pub enum Slot {
    Scalar(Value),
    Array(Array),
}

/// How a statement ends.
enum Flow {
    On,
    Break,
    Continue,
    Next,
    NextFile,
    Return(Value),
    Exit,
}

type Done<T> = Result<T, Problem>;

pub struct Machine<'a> {
    program: &'a Program,
    globals: Vec<Slot>,
    locals: Vec<Vec<Slot>>,
    record: Text,
    fields: Vec<Value>,
    /// Whether `fields` is cut from `record`.
    split: bool,
    /// Whether `record` has to be put together from `fields`.
    joined: bool,
    open_ranges: Vec<bool>,
    regexes: HashMap<Text, Rc<Regex>>,
    pub streams: Streams,
    input: Option<Records>,
    next_operand: usize,
    read_a_file: bool,
    exit_code: i32,
    /// An `exit` inside of a function is on its way.
    exiting: bool,
    pub seed: u64,
    pub random: u64,
}

impl<'a> Machine<'a> {
    pub fn new(program: &'a Program, operands: Vec<Vec<u8>>) -> Self {
        let slot = |(_, array): &(String, bool)| {
            if *array { Slot::Array(Array::default()) } else { Slot::Scalar(Value::Unset) }
        };
        let mut machine = Machine {
            program,
            globals: program.globals.iter().map(slot).collect(),
            locals: Vec::new(),
            record: Text::from([]),
            fields: Vec::new(),
            split: true,
            joined: true,
            open_ranges: vec![false; program.ranges],
            regexes: HashMap::new(),
            streams: Streams::new(),
            input: None,
            next_operand: 1,
            read_a_file: false,
            exit_code: 0,
            exiting: false,
            seed: 0,
            random: 0,
        };
        for (name, text) in [
            ("FS", " "),
            ("OFS", " "),
            ("ORS", "\n"),
            ("RS", "\n"),
            ("SUBSEP", "\x1c"),
            ("CONVFMT", "%.6g"),
            ("OFMT", "%.6g"),
        ] {
            machine.set_special(name, Value::text(text));
        }
        for name in ["NF", "NR", "FNR"] {
            machine.set_special(name, Value::Number(0.0));
        }
        machine.set_special("ARGC", Value::Number(operands.len() as f64 + 1.0));
        machine.insert(ARGV, b"0", Value::text("awk"));
        for (number, operand) in operands.into_iter().enumerate() {
            machine.insert(ARGV, (number + 1).to_string().as_bytes(), Value::Input(operand.into()));
        }
        for (name, value) in std::env::vars_os() {
            machine.insert(ENVIRON, glowplug_unix::bytes(&name), Value::Input(glowplug_unix::bytes(&value).into()));
        }
        machine
    }

    fn insert(&self, array: usize, key: &[u8], value: Value) {
        if let Slot::Array(array) = &self.globals[array] {
            array.borrow_mut().insert(key.into(), value);
        }
    }

    pub fn set_special(&mut self, name: &str, value: Value) {
        if let Some(place) = SPECIAL.iter().position(|known| *known == name) {
            self.globals[place] = Slot::Scalar(value);
        }
    }

    pub fn set_place(&mut self, place: usize, value: Value) {
        self.globals[place] = Slot::Scalar(value);
    }

    pub fn assign_global(&mut self, place: usize, value: Value) {
        if matches!(self.globals[place], Slot::Scalar(_)) {
            self.globals[place] = Slot::Scalar(value);
        }
    }

    fn special(&self, place: usize) -> &Value {
        match &self.globals[place] {
            Slot::Scalar(value) => value,
            Slot::Array(_) => &Value::Unset,
        }
    }

    pub fn convfmt(&self) -> Text {
        self.special(CONVFMT).to_text(b"%.6g")
    }

    pub fn text(&self, value: &Value) -> Text {
        match value {
            Value::Text(text) | Value::Input(text) => text.clone(),
            _ => value.to_text(&self.convfmt()),
        }
    }

    pub fn run(mut self) -> Done<i32> {
        let result = self.run_all();
        let closed = self.streams.close_all();
        match result {
            Err(Problem(message)) if message.contains("Broken pipe") => Ok(super::super::BROKEN_PIPE),
            Err(problem) => Err(problem),
            Ok(()) => match closed {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(super::super::BROKEN_PIPE),
                Err(error) => Err(Problem(format!("write error: {}", uucore::error::strip_errno(&error)))),
                Ok(()) => Ok(self.exit_code),
            },
        }
    }

    fn run_all(&mut self) -> Done<()> {
        let program = self.program;
        let mut exited = false;
        for body in &program.begin {
            if matches!(self.whole(body)?, Flow::Exit) {
                exited = true;
                break;
            }
        }
        if !exited && (!program.rules.is_empty() || !program.end.is_empty()) {
            while self.next_record()? {
                let flow = self.rules();
                match self.exited(flow)? {
                    Flow::Exit => break,
                    Flow::NextFile => self.input = None,
                    _ => {}
                }
            }
        }
        for body in &program.end {
            if matches!(self.whole(body)?, Flow::Exit) {
                break;
            }
        }
        Ok(())
    }

    fn whole(&mut self, body: &'a [Stmt]) -> Done<Flow> {
        let flow = self.block(body);
        self.exited(flow)
    }

    /// Turns an `exit` from inside of a function into that of a statement.
    fn exited(&mut self, flow: Done<Flow>) -> Done<Flow> {
        if !std::mem::take(&mut self.exiting) {
            return flow;
        }
        self.locals.clear();
        Ok(Flow::Exit)
    }

    fn rules(&mut self) -> Done<Flow> {
        for (pattern, body) in &self.program.rules {
            let chosen = match pattern {
                Pattern::Always => true,
                Pattern::When(condition) => self.eval(condition)?.is_true(),
                Pattern::Range(first, last, place) => {
                    let inside = self.open_ranges[*place] || self.eval(first)?.is_true();
                    self.open_ranges[*place] = inside && !self.eval(last)?.is_true();
                    inside
                }
            };
            if !chosen {
                continue;
            }
            let Some(body) = body else {
                let line = [&*self.record(), &*self.text(self.special(ORS))].concat();
                self.streams.print(&line)?;
                continue;
            };
            match self.block(body)? {
                Flow::On => {}
                Flow::Next => break,
                other => return Ok(other),
            }
        }
        Ok(Flow::On)
    }

    // Records and fields.

    fn separator(&mut self) -> Done<Separator> {
        let text = self.text(self.special(RS));
        Ok(match &*text {
            [] => Separator::Paragraph,
            [byte] => Separator::Byte(*byte),
            _ => Separator::Pattern(self.regex_of(&text)?),
        })
    }

    /// Reads the next record of the operands into `$0`.
    fn next_record(&mut self) -> Done<bool> {
        match self.read_main()? {
            Some(record) => {
                self.set_record(record);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn read_main(&mut self) -> Done<Option<Text>> {
        loop {
            if self.input.is_none() && !self.open_next()? {
                return Ok(None);
            }
            let separator = self.separator()?;
            let Some(input) = &mut self.input else { return Ok(None) };
            if let Some((record, terminator)) = input.next(&separator)? {
                self.set_place(RT, Value::text(terminator));
                self.count(NR);
                self.count(FNR);
                return Ok(Some(record.into()));
            }
            self.input = None;
        }
    }

    fn count(&mut self, place: usize) {
        self.set_place(place, Value::Number(self.special(place).to_number() + 1.0));
    }

    /// Opens the next operand that is a file; assignments on the way take effect.
    fn open_next(&mut self) -> Done<bool> {
        loop {
            if self.next_operand >= self.special(ARGC).to_number() as usize {
                if self.read_a_file {
                    return Ok(false);
                }
                self.read_a_file = true;
                self.input = Some(Records::new(Box::new(std::io::stdin())));
                return Ok(true);
            }
            let key = self.next_operand.to_string();
            self.next_operand += 1;
            let operand = match &self.globals[ARGV] {
                Slot::Array(array) => array.borrow().get(key.as_bytes()).map(|value| self.text(value)),
                Slot::Scalar(_) => None,
            };
            let Some(operand) = operand.filter(|operand| !operand.is_empty()) else { continue };
            if let Some((name, value)) = super::assignment_parts(&operand) {
                if let Some(place) = self.program.globals.iter().position(|(known, _)| known == name) {
                    self.assign_global(place, value);
                }
                continue;
            }
            self.read_a_file = true;
            self.set_place(FILENAME, Value::Input(operand.clone()));
            self.set_place(FNR, Value::Number(0.0));
            match open_input(&operand) {
                Ok(source) => {
                    self.input = Some(Records::new(source));
                    return Ok(true);
                }
                Err(error) => {
                    let error = uucore::error::strip_errno(&error);
                    crate::small::warn(
                        "awk",
                        format_args!("cannot open \"{}\" ({error})", String::from_utf8_lossy(&operand)),
                    );
                    self.exit_code = 2;
                }
            }
        }
    }

    fn set_record(&mut self, record: Text) {
        self.record = record;
        self.split = false;
        self.joined = true;
    }

    fn record(&mut self) -> Text {
        if !self.joined {
            let separator = self.text(self.special(OFS));
            let fields: Vec<Text> = self.fields.iter().map(|field| self.text(field)).collect();
            let fields: Vec<&[u8]> = fields.iter().map(|field| &**field).collect();
            self.record = fields.join(&*separator).into();
            self.joined = true;
        }
        self.record.clone()
    }

    fn split_record(&mut self) -> Done<()> {
        if self.split {
            return Ok(());
        }
        self.split = true;
        let separator = self.text(self.special(FS));
        let paragraphs = self.text(self.special(RS)).is_empty();
        let record = self.record.clone();
        let mut fields = Vec::with_capacity(self.fields.len());
        self.cut(&record, &separator, paragraphs, &mut |field| fields.push(Value::Input(field.into())))?;
        self.fields = fields;
        self.set_place(NF, Value::Number(self.fields.len() as f64));
        Ok(())
    }

    /// Cuts a text by `FS`'s rules.
    pub fn cut(&mut self, text: &[u8], separator: &[u8], lines_too: bool, put: &mut dyn FnMut(&[u8])) -> Done<()> {
        if text.is_empty() {
            return Ok(());
        }
        match separator {
            b" " => {
                text.split(|byte| matches!(byte, b' ' | b'\t' | b'\n')).filter(|field| !field.is_empty()).for_each(put)
            }
            [] => {
                let mut at = 0;
                while at < text.len() {
                    let end = super::text::char_end(text, at);
                    put(&text[at..end]);
                    at = end;
                }
            }
            [byte] if *byte != b'\\' && !lines_too => text.split(|known| known == byte).for_each(put),
            [byte] if *byte != b'\\' => text.split(|known| known == byte || *known == b'\n').for_each(put),
            _ => {
                let regex = self.regex_of(separator)?;
                let mut start = 0;
                let mut at = 0;
                while let Some((begin, end)) = regex.find_at(text, at) {
                    if end == begin {
                        at = end + 1;
                        continue;
                    }
                    put(&text[start..begin]);
                    (start, at) = (end, end);
                }
                put(&text[start..]);
            }
        }
        Ok(())
    }

    fn field(&mut self, number: f64) -> Done<Value> {
        let number = field_number(number)?;
        if number == 0 {
            return Ok(Value::Input(self.record()));
        }
        self.split_record()?;
        Ok(self.fields.get(number - 1).cloned().unwrap_or_default())
    }

    fn set_field(&mut self, number: f64, value: Value) -> Done<()> {
        let number = field_number(number)?;
        if number == 0 {
            let record = self.text(&value);
            self.set_record(record);
            return Ok(());
        }
        self.split_record()?;
        if number > self.fields.len() {
            self.fields.resize(number, Value::Input(Text::from([])));
            self.set_place(NF, Value::Number(number as f64));
        }
        self.fields[number - 1] = value;
        self.joined = false;
        Ok(())
    }

    // Statements.

    fn block(&mut self, body: &'a [Stmt]) -> Done<Flow> {
        for statement in body {
            match self.statement(statement)? {
                Flow::On => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::On)
    }

    /// The body of a loop: `Some` ends it.
    fn turn(&mut self, body: &'a Stmt) -> Done<Option<Flow>> {
        Ok(match self.statement(body)? {
            Flow::On | Flow::Continue => None,
            Flow::Break => Some(Flow::On),
            other => Some(other),
        })
    }

    fn statement(&mut self, statement: &'a Stmt) -> Done<Flow> {
        match statement {
            Stmt::Expr(expr) => drop(self.eval(expr)?),
            Stmt::Print { values, formatted, to } => self.print(values, *formatted, to)?,
            Stmt::If(condition, then, other) => {
                if self.eval(condition)?.is_true() {
                    return self.statement(then);
                }
                return other.as_ref().map_or(Ok(Flow::On), |other| self.statement(other));
            }
            Stmt::While(condition, body) => {
                while self.eval(condition)?.is_true() {
                    if let Some(flow) = self.turn(body)? {
                        return Ok(flow);
                    }
                }
            }
            Stmt::Do(body, condition) => loop {
                if let Some(flow) = self.turn(body)? {
                    return Ok(flow);
                }
                if !self.eval(condition)?.is_true() {
                    break;
                }
            },
            Stmt::For(start, condition, step, body) => {
                if let Some(start) = start {
                    self.statement(start)?;
                }
                loop {
                    if let Some(condition) = condition {
                        if !self.eval(condition)?.is_true() {
                            break;
                        }
                    }
                    if let Some(flow) = self.turn(body)? {
                        return Ok(flow);
                    }
                    if let Some(step) = step {
                        self.statement(step)?;
                    }
                }
            }
            Stmt::ForIn(key, array, body) => {
                let keys: Vec<Text> = self.array(*array)?.borrow().keys().cloned().collect();
                for name in keys {
                    self.assign(key, Value::Input(name))?;
                    if let Some(flow) = self.turn(body)? {
                        return Ok(flow);
                    }
                }
            }
            Stmt::Block(body) => return self.block(body),
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Next => return Ok(Flow::Next),
            Stmt::NextFile => return Ok(Flow::NextFile),
            Stmt::Exit(code) => {
                if let Some(code) = code {
                    self.exit_code = self.eval(code)?.to_number() as i32 & 255;
                }
                return Ok(Flow::Exit);
            }
            Stmt::Return(value) => {
                let value = value.as_ref().map_or(Ok(Value::Unset), |value| self.eval(value))?;
                return Ok(Flow::Return(value));
            }
            Stmt::Delete(array, key) => {
                let array = self.array(*array)?;
                match key {
                    None => array.borrow_mut().clear(),
                    Some(key) => {
                        let key = self.key(key)?;
                        array.borrow_mut().shift_remove(&key);
                    }
                }
            }
        }
        Ok(Flow::On)
    }

    fn print(&mut self, values: &'a [Expr], formatted: bool, to: &'a Output) -> Done<()> {
        let mut line = Vec::new();
        if formatted {
            let values = self.eval_all(values)?;
            let Some((format, values)) = values.split_first() else {
                return Err(Problem("printf: no format".to_owned()));
            };
            line = super::printf::format(&self.text(format), values, &self.convfmt());
        } else {
            if values.is_empty() {
                line.extend_from_slice(&self.record());
            }
            for (number, value) in values.iter().enumerate() {
                if number > 0 {
                    line.extend_from_slice(&self.text(self.special(OFS)));
                }
                let value = self.eval(value)?;
                match &value {
                    Value::Number(_) => line.extend_from_slice(&value.to_text(&self.text(self.special(OFMT)))),
                    _ => line.extend_from_slice(&self.text(&value)),
                }
            }
            line.extend_from_slice(&self.text(self.special(ORS)));
        }
        let (kind, name) = match to {
            Output::Standard => return Ok(self.streams.print(&line)?),
            Output::Write(name) => (Kind::Write, name),
            Output::Append(name) => (Kind::Append, name),
            Output::Pipe(name) => (Kind::Pipe, name),
        };
        let name = self.eval(name)?;
        let name = self.text(&name);
        self.streams.print_to(kind, &name, &line)
    }

    // Expressions.

    pub fn eval_all(&mut self, exprs: &'a [Expr]) -> Done<Vec<Value>> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    pub fn eval(&mut self, expr: &'a Expr) -> Done<Value> {
        Ok(match expr {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::Regex(regex) => {
                let record = self.record();
                Value::truth(regex.is_match(&record))
            }
            Expr::Var(var) => self.variable(*var)?,
            Expr::Field(number) => {
                let number = self.eval(number)?.to_number();
                self.field(number)?
            }
            Expr::Element(array, key) => {
                let key = self.key(key)?;
                self.array(*array)?.borrow_mut().entry(key).or_default().clone()
            }
            Expr::Group(inner) => {
                let [inner] = inner.as_slice() else {
                    return Err(Problem("syntax error: a list where a value should be".to_owned()));
                };
                self.eval(inner)?
            }
            Expr::Assign(target, operator, value) => {
                let mut value = self.eval(value)?;
                if let Some(operator) = operator {
                    let old = self.eval(target)?.to_number();
                    value = Value::Number(arithmetic(operator, old, value.to_number())?);
                }
                self.assign(target, value.clone())?;
                value
            }
            Expr::Step { target, before, by } => {
                let old = self.eval(target)?.to_number();
                self.assign(target, Value::Number(old + by))?;
                Value::Number(if *before { old + by } else { old })
            }
            Expr::Condition(condition, yes, no) => {
                let chosen = if self.eval(condition)?.is_true() { yes } else { no };
                self.eval(chosen)?
            }
            Expr::And(left, right) => Value::truth(self.eval(left)?.is_true() && self.eval(right)?.is_true()),
            Expr::Or(left, right) => Value::truth(self.eval(left)?.is_true() || self.eval(right)?.is_true()),
            Expr::In(key, array) => {
                let key = self.key(key)?;
                Value::truth(self.array(*array)?.borrow().contains_key(&key))
            }
            Expr::Match(text, pattern, wanted) => {
                let text = self.eval(text)?;
                let text = self.text(&text);
                let regex = self.pattern(pattern)?;
                Value::truth(regex.is_match(&text) == *wanted)
            }
            Expr::Compare(sign, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                let order = left.compare(&right, &self.convfmt());
                Value::truth(match *sign {
                    "<" => order == Some(Ordering::Less),
                    "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                    "==" => order == Some(Ordering::Equal),
                    "!=" => order != Some(Ordering::Equal),
                    ">=" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                    _ => order == Some(Ordering::Greater),
                })
            }
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.eval(left)?.to_number(), self.eval(right)?.to_number());
                Value::Number(arithmetic(operator, left, right)?)
            }
            Expr::Concat(left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                Value::text([&*self.text(&left), &*self.text(&right)].concat())
            }
            Expr::Not(inner) => Value::truth(!self.eval(inner)?.is_true()),
            Expr::Negative(inner) => Value::Number(-self.eval(inner)?.to_number()),
            Expr::Positive(inner) => Value::Number(self.eval(inner)?.to_number()),
            Expr::Call(function, args) => self.call(&self.program.functions[*function], args)?,
            Expr::Builtin(name, args) => self.builtin(name, args)?,
            Expr::Getline { target, source } => self.getline(target.as_deref(), source)?,
        })
    }

    fn variable(&mut self, var: Var) -> Done<Value> {
        if var == Var::Global(NF) {
            self.split_record()?;
        }
        match self.slot(var) {
            Slot::Scalar(value) => Ok(value.clone()),
            Slot::Array(_) => Err(Problem("attempt to use an array in a scalar context".to_owned())),
        }
    }

    fn slot(&self, var: Var) -> &Slot {
        match var {
            Var::Global(place) => &self.globals[place],
            Var::Local(place) => &self.locals[self.locals.len() - 1][place],
        }
    }

    pub fn array(&self, var: Var) -> Done<Array> {
        match self.slot(var) {
            Slot::Array(array) => Ok(array.clone()),
            Slot::Scalar(_) => Err(Problem("attempt to use a scalar as an array".to_owned())),
        }
    }

    fn key(&mut self, key: &'a [Expr]) -> Done<Text> {
        let values = self.eval_all(key)?;
        if let [value] = values.as_slice() {
            return Ok(self.text(value));
        }
        let texts: Vec<Text> = values.iter().map(|value| self.text(value)).collect();
        let texts: Vec<&[u8]> = texts.iter().map(|text| &**text).collect();
        Ok(texts.join(&*self.text(self.special(SUBSEP))).into())
    }

    pub fn assign(&mut self, target: &'a Expr, value: Value) -> Done<()> {
        match target {
            Expr::Var(Var::Global(NF)) => {
                self.split_record()?;
                let count = value.to_number().max(0.0) as usize;
                self.fields.resize(count, Value::Input(Text::from([])));
                self.joined = false;
                self.set_place(NF, Value::Number(count as f64));
            }
            Expr::Var(var) => {
                let slot = match var {
                    Var::Global(place) => &mut self.globals[*place],
                    Var::Local(place) => {
                        let frame = self.locals.len() - 1;
                        &mut self.locals[frame][*place]
                    }
                };
                if matches!(slot, Slot::Array(_)) {
                    return Err(Problem("attempt to use an array in a scalar context".to_owned()));
                }
                *slot = Slot::Scalar(value);
            }
            Expr::Field(number) => {
                let number = self.eval(number)?.to_number();
                self.set_field(number, value)?;
            }
            Expr::Element(array, key) => {
                let key = self.key(key)?;
                self.array(*array)?.borrow_mut().insert(key, value);
            }
            Expr::Group(inner) if inner.len() == 1 => self.assign(&inner[0], value)?,
            _ => return Err(Problem("assignment to something that is no variable".to_owned())),
        }
        Ok(())
    }

    fn call(&mut self, function: &'a Function, args: &'a [Expr]) -> Done<Value> {
        if args.len() > function.arrays.len() {
            return Err(Problem("function called with more arguments than it has parameters".to_owned()));
        }
        if self.locals.len() >= DEEPEST {
            return Err(Problem("function calls nested too deeply".to_owned()));
        }
        let mut frame = Vec::with_capacity(function.arrays.len());
        for (number, is_array) in function.arrays.iter().enumerate() {
            frame.push(match (args.get(number), is_array) {
                (Some(Expr::Var(var)), true) => Slot::Array(self.array(*var)?),
                (_, true) => Slot::Array(Array::default()),
                (Some(arg), false) => Slot::Scalar(self.eval(arg)?),
                (None, false) => Slot::Scalar(Value::Unset),
            });
        }
        self.locals.push(frame);
        let result = self.block(&function.body);
        self.locals.pop();
        match result? {
            Flow::Return(value) => Ok(value),
            Flow::Exit => {
                // Out of every expression on the way; `whole` takes it from there.
                self.exiting = true;
                Err(Problem("exit".to_owned()))
            }
            _ => Ok(Value::Unset),
        }
    }

    fn getline(&mut self, target: Option<&'a Expr>, source: &'a Source) -> Done<Value> {
        let read = match source {
            Source::Main => self.read_main()?,
            Source::File(name) | Source::Command(name) => {
                let name = self.eval(name)?;
                let name = self.text(&name);
                let command = matches!(source, Source::Command(_));
                let separator = self.separator()?;
                match self.streams.read(command, &name, &separator) {
                    Ok(found) => {
                        if command && found.is_some() {
                            self.count(NR);
                        }
                        found.map(|(record, _)| record.into())
                    }
                    Err(_) => return Ok(Value::Number(-1.0)),
                }
            }
        };
        let Some(record) = read else { return Ok(Value::Number(0.0)) };
        match target {
            Some(target) => self.assign(target, Value::Input(record))?,
            None => self.set_record(record),
        }
        Ok(Value::Number(1.0))
    }

    /// A pattern: as it is written, or from a text.
    pub fn pattern(&mut self, expr: &'a Expr) -> Done<Rc<Regex>> {
        match expr {
            Expr::Regex(regex) => Ok(regex.clone()),
            _ => {
                let text = self.eval(expr)?;
                let text = self.text(&text);
                self.regex_of(&text)
            }
        }
    }

    pub fn regex_of(&mut self, text: &[u8]) -> Done<Rc<Regex>> {
        if let Some(regex) = self.regexes.get(text) {
            return Ok(regex.clone());
        }
        let pattern = String::from_utf8_lossy(text);
        let options = Options { dot_matches_newline: true, ..Options::default() };
        let regex =
            Regex::new(&pattern, Syntax::Awk, options).map_err(|error| Problem(format!("/{pattern}/: {error}")))?;
        let regex = Rc::new(regex);
        self.regexes.insert(text.into(), regex.clone());
        Ok(regex)
    }

    pub fn field_separator(&self) -> Text {
        self.text(self.special(FS))
    }

    pub fn whole_record(&mut self) -> Text {
        self.record()
    }

    pub fn set_whole_record(&mut self, record: Text) {
        self.set_record(record);
    }
}

fn field_number(number: f64) -> Done<usize> {
    const MOST: f64 = 10_000_000.0;
    if (0.0..MOST).contains(&number) {
        return Ok(number as usize);
    }
    Err(Problem(format!("attempt to access field {number}")))
}

fn arithmetic(operator: &str, left: f64, right: f64) -> Done<f64> {
    Ok(match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "^" => left.powf(right),
        "/" | "%" if right == 0.0 => return Err(Problem("division by zero".to_owned())),
        "/" => left / right,
        _ => left % right,
    })
}
