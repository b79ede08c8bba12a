//! Assignments, of commands and of declaration builtins.

use crate::ast::{ArrayElement, Assignment, AssignmentValue, CommandWord};
use crate::builtins::{DeclArg, DeclValue};
use crate::shell::{Flow, Shell};

/// An array element that is assigned: its subscript when it has one, whether it appends, its value.
pub struct Element {
    pub subscript: Option<String>,
    pub append: bool,
    pub value: String,
}

impl Shell {
    /// Assigns as a command without a name does: to the shell's variables.
    #[inline(never)]
    pub(super) fn run_assignment(&mut self, assignment: &Assignment) -> Result<(), Flow> {
        let subscript = assignment.subscript.as_deref();
        match &assignment.value {
            AssignmentValue::Scalar(word) => {
                let value = self.expand_assignment(&word.value)?;
                if self.options.xtrace {
                    let target = target_text(assignment);
                    self.trace_line(&format!("{target}{}", super::trace::quoted_value(&value)));
                }
                self.assign(&assignment.name, subscript, &value, assignment.append)?;
            }
            AssignmentValue::Array(elements) => {
                if self.options.xtrace {
                    let words: Vec<String> = elements.iter().map(element_text).collect();
                    self.trace_line(&format!("{}({})", target_text(assignment), words.join(" ")));
                }
                if subscript.is_some() {
                    let target = target_text(assignment);
                    let target = target.trim_end_matches('=').trim_end_matches('+');
                    self.error(&format!("{target}: cannot assign list to array member"));
                    return Err(Flow::Abandon(1));
                }
                let elements = self.expand_elements(&assignment.name, elements)?;
                self.assign_elements(&assignment.name, elements, assignment.append)?;
            }
        }
        if self.options.allexport {
            self.vars.export(&assignment.name);
        }
        Ok(())
    }

    /// The elements of `name=(...)`: those without a subscript are split and globbed.
    fn expand_elements(&mut self, name: &str, elements: &[ArrayElement]) -> Result<Vec<Element>, Flow> {
        let assoc = self.is_assoc(name);
        self.expand_elements_for(assoc, elements)
    }

    #[inline(never)]
    pub(super) fn expand_elements_for(&mut self, assoc: bool, elements: &[ArrayElement]) -> Result<Vec<Element>, Flow> {
        let mut list = Vec::new();
        for element in elements {
            match &element.subscript {
                Some(subscript) => {
                    let value = self.expand_assignment(&element.value.value)?;
                    // Subscripts of indexed arrays are arithmetic, evaluated when they are assigned.
                    let subscript = if assoc { self.expand_string(subscript)? } else { subscript.clone() };
                    list.push(Element { subscript: Some(subscript), append: element.append, value });
                }
                None => {
                    for value in self.expand_words(&[&element.value.value])? {
                        list.push(Element { subscript: None, append: false, value });
                    }
                }
            }
        }
        Ok(list)
    }

    /// Arguments of a declaration builtin, expanded.
    #[inline(never)]
    pub(super) fn declaration_args(&mut self, words: &[CommandWord]) -> Result<Vec<DeclArg>, Flow> {
        let mut args = Vec::new();
        let mut assoc = false;
        for word in words {
            match word {
                CommandWord::Word(word) => {
                    for text in self.expand_words(&[&word.value])? {
                        assoc |= text.starts_with('-') && text.contains('A');
                        args.push(DeclArg::Word(text));
                    }
                }
                CommandWord::Assignment(assignment) => {
                    let value = match &assignment.value {
                        AssignmentValue::Scalar(word) => DeclValue::Scalar(self.expand_assignment(&word.value)?),
                        AssignmentValue::Array(elements) => {
                            let keyed = assoc || self.is_assoc(&assignment.name);
                            let list = self.expand_elements_for(keyed, elements)?;
                            DeclValue::Array(
                                list.into_iter().map(|element| (element.subscript, element.value)).collect(),
                            )
                        }
                    };
                    args.push(DeclArg::Assign {
                        name: assignment.name.clone(),
                        subscript: assignment.subscript.clone(),
                        append: assignment.append,
                        value,
                    });
                }
            }
        }
        Ok(args)
    }
}

/// `name[subscript]+=`, as it was written.
pub(super) fn target_text(assignment: &Assignment) -> String {
    let mut text = assignment.name.clone();
    if let Some(subscript) = &assignment.subscript {
        text.push('[');
        text.push_str(subscript);
        text.push(']');
    }
    text.push_str(if assignment.append { "+=" } else { "=" });
    text
}

fn element_text(element: &ArrayElement) -> String {
    match &element.subscript {
        Some(subscript) => format!("[{subscript}]{}={}", if element.append { "+" } else { "" }, element.value.value),
        None => element.value.value.clone(),
    }
}
