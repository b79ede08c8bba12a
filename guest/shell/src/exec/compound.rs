//! Compound commands.

use crate::ast::{
    ArithmeticFor, CaseAfter, CaseClause, CompoundCommand, CompoundList, ForClause, IfClause, WhileClause,
};
use crate::pattern::Pattern;
use crate::shell::{Flow, Shell, Status};

/// What a loop does after its body.
enum After {
    Again(i32),
    Leave(i32),
}

impl Shell {
    #[inline(never)]
    pub(super) fn run_compound(&mut self, compound: &CompoundCommand) -> Status {
        match compound {
            CompoundCommand::Brace(list) => self.run_list(list),
            CompoundCommand::Subshell(list) => self.run_subshell(list),
            CompoundCommand::If(clause) => self.run_if(clause),
            CompoundCommand::While(clause) => self.run_while(clause),
            CompoundCommand::For(clause) => self.run_for(clause),
            CompoundCommand::ArithmeticFor(clause) => self.run_arithmetic_for(clause),
            CompoundCommand::Select(clause) => self.run_select(clause),
            CompoundCommand::Case(clause) => self.run_case(clause),
            CompoundCommand::Arithmetic { line, expr } => self.run_arithmetic(*line, expr),
            CompoundCommand::Test { line, expr } => {
                self.line = *line;
                self.debug_trap(|| format!("[[ {} ]]", crate::exec::trace::test_text(expr)))?;
                self.extended_test(expr)
            }
            CompoundCommand::Coproc { name, body } => self.run_coproc(name, body),
        }
    }

    #[inline(never)]
    fn run_if(&mut self, clause: &IfClause) -> Status {
        for (condition, body) in &clause.branches {
            let status = self.run_unchecked(|shell| shell.run_list(condition))?;
            self.status = status;
            if status == 0 {
                return self.run_list(body);
            }
        }
        match &clause.otherwise {
            Some(body) => self.run_list(body),
            None => Ok(0),
        }
    }

    /// Runs a loop's body, and finds out what `break` and `continue` within it mean for this loop.
    fn run_body(&mut self, body: &CompoundList) -> Result<After, Flow> {
        match self.run_list(body) {
            Ok(status) => Ok(After::Again(status)),
            Err(Flow::Break(1)) => Ok(After::Leave(std::mem::take(&mut self.status_after_break))),
            Err(Flow::Break(levels)) => Err(Flow::Break(levels - 1)),
            Err(Flow::Continue(1)) => Ok(After::Again(0)),
            Err(Flow::Continue(levels)) => Err(Flow::Continue(levels - 1)),
            Err(flow) => Err(flow),
        }
    }

    /// Runs a loop, within which `break` and `continue` are allowed.
    fn in_loop(&mut self, run: impl FnOnce(&mut Self) -> Status) -> Status {
        self.loop_depth += 1;
        let result = run(self);
        self.loop_depth -= 1;
        result
    }

    #[inline(never)]
    fn run_while(&mut self, clause: &WhileClause) -> Status {
        self.in_loop(|shell| {
            let mut last = 0;
            loop {
                let status = match shell.run_unchecked(|shell| shell.run_list(&clause.condition)) {
                    Ok(status) => status,
                    Err(Flow::Break(1)) => return Ok(0),
                    Err(Flow::Break(levels)) => return Err(Flow::Break(levels - 1)),
                    Err(Flow::Continue(1)) => continue,
                    Err(Flow::Continue(levels)) => return Err(Flow::Continue(levels - 1)),
                    Err(flow) => return Err(flow),
                };
                shell.status = status;
                if (status == 0) == clause.until {
                    return Ok(last);
                }
                match shell.run_body(&clause.body)? {
                    After::Again(status) => last = status,
                    After::Leave(status) => return Ok(status),
                }
                shell.status = last;
            }
        })
    }

    /// The words of `for` and `select`.
    #[inline(never)]
    fn clause_words(&mut self, clause: &ForClause) -> Result<Vec<String>, Flow> {
        match &clause.words {
            Some(words) => {
                let raw: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
                self.expand_words(&raw)
            }
            None => Ok(self.positional.to_vec()),
        }
    }

    /// Whether `for` may set this variable; says so if not.
    fn valid_loop_variable(&mut self, name: &str) -> Result<bool, Flow> {
        if crate::vars::is_name(name) {
            return Ok(true);
        }
        self.error(&format!("`{name}': not a valid identifier"));
        if self.options.posix { Err(Flow::Exit(1)) } else { Ok(false) }
    }

    #[inline(never)]
    fn run_for(&mut self, clause: &ForClause) -> Status {
        self.line = clause.line;
        if !self.valid_loop_variable(&clause.name)? {
            return Ok(1);
        }
        let words = self.clause_words(clause)?;
        self.in_loop(|shell| {
            let mut last = 0;
            for word in words {
                shell.line = clause.line;
                shell.debug_trap(|| for_text("for", clause))?;
                if shell.options.xtrace {
                    shell.trace_line(&for_text("for", clause));
                }
                if let Err(flow) = shell.assign_loop_variable(&clause.name, word) {
                    return match flow {
                        Flow::Abandon(_) => Ok(1),
                        flow => Err(flow),
                    };
                }
                match shell.run_body(&clause.body)? {
                    After::Again(status) => last = status,
                    After::Leave(status) => return Ok(status),
                }
                shell.status = last;
            }
            Ok(last)
        })
    }

    /// Sets the variable of a `for`; a reference is made to refer to the word.
    #[inline(never)]
    fn assign_loop_variable(&mut self, name: &str, word: String) -> Result<(), Flow> {
        if let Some(variable) = self.vars.get_raw_mut(name)
            && variable.attributes.nameref
        {
            variable.value = crate::vars::Value::Scalar(word);
            return Ok(());
        }
        self.assign(name, None, &word, false)
    }

    #[inline(never)]
    fn run_arithmetic_for(&mut self, clause: &ArithmeticFor) -> Status {
        self.line = clause.line;
        if !clause.init.trim().is_empty() {
            self.arithmetic_part(clause.line, &clause.init)?;
        }
        self.in_loop(|shell| {
            let mut last = 0;
            loop {
                if !clause.condition.trim().is_empty() && shell.arithmetic_part(clause.line, &clause.condition)? == 0 {
                    return Ok(last);
                }
                match shell.run_body(&clause.body)? {
                    After::Again(status) => last = status,
                    After::Leave(status) => return Ok(status),
                }
                shell.status = last;
                if !clause.update.trim().is_empty() {
                    shell.arithmetic_part(clause.line, &clause.update)?;
                }
            }
        })
    }

    #[inline(never)]
    fn arithmetic_part(&mut self, line: usize, expr: &str) -> Result<i64, Flow> {
        self.line = line;
        self.debug_trap(|| format!("(({expr}))"))?;
        if self.options.xtrace {
            self.trace_line(&format!("(( {} ))", expr.trim_end()));
        }
        self.arith_raw("((", expr)
    }

    #[inline(never)]
    fn run_arithmetic(&mut self, line: usize, expr: &str) -> Status {
        self.line = line;
        self.debug_trap(|| format!("(({expr}))"))?;
        if self.options.xtrace {
            self.trace_line(&format!("(( {} ))", expr.trim()));
        }
        match self.arith_command(expr) {
            Ok(value) => Ok(i32::from(value == 0)),
            Err(Flow::Abandon(_)) => Ok(1),
            Err(flow) => Err(flow),
        }
    }

    #[inline(never)]
    fn run_case(&mut self, clause: &CaseClause) -> Status {
        self.line = clause.line;
        self.debug_trap(|| format!("case {} in ", clause.word.value))?;
        if self.options.xtrace {
            self.trace_line(&format!("case {} in", clause.word.value));
        }
        let word = self.expand_string(&clause.word.value)?;
        let mut status = 0;
        let mut run_next = false;
        for item in &clause.items {
            let mut chosen = run_next;
            if !chosen {
                for pattern in &item.patterns {
                    let pattern = self.expand_pattern(&pattern.value)?;
                    if Pattern::new(&pattern, true, self.options.nocasematch).matches(&word) {
                        chosen = true;
                        break;
                    }
                }
            }
            if !chosen {
                continue;
            }
            status = self.run_list(&item.body)?;
            match item.after {
                CaseAfter::Leave => return Ok(status),
                CaseAfter::RunNext => run_next = true,
                CaseAfter::TestNext => run_next = false,
            }
        }
        Ok(status)
    }

    #[inline(never)]
    fn run_select(&mut self, clause: &ForClause) -> Status {
        self.line = clause.line;
        if !self.valid_loop_variable(&clause.name)? {
            return Ok(1);
        }
        let words = self.clause_words(clause)?;
        if words.is_empty() {
            return Ok(0);
        }
        self.in_loop(|shell| {
            let mut show = true;
            loop {
                if show {
                    shell.err_raw(&menu(&words));
                }
                let prompt =
                    shell.vars.get_scalar("PS3").map_or_else(|| String::from("#? "), |prompt| prompt.into_owned());
                shell.err_raw(&prompt);
                let Some(line) = shell.read_input_line() else {
                    shell.out("\n");
                    return Ok(1);
                };
                let line = line.trim_end_matches('\n');
                shell.assign("REPLY", None, line, false)?;
                show = line.is_empty();
                if show {
                    continue;
                }
                let choice: Option<usize> = line.trim().parse().ok();
                let word = choice.and_then(|choice| words.get(choice.wrapping_sub(1))).cloned().unwrap_or_default();
                shell.assign(&clause.name, None, &word, false)?;
                match shell.run_body(&clause.body)? {
                    After::Again(status) => shell.status = status,
                    After::Leave(status) => return Ok(status),
                }
                // The menu is shown again when the user emptied REPLY's line, or the body did.
                show = shell.vars.get_scalar("REPLY").is_none_or(|reply| reply.is_empty());
            }
        })
    }
}

/// `for x in a b`, as traces and BASH_COMMAND show it.
fn for_text(keyword: &str, clause: &ForClause) -> String {
    let words: Vec<&str> = match &clause.words {
        Some(words) => words.iter().map(|word| word.value.as_str()).collect(),
        None => vec!["\"$@\""],
    };
    format!("{keyword} {} in {}", clause.name, words.join(" "))
}

/// The numbered words of `select`, in columns as bash makes them.
fn menu(words: &[String]) -> String {
    let count = words.len();
    let number_width = count.to_string().len();
    let longest = words.iter().map(|word| word.chars().count()).max().unwrap_or(0) + number_width + 2;
    let width = longest + 2;
    let mut columns = (80 / width).max(1);
    let mut rows = count.div_ceil(columns);
    columns = count.div_ceil(rows);
    if rows == 1 {
        rows = columns;
        columns = 1;
    }
    let mut text = String::new();
    for row in 0..rows {
        let mut at = row;
        let mut position = 0;
        for column in 0..columns {
            let Some(word) = words.get(at) else { break };
            let entry = format!("{:>number_width$}) {word}", at + 1);
            position += entry.chars().count();
            text.push_str(&entry);
            at += rows;
            if at < count && column + 1 < columns {
                let next = (column + 1) * width;
                text.push_str(&" ".repeat(next.saturating_sub(position).max(1)));
                position = next;
            }
        }
        text.push('\n');
    }
    text
}
