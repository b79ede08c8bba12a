//! `$x` and `${...}`.

use super::Within;
use super::output::{Mode, Output};
use super::transform;
use super::word::{Missing, Name, Operation, Parameter, Replace, Subscript, parse_reference};
use crate::shell::{Flow, Shell};
use crate::vars::Value;

/// The value of a parameter.
pub(super) enum Found {
    Unset,
    One(String),
    /// All elements of an array or all positional parameters; whether they are asked for with `*`.
    Many {
        items: Vec<String>,
        star: bool,
    },
}

/// A parameter after indirection.
struct Reference {
    name: Name,
    subscript: Option<Subscript>,
}

impl Reference {
    fn text(&self) -> String {
        match &self.subscript {
            None => self.name.text(),
            Some(Subscript::At) => format!("{}[@]", self.name.text()),
            Some(Subscript::Star) => format!("{}[*]", self.name.text()),
            Some(Subscript::Raw(raw)) => format!("{}[{raw}]", self.name.text()),
        }
    }
}

impl Shell {
    /// Reports an unset variable under `set -u`, which ends the shell.
    pub fn unbound(&self, name: &str) -> Flow {
        self.error(&format!("{name}: unbound variable"));
        self.fatal()
    }

    /// An error that ends the shell: with 127 where bash runs the argument of `-c`, with 1 otherwise.
    pub(super) fn fatal(&self) -> Flow {
        match self.options.interactive {
            true => Flow::Abandon(1),
            false => Flow::Exit(if self.options.from_argument && !self.is_subshell && self.subshell_level == 0 {
                127
            } else {
                1
            }),
        }
    }

    /// The same for a parameter: named as it was written.
    fn unbound_parameter(&self, reference: &Reference, parameter: &Parameter) -> Flow {
        match &reference.name {
            _ if parameter.indirect => self.unbound(&format!("!{}", parameter.name.text())),
            Name::Variable(name) if matches!(parameter.op, Operation::Length) => self.unbound(name),
            Name::Variable(_) => self.unbound(&reference.text()),
            _ if parameter.raw.starts_with("${") => self.unbound(&reference.text()),
            name => self.unbound(&format!("${}", name.text())),
        }
    }

    pub(super) fn expand_parameter(
        &mut self,
        output: &mut Output,
        parameter: &Parameter,
        within: Within,
    ) -> Result<(), Flow> {
        // The usual case first, without copies.
        if let (Operation::None, Name::Variable(name), None, false) =
            (&parameter.op, &parameter.name, &parameter.subscript, parameter.indirect)
            && let Some(variable) = self.vars.get_raw(name)
            && let (Value::Scalar(text), false, false) =
                (&variable.value, variable.dynamic, variable.attributes.nameref)
        {
            if within == Within::Quotes {
                output.quoted(text);
            } else {
                if output.splits() && output.ifs.is_none() {
                    output.ifs = Some(super::Ifs::new(self.vars.get_scalar("IFS").as_deref()));
                }
                output.split(text);
            }
            return Ok(());
        }
        let bad = |shell: &Self| {
            shell.error(&format!("{}: bad substitution", parameter.raw));
            Flow::Abandon(1)
        };
        if let Operation::Bad = parameter.op {
            return Err(bad(self));
        }
        if let (Operation::Names { star }, Name::Variable(prefix)) = (&parameter.op, &parameter.name) {
            let mut items = self.vars.names_with_prefix(prefix);
            items.retain(|name| self.vars.get_raw(name).is_some_and(|variable| variable.is_set() || variable.dynamic));
            return self.put_found(output, Found::Many { items, star: *star }, within);
        }
        let reference = Reference { name: parameter.name.clone(), subscript: parameter.subscript.clone() };
        if !parameter.indirect {
            return self.expand_reference(output, &reference, parameter, within);
        }
        if let (Some(Subscript::At | Subscript::Star), Name::Variable(name), Operation::None) =
            (&parameter.subscript, &parameter.name, &parameter.op)
        {
            let items = self.variable_value(name).map(|value| value.keys()).unwrap_or_default();
            let star = parameter.subscript == Some(Subscript::Star);
            return self.put_found(output, Found::Many { items, star }, within);
        }
        // `${!ref}` of a reference is the name that it leads to.
        if let (Name::Variable(name), None) = (&reference.name, &reference.subscript)
            && let Some(variable) = self.vars.get_raw(name)
            && variable.attributes.nameref
        {
            let target = match self.vars.resolve(name) {
                Ok(target) => match target.subscript {
                    Some(subscript) => format!("{}[{subscript}]", target.name),
                    None => target.name.into_owned(),
                },
                Err(_) => variable.value.scalar().unwrap_or_default().to_owned(),
            };
            return self.put_found(output, Found::One(target), within);
        }
        let reference = self.indirect(&reference, parameter)?;
        self.expand_reference(output, &reference, parameter, within)
    }

    /// What the value of a parameter names.
    fn indirect(&mut self, reference: &Reference, parameter: &Parameter) -> Result<Reference, Flow> {
        let value = match self.find(reference)? {
            Found::Unset => None,
            Found::One(value) => Some(value),
            Found::Many { items, .. } => Some(items.join(" ")).filter(|value| !value.is_empty()),
        };
        let Some(value) = value else {
            let text = reference.text();
            // `${!1}` and the like without a value are nothing.
            if matches!(reference.name, Name::Special('!')) {
                return Ok(Reference { name: Name::Special('!'), subscript: None });
            }
            if matches!(reference.name, Name::Positional(_) | Name::Special(_))
                && matches!(parameter.op, Operation::None)
            {
                return Ok(Reference { name: Name::Positional(usize::MAX), subscript: None });
            }
            self.error(&format!("{text}: invalid indirect expansion"));
            return Err(Flow::Abandon(1));
        };
        match parse_reference(&value) {
            Some((name, subscript)) => Ok(Reference { name, subscript }),
            None => {
                self.error(&format!("{value}: invalid variable name"));
                Err(Flow::Abandon(1))
            }
        }
    }

    /// In here-documents bash joins `$*` with blanks, but not arrays.
    fn starless(found: Found, reference: &Reference, output: &Output) -> Found {
        match found {
            Found::Many { items, .. } if output.mode == Mode::Document && reference.name == Name::Special('*') => {
                Found::Many { items, star: false }
            }
            found => found,
        }
    }

    /// The value of a parameter.
    fn find(&mut self, reference: &Reference) -> Result<Found, Flow> {
        let one = |value: Option<String>| value.map_or(Found::Unset, Found::One);
        Ok(match (&reference.name, &reference.subscript) {
            (Name::Special(c @ ('@' | '*')), _) => {
                Found::Many { items: self.positional.as_ref().clone(), star: *c == '*' }
            }
            (Name::Special(c), _) => one(self.special_parameter(*c)),
            (Name::Positional(number), _) => one(self.positional.get(number.wrapping_sub(1)).cloned()),
            (Name::Variable(name), None) => {
                if let Some(variable) = self.vars.get_raw(name)
                    && variable.attributes.nameref
                    && let Ok(target) = self.vars.resolve(name)
                    && let (Some(subscript), name) = (target.subscript.clone(), target.name.to_string())
                {
                    let subscript = match subscript.as_str() {
                        "@" => Subscript::At,
                        "*" => Subscript::Star,
                        raw => Subscript::Raw(raw.into()),
                    };
                    return self.find(&Reference { name: Name::Variable(name.into()), subscript: Some(subscript) });
                }
                one(self.parameter(name))
            }
            (Name::Variable(name), Some(Subscript::Raw(raw))) => one(self.element(name, raw)?),
            (Name::Variable(name), Some(subscript)) => {
                let star = *subscript == Subscript::Star;
                match self.variable_value(name) {
                    Some(value) => {
                        Found::Many { items: value.elements().into_iter().map(str::to_owned).collect(), star }
                    }
                    None => Found::Many { items: Vec::new(), star },
                }
            }
        })
    }

    fn expand_reference(
        &mut self,
        output: &mut Output,
        reference: &Reference,
        parameter: &Parameter,
        within: Within,
    ) -> Result<(), Flow> {
        if let Operation::Substring { offset, length } = &parameter.op {
            let found = self.substring(reference, offset, length.as_deref(), parameter)?;
            let found = Self::starless(found, reference, output);
            return self.put_found(output, found, within);
        }
        if let Operation::Transform(letter @ ('A' | 'a' | 'K' | 'k')) = &parameter.op {
            let found = self.describe(reference, *letter)?;
            if matches!(found, Found::Unset) && self.options.nounset && !self.is_declared(reference) {
                return Err(self.unbound(&reference.text()));
            }
            return self.put_found(output, found, within);
        }
        let found = Self::starless(self.find(reference)?, reference, output);
        if let Operation::Missing { kind, colon, word } = &parameter.op {
            let missing = match &found {
                Found::Unset => true,
                Found::One(value) => *colon && value.is_empty(),
                Found::Many { items, .. } => {
                    items.is_empty()
                        || *colon && (items.len() == 1 && items[0].is_empty() || self.all_empty(items, &found))
                }
            };
            return match (kind, missing) {
                // `"${@+word}"` without parameters is no word at all, as `"$@"` is none.
                (Missing::Alternative, true) => match found {
                    Found::Many { items, star: false } if items.is_empty() => {
                        self.put_found(output, Found::Many { items, star: false }, within)
                    }
                    _ => self.put_found(output, Found::Unset, within),
                },
                (Missing::Alternative, false) | (Missing::Default, true) => {
                    let inner = if within == Within::Quotes { Within::Quotes } else { Within::Operand };
                    if within == Within::Quotes && word.is_empty() {
                        output.quoted("");
                    }
                    self.expand_pieces(output, word, inner)
                }
                (Missing::Assign, true) => {
                    let value = self.expand_operand(
                        word,
                        Mode::Text,
                        if within == Within::Quotes { within } else { Within::Word },
                    )?;
                    // bash's subshells end with 2 here.
                    let in_subshell = self.subshell_level > 0 && matches!(reference.name, Name::Variable(_));
                    self.assign_reference(reference, &value)
                        .map_err(|flow| if in_subshell { Flow::Exit(2) } else { flow })?;
                    let value = match self.find(reference)? {
                        Found::One(value) => value,
                        _ => value,
                    };
                    self.put_found(output, Found::One(value), within)
                }
                (Missing::Error, true) => {
                    let mut message = self.expand_operand(
                        word,
                        Mode::Text,
                        if within == Within::Quotes { within } else { Within::Word },
                    )?;
                    if message.is_empty() && word.is_empty() {
                        message = if *colon { "parameter null or not set" } else { "parameter not set" }.to_owned();
                    }
                    self.error(&format!("{}: {message}", reference.text()));
                    Err(self.fatal())
                }
                (_, false) => self.put_found(output, found, within),
            };
        }
        if matches!(found, Found::Unset) && self.options.nounset {
            return Err(self.unbound_parameter(reference, parameter));
        }
        let found = match &parameter.op {
            Operation::Length => {
                // Of an array, too, when there is none.
                if let (Found::Many { .. }, Name::Variable(name), true) =
                    (&found, &reference.name, self.options.nounset)
                    && self.variable_value(name).is_none()
                {
                    return Err(self.unbound_parameter(reference, parameter));
                }
                let length = match found {
                    Found::Unset => 0,
                    Found::One(value) => value.chars().count(),
                    Found::Many { items, .. } => items.len(),
                };
                Found::One(crate::arith::decimal(length as i64))
            }
            Operation::Remove { suffix, longest, pattern } => {
                let pattern = self.compile(pattern)?;
                each(found, |value| transform::remove(value, &pattern, *suffix, *longest))
            }
            Operation::Replace { kind, pattern, with } => {
                let text = self.expand_operand(pattern, Mode::Pattern, Within::Word)?;
                // What an expansion gives may begin with an anchor, too.
                let (kind, text) = match (kind, text.as_bytes().first()) {
                    (Replace::First, Some(b'#')) => (Replace::Prefix, &text[1..]),
                    (Replace::First, Some(b'%')) => (Replace::Suffix, &text[1..]),
                    _ => (*kind, text.as_str()),
                };
                let pattern_is_empty = text.is_empty();
                // Only here nocasematch counts.
                let pattern = crate::pattern::Pattern::new(text, self.options.extglob, self.options.nocasematch);
                let ampersand = self.options.patsub_replacement;
                let with =
                    self.expand_operand(with, if ampersand { Mode::Replacement } else { Mode::Text }, Within::Word)?;
                let with = transform::Replacement::new(&with, ampersand);
                each(found, |value| transform::replace(&value, &pattern, pattern_is_empty, &with, kind))
            }
            Operation::Case { case, all, pattern } => {
                let pattern = if pattern.is_empty() { None } else { Some(self.compile(pattern)?) };
                each(found, |value| transform::change_case(&value, *case, *all, pattern.as_ref()))
            }
            Operation::Transform(letter @ ('Q' | 'E' | 'P' | 'U' | 'u' | 'L')) => self.transform(found, *letter),
            // Of nothing, any letter gives nothing.
            Operation::Transform(_) if !matches!(found, Found::Unset) => {
                self.error(&format!("{}: bad substitution", parameter.raw));
                return Err(Flow::Abandon(1));
            }
            _ => found,
        };
        self.put_found(output, found, within)
    }

    /// Whether what `"$*"` would be is empty.
    fn all_empty(&mut self, items: &[String], found: &Found) -> bool {
        let Found::Many { star, .. } = found else { return false };
        items.iter().all(String::is_empty) && (items.len() == 1 || *star && self.ifs().joiner().is_empty())
    }

    fn compile(&mut self, pieces: &[super::Piece]) -> Result<crate::pattern::Pattern, Flow> {
        let text = self.expand_operand(pieces, Mode::Pattern, Within::Word)?;
        Ok(crate::pattern::Pattern::new(&text, self.options.extglob, false))
    }

    fn assign_reference(&mut self, reference: &Reference, value: &str) -> Result<(), Flow> {
        match (&reference.name, &reference.subscript) {
            (Name::Variable(name), None) => self.assign(name, None, value, false),
            (Name::Variable(name), Some(Subscript::Raw(raw))) => self.assign(name, Some(raw), value, false),
            (Name::Variable(name), Some(_)) => {
                self.error(&format!("{name}: bad array subscript"));
                Err(Flow::Abandon(1))
            }
            (name, _) => {
                self.error(&format!("${}: cannot assign in this way", name.text()));
                Err(Flow::Abandon(1))
            }
        }
    }

    fn is_declared(&self, reference: &Reference) -> bool {
        match &reference.name {
            Name::Variable(name) => self.vars.get(name).is_some(),
            _ => true,
        }
    }

    /// `${x:offset:length}`
    fn substring(
        &mut self,
        reference: &Reference,
        offset: &str,
        length: Option<&str>,
        parameter: &Parameter,
    ) -> Result<Found, Flow> {
        if offset.is_empty() && length.is_none() {
            self.error(&format!("{}: bad substitution", parameter.raw));
            return Err(Flow::Abandon(1));
        }
        let found = self.find(reference)?;
        if matches!(found, Found::Unset) && self.options.nounset {
            return Err(self.unbound_parameter(reference, parameter));
        }
        let context = reference.text();
        let offset = self.arith_raw(&context, offset)?;
        let given = length;
        let length = match length {
            Some(length) => Some(self.arith_raw(&context, length)?),
            None => None,
        };
        let negative = |shell: &Self| {
            shell.error(&format!("{}: substring expression < 0", given.unwrap_or_default().trim()));
            Err(Flow::Abandon(1))
        };
        match found {
            Found::Unset => Ok(Found::Unset),
            Found::One(value) => match transform::substring(&value, offset, length) {
                Some(part) => Ok(Found::One(part)),
                None => negative(self),
            },
            Found::Many { items, star } => {
                let items = match &reference.name {
                    Name::Variable(name) => {
                        let value = self.variable_value(name).unwrap_or(Value::Unset);
                        transform::elements_from(&value, items, offset)
                    }
                    _ => {
                        let all: Vec<String> = std::iter::once(self.name.to_string()).chain(items).collect();
                        let count = all.len() as i64;
                        let start = if offset < 0 { count + offset } else { offset };
                        match start {
                            start if start < 0 => Vec::new(),
                            start => all.into_iter().skip(start as usize).collect(),
                        }
                    }
                };
                match length {
                    Some(length) if length < 0 && !items.is_empty() => negative(self),
                    Some(length) => {
                        Ok(Found::Many { items: items.into_iter().take(length.max(0) as usize).collect(), star })
                    }
                    None => Ok(Found::Many { items, star }),
                }
            }
        }
    }

    /// `@A`, `@a`, `@K` and `@k`: what is known of the variable.
    fn describe(&mut self, reference: &Reference, letter: char) -> Result<Found, Flow> {
        let Name::Variable(name) = &reference.name else {
            let found = self.find(reference)?;
            return Ok(match letter {
                'a' => Found::One(String::new()),
                'A' => transform::positional_assignment(found.into_items()),
                _ => self.transform(found, 'Q'),
            });
        };
        let resolved = self.vars.resolve(name).map_or_else(|_| name.to_string(), |target| target.name.into_owned());
        let letters = self.vars.get_raw(&resolved).map(crate::vars::Variable::letters);
        let value = self.variable_value(&resolved);
        let all = matches!(reference.subscript, Some(Subscript::At | Subscript::Star));
        let star = reference.subscript == Some(Subscript::Star);
        Ok(match (letter, value) {
            ('a', Some(value)) => {
                let letters = letters.unwrap_or_default();
                match all {
                    true => Found::Many { items: vec![letters; value.elements().len()], star },
                    false => Found::One(letters),
                }
            }
            ('a', None) => letters.map_or(Found::Unset, Found::One),
            ('A', Some(value)) if all => {
                let letters = letters.unwrap_or_default();
                if self.vars.get_raw(&resolved).is_some_and(|variable| variable.unassigned) {
                    return Ok(Found::One(format!("declare -{letters} {resolved}")));
                }
                let text = match value {
                    Value::Scalar(_) | Value::Unset => {
                        transform::assignment(&resolved, &letters, value.scalar().unwrap_or_default())
                    }
                    array => transform::array_assignment(&resolved, &letters, &array),
                };
                let items = match letters.is_empty() {
                    true => vec![text],
                    // bash gives the words of the command.
                    false => text.splitn(3, ' ').map(str::to_owned).collect(),
                };
                Found::Many { items, star }
            }
            ('A', value) => match self.find(reference)? {
                Found::One(scalar) => {
                    Found::One(transform::assignment(&resolved, &letters.unwrap_or_default(), &scalar))
                }
                _ => match (value, letters) {
                    (_, Some(letters)) if !letters.is_empty() => Found::One(format!("declare -{letters} {resolved}")),
                    _ => Found::Unset,
                },
            },
            ('K' | 'k', Some(value)) if all && value.is_array() => match letter {
                'K' => Found::One(transform::key_values(&value)),
                _ => {
                    let items =
                        value.keys().into_iter().zip(value.elements()).flat_map(|(key, value)| [key, value.to_owned()]);
                    Found::Many { items: items.collect(), star }
                }
            },
            _ => {
                let found = self.find(reference)?;
                self.transform(found, 'Q')
            }
        })
    }

    /// `@Q`, `@E`, `@P`, `@U`, `@u`, `@L`
    fn transform(&mut self, found: Found, letter: char) -> Found {
        each(found, |value| match letter {
            'Q' => crate::builtins::quote::quote_for_reuse(&value),
            'E' => super::ansi_c(&value),
            'P' => self.expand_prompt(&value),
            'U' => value.to_uppercase(),
            'L' => value.to_lowercase(),
            'u' => transform::capitalize(&value),
            _ => value,
        })
    }

    /// Puts a value where it belongs: one text or several words.
    fn put_found(&mut self, output: &mut Output, found: Found, within: Within) -> Result<(), Flow> {
        let (items, star) = match found {
            Found::Unset => {
                if within == Within::Quotes {
                    output.quoted("");
                }
                return Ok(());
            }
            Found::One(value) => {
                self.put_text(output, &value, within);
                return Ok(());
            }
            Found::Many { items, star } => (items, star),
        };
        let ifs = self.ifs();
        let quoted = within == Within::Quotes;
        if !output.splits() {
            // One text: `$*` is joined with IFS, `$@` with blanks.
            let text = items.join(if star { ifs.joiner() } else { " " });
            self.put_text(output, &text, within);
        } else if quoted && star {
            output.quoted(&items.join(ifs.joiner()));
        } else if quoted {
            output.empty_list |= items.is_empty();
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    output.end_field();
                }
                output.quoted(item);
            }
        } else {
            let joiner = ifs.joiner().to_owned();
            output.ifs.get_or_insert(ifs);
            for (index, item) in items.iter().enumerate() {
                if index > 0 && joiner.is_empty() {
                    output.end_field();
                } else if index > 0 {
                    output.split(&joiner);
                }
                output.split(item);
            }
        }
        Ok(())
    }
}

impl Found {
    fn into_items(self) -> Vec<String> {
        match self {
            Self::Unset => Vec::new(),
            Self::One(value) => vec![value],
            Self::Many { items, .. } => items,
        }
    }
}

fn each(found: Found, mut change: impl FnMut(String) -> String) -> Found {
    match found {
        Found::Unset => Found::Unset,
        Found::One(value) => Found::One(change(value)),
        Found::Many { items, star } => Found::Many { items: items.into_iter().map(change).collect(), star },
    }
}
