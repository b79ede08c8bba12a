//! Assignments: what attributes do to values, subscripts, references, and variables with a meaning of their own.

use crate::exec::assign::Element;
use crate::shell::{Flow, Shell};
use crate::vars::{Assoc, Attributes, Value, VarError};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

impl Shell {
    /// Whether `name` leads to an associative array.
    pub fn is_assoc(&self, name: &str) -> bool {
        self.vars.get(name).is_some_and(|variable| matches!(variable.value, Value::Assoc(_)))
    }

    /// Reports why a variable cannot be changed.
    pub fn variable_error(&self, error: &VarError) -> Flow {
        self.error(&error.to_string());
        Flow::Abandon(1)
    }

    /// Assigns a number; nearly always to a plain variable, whose text is then written in place.
    pub fn assign_number(&mut self, name: &str, value: i64) -> Result<(), Flow> {
        if let Some(variable) = self.vars.get_raw(name)
            && matches!(variable.value, Value::Scalar(_))
            && variable.attributes == (Attributes { exported: variable.attributes.exported, ..Attributes::default() })
            && !name.as_bytes()[0].is_ascii_uppercase()
        {
            if let Some(variable) = self.vars.get_raw_mut(name) {
                variable.value = Value::Scalar(crate::arith::decimal(value));
            }
            return Ok(());
        }
        self.assign(name, None, &crate::arith::decimal(value), false)
    }

    /// `name=value`, `name+=value`, `name[subscript]=value`. The subscript is raw. An error is reported, and is
    /// `Flow::Abandon(1)`.
    pub fn assign(&mut self, name: &str, subscript: Option<&str>, value: &str, append: bool) -> Result<(), Flow> {
        if self.options.allexport {
            self.vars.export(name);
        }
        if subscript.is_none() && !append {
            // Without attributes nothing needs to be looked at.
            if let Some(variable) = self.vars.get_raw(name)
                && matches!(variable.value, Value::Scalar(_))
                && variable.attributes
                    == (Attributes { exported: variable.attributes.exported, ..Attributes::default() })
            {
                if let Some(Value::Scalar(text)) = self.vars.get_raw_mut(name).map(|variable| &mut variable.value) {
                    text.clear();
                    text.push_str(value);
                }
                self.variable_assigned(name, value);
                return Ok(());
            }
        }
        let (name, subscript) = match self.assignment_target(name, subscript)? {
            Some(target) => target,
            // The reference itself gets its target.
            None => return self.set_reference(name, value),
        };
        let name = name.as_ref();
        if let Some(variable) = self.vars.get_raw(name)
            && variable.attributes.readonly
        {
            return Err(self.variable_error(&VarError::Readonly(name.to_owned())));
        }
        if self.vars.get_raw(name).is_some_and(|variable| variable.dynamic) {
            return self.assign_dynamic(name, subscript.as_deref(), value);
        }
        match subscript {
            Some(subscript) => self.assign_element(name, &subscript, value, append),
            None => {
                let old = if append { self.vars.get_scalar(name).map(Cow::into_owned) } else { None };
                let value = self.attributed(name, old, value)?;
                self.vars.set_scalar(name, value.clone()).map_err(|error| self.variable_error(&error))?;
                self.variable_assigned(name, &value);
                Ok(())
            }
        }
    }

    /// Follows references; `None` when `name` is a reference without a target.
    fn assignment_target<'a>(
        &self,
        name: &'a str,
        subscript: Option<&'a str>,
    ) -> Result<Option<(Cow<'a, str>, Option<Cow<'a, str>>)>, Flow> {
        let subscript = subscript.map(Cow::Borrowed);
        let Some(variable) = self.vars.get_raw(name).filter(|variable| variable.attributes.nameref) else {
            return Ok(Some((Cow::Borrowed(name), subscript)));
        };
        if variable.value.scalar().is_none_or(str::is_empty) {
            return Ok(None);
        }
        let target = match self.vars.resolve(name) {
            Ok(target) => target,
            Err(error) => {
                self.error(&error.to_string());
                return Ok(Some((Cow::Borrowed(name), subscript)));
            }
        };
        let subscript = subscript.or(target.subscript.map(Cow::Owned));
        Ok(Some((Cow::Owned(target.name.into_owned()), subscript)))
    }

    fn set_reference(&mut self, name: &str, value: &str) -> Result<(), Flow> {
        if !crate::vars::is_name(value) && crate::vars::split_element(value).is_none() {
            self.error(&format!("`{value}': not a valid identifier"));
            return Err(Flow::Abandon(1));
        }
        if self.vars.get_raw(name).is_some_and(|variable| variable.attributes.readonly) {
            return Err(self.variable_error(&VarError::Readonly(name.to_owned())));
        }
        self.vars.entry(name).value = Value::Scalar(value.to_owned());
        Ok(())
    }

    /// A value with what the attributes of its variable do to it; `old` is what it is appended to.
    fn attributed(&mut self, name: &str, old: Option<String>, value: &str) -> Result<String, Flow> {
        let attributes = self.vars.get_raw(name).map(|variable| variable.attributes).unwrap_or_default();
        if attributes.integer {
            // Messages name the builtin that assigns.
            let context = self.builtin_name.clone();
            let added = self.arith_for(&context, value)?;
            let base = match old {
                Some(old) => self.arith_for(&context, &old)?,
                None => 0,
            };
            return Ok(crate::arith::decimal(base.wrapping_add(added)));
        }
        let text = match old {
            Some(mut old) => {
                old.push_str(value);
                old
            }
            None => value.to_owned(),
        };
        Ok(match self.vars.get_raw(name) {
            Some(variable) if attributes.lowercase || attributes.uppercase || attributes.capitalize => {
                variable.fold_case(text)
            }
            _ => text,
        })
    }

    fn assign_element(&mut self, name: &str, subscript: &str, value: &str, append: bool) -> Result<(), Flow> {
        let bad = |shell: &Self| shell.variable_error(&VarError::BadSubscript(format!("{name}[{subscript}]")));
        if self.is_assoc(name) {
            let key = self.expand_string(subscript)?;
            if key.is_empty() {
                return Err(bad(self));
            }
            return self.assign_key(name, &key, value, append);
        }
        if subscript.is_empty() || subscript == "@" || subscript == "*" {
            return Err(bad(self));
        }
        let index = self.arith_raw("", subscript)?;
        let old = if append { self.indexed(name, index) } else { None };
        let value = self.attributed(name, old, value)?;
        match self.vars.writable(name).map(|variable| variable.set_index(index, value)) {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(bad(self)),
            Err(error) => Err(self.variable_error(&error)),
        }
    }

    fn assign_key(&mut self, name: &str, key: &str, value: &str, append: bool) -> Result<(), Flow> {
        let old = match self.vars.get_raw(name).map(|variable| &variable.value) {
            Some(Value::Assoc(elements)) if append => elements.get(key).map(str::to_owned),
            _ => None,
        };
        let value = self.attributed(name, old, value)?;
        self.vars.set_element(name, key, value).map_err(|error| self.variable_error(&error))
    }

    fn indexed(&self, name: &str, index: i64) -> Option<String> {
        match &self.vars.get_raw(name)?.value {
            Value::Indexed(elements) => {
                let index =
                    if index < 0 { elements.last_key_value().map_or(0, |(last, _)| last + 1) + index } else { index };
                elements.get(&index).cloned()
            }
            Value::Scalar(text) if index == 0 || index == -1 => Some(text.clone()),
            _ => None,
        }
    }

    /// `name=(...)` and `name+=(...)`, whose elements are expanded; subscripts of indexed arrays are raw.
    pub fn assign_elements(&mut self, name: &str, elements: Vec<Element>, append: bool) -> Result<(), Flow> {
        let name = match self.assignment_target(name, None)? {
            Some((name, None)) => name.into_owned(),
            _ => name.to_owned(),
        };
        let name = name.as_str();
        if self.vars.get_raw(name).is_some_and(|variable| variable.attributes.readonly) {
            return Err(self.variable_error(&VarError::Readonly(name.to_owned())));
        }
        if self.vars.get_raw(name).is_some_and(|variable| variable.dynamic) {
            return Ok(());
        }
        if self.is_assoc(name) {
            return self.assign_pairs(name, elements, append);
        }
        let current = self.vars.entry(name);
        current.unassigned = false;
        match &mut current.value {
            Value::Indexed(_) if append => {}
            Value::Scalar(text) if append => {
                let text = std::mem::take(text);
                current.value = Value::Indexed(Rc::new(BTreeMap::from([(0, text)])));
            }
            slot => *slot = Value::Indexed(Rc::default()),
        }
        let mut next = match &current.value {
            Value::Indexed(elements) => elements.last_key_value().map_or(0, |(last, _)| last + 1),
            _ => 0,
        };
        let plain =
            current.attributes == (Attributes { exported: current.attributes.exported, ..Attributes::default() });
        if plain && elements.iter().all(|element| element.subscript.is_none()) {
            if let Value::Indexed(list) = &mut current.value {
                Rc::make_mut(list).extend((next..).zip(elements.into_iter().map(|element| element.value)));
            }
            return Ok(());
        }
        for element in elements {
            let index = match &element.subscript {
                Some(subscript) => self.arith_raw("", subscript)?,
                None => next,
            };
            let old = if element.append { self.indexed(name, index) } else { None };
            let value = self.attributed(name, old, &element.value)?;
            let variable = self.vars.entry(name);
            let end = match &variable.value {
                Value::Indexed(elements) => elements.last_key_value().map_or(0, |(last, _)| last + 1),
                _ => 0,
            };
            if variable.set_index(index, value).is_none() {
                let subscript = element.subscript.unwrap_or_default();
                self.error(&format!("[{subscript}]={}: bad array subscript", element.value));
                continue;
            }
            next = if index < 0 { end + index } else { index }.saturating_add(1);
        }
        Ok(())
    }

    /// Elements of an associative array: `[key]=value`, or keys and values in turn.
    fn assign_pairs(&mut self, name: &str, elements: Vec<Element>, append: bool) -> Result<(), Flow> {
        let alternate = elements.first().is_some_and(|element| element.subscript.is_none());
        let variable = self.vars.entry(name);
        variable.unassigned = false;
        if !append {
            variable.value = Value::Assoc(Rc::new(Assoc::default()));
        }
        let mut elements = elements.into_iter();
        while let Some(element) = elements.next() {
            match element.subscript {
                Some(key) if !key.is_empty() => self.assign_key(name, &key, &element.value, element.append)?,
                Some(_) => self.error(&format!("[]={}: bad array subscript", element.value)),
                None if alternate => {
                    let value = elements.next().map(|element| element.value).unwrap_or_default();
                    self.assign_key(name, &element.value, &value, false)?;
                }
                None => {
                    self.error(&format!(
                        "{name}: {}: must use subscript when assigning associative array",
                        element.value
                    ));
                }
            }
        }
        Ok(())
    }

    /// The same for callers that have no `+=` among the elements.
    pub fn assign_array(
        &mut self,
        name: &str,
        elements: &[(Option<String>, String)],
        append: bool,
    ) -> Result<(), Flow> {
        let elements = elements
            .iter()
            .map(|(subscript, value)| Element { subscript: subscript.clone(), append: false, value: value.clone() })
            .collect();
        self.assign_elements(name, elements, append)
    }

    /// The value of `name[subscript]`; the subscript is raw.
    pub fn element(&mut self, name: &str, subscript: &str) -> Result<Option<String>, Flow> {
        let Some(value) = self.variable_value(name) else {
            // Evaluated for its effects and errors.
            if self.is_assoc(name) {
                self.expand_string(subscript)?;
            } else if subscript != "@" && subscript != "*" {
                self.arith_raw("", subscript)?;
            }
            return Ok(None);
        };
        match value {
            Value::Assoc(elements) => {
                let key = match subscript {
                    "@" | "*" => subscript.to_owned(),
                    raw => self.expand_string(raw)?,
                };
                if key.is_empty() {
                    self.error(&format!("{name}: bad array subscript"));
                }
                Ok(elements.get(&key).map(str::to_owned))
            }
            _ if subscript == "@" || subscript == "*" => Ok(Some(value.elements().join(" "))),
            Value::Indexed(before) => {
                drop(before);
                let mut index = self.arith_raw("", subscript)?;
                // Looked up now, because the subscript may have changed it: `v[++v[0]]`.
                let Some(Value::Indexed(elements)) = self.variable_value(name) else { return Ok(None) };
                if index < 0 {
                    index = elements.last_key_value().map_or(0, |(last, _)| last + 1).saturating_add(index);
                    if index < 0 {
                        self.error(&format!("{name}: bad array subscript"));
                        return Ok(None);
                    }
                }
                Ok(elements.get(&index).cloned())
            }
            Value::Scalar(text) => {
                let index = self.arith_raw("", subscript)?;
                if index < -1 {
                    self.error(&format!("{name}: bad array subscript"));
                }
                Ok((index == 0 || index == -1).then_some(text))
            }
            Value::Unset => {
                self.arith_raw("", subscript)?;
                Ok(None)
            }
        }
    }

    /// What follows from an assignment to a variable that the shell itself reads.
    fn variable_assigned(&mut self, name: &str, value: &str) {
        if !name.as_bytes().first().is_some_and(u8::is_ascii_uppercase) {
            return;
        }
        match name {
            "PATH" => self.hashed.clear(),
            "OPTIND" => self.getopts = (value.trim().parse().unwrap_or(1), 1),
            "POSIXLY_CORRECT" => self.options.posix = true,
            "IGNOREEOF" => self.options.ignoreeof = true,
            _ => {}
        }
    }
}
