//! `[[ ]]`.

use crate::ast::{BinaryPredicate, ExtendedTestExpr, Word};
use crate::builtins::filetest;
use crate::exec::trace::{binary_text, unary_text};
use crate::pattern::Pattern;
use crate::regex::Regex;
use crate::shell::{Flow, Shell, Status};

/// Why there is no result.
enum Stop {
    /// Something was wrong, which was said already if bash says it: the status.
    Failed(i32),
    Flow(Flow),
}

impl From<Flow> for Stop {
    fn from(flow: Flow) -> Self {
        Self::Flow(flow)
    }
}

impl Shell {
    /// 0 when the expression holds, 1 when it does not, 2 when a regular expression is wrong.
    pub fn extended_test(&mut self, expr: &ExtendedTestExpr) -> Status {
        match self.test_expr(expr) {
            Ok(holds) => Ok(i32::from(!holds)),
            Err(Stop::Failed(status)) => Ok(status),
            Err(Stop::Flow(flow)) => Err(flow),
        }
    }

    fn test_expr(&mut self, expr: &ExtendedTestExpr) -> Result<bool, Stop> {
        match expr {
            ExtendedTestExpr::And(left, right) => Ok(self.test_expr(left)? && self.test_expr(right)?),
            ExtendedTestExpr::Or(left, right) => Ok(self.test_expr(left)? || self.test_expr(right)?),
            ExtendedTestExpr::Not(inner) => {
                self.trace_negated = true;
                let holds = self.test_expr(inner);
                self.trace_negated = false;
                Ok(!holds?)
            }
            ExtendedTestExpr::Parenthesized(inner) => self.test_expr(inner),
            ExtendedTestExpr::UnaryTest(predicate, word) => {
                let operand = self.expand_string(&word.value)?;
                if self.options.xtrace {
                    self.trace_test(&[unary_text(*predicate), &operand]);
                }
                let letter = unary_text(*predicate).chars().nth(1).unwrap_or('n');
                match self.unary_test(letter, &operand) {
                    Err(Flow::Abandon(status)) => Err(Stop::Failed(status)),
                    result => Ok(result?),
                }
            }
            ExtendedTestExpr::BinaryTest(predicate, left, right) => self.test_binary(*predicate, left, right),
        }
    }

    fn test_binary(&mut self, predicate: BinaryPredicate, left: &Word, right: &Word) -> Result<bool, Stop> {
        use BinaryPredicate::*;
        let left = self.expand_string(&left.value)?;
        match predicate {
            StringExactlyMatchesPattern | StringEqualsPattern | StringDoesNotExactlyMatchPattern => {
                let pattern = self.expand_pattern(&right.value)?;
                if self.options.xtrace {
                    self.trace_test(&[&left, binary_text(predicate), &pattern]);
                }
                let matches = Pattern::new(&pattern, true, self.options.nocasematch).matches(&left);
                return Ok(matches == (predicate != StringDoesNotExactlyMatchPattern));
            }
            StringMatchesRegex => {
                let regex = self.expand_regex(&right.value)?;
                if self.options.xtrace {
                    self.trace_test(&[&left, binary_text(predicate), &regex]);
                }
                return self.test_regex(&left, &regex);
            }
            _ => {}
        }
        let right = self.expand_string(&right.value)?;
        if self.options.xtrace {
            self.trace_test(&[&left, binary_text(predicate), &right]);
        }
        Ok(match predicate {
            LeftSortsBeforeRight => left < right,
            LeftSortsAfterRight => left > right,
            LeftFileIsNewerOrExistsWhenRightDoesNot => filetest::is_newer(self, &left, &right),
            LeftFileIsOlderOrDoesNotExistWhenRightDoes => filetest::is_newer(self, &right, &left),
            FilesReferToSameDeviceAndInodeNumbers => filetest::is_same(self, &left, &right),
            _ => {
                let (left, right) = (self.test_number(&left)?, self.test_number(&right)?);
                match predicate {
                    ArithmeticNotEqualTo => left != right,
                    ArithmeticLessThan => left < right,
                    ArithmeticLessThanOrEqualTo => left <= right,
                    ArithmeticGreaterThan => left > right,
                    ArithmeticGreaterThanOrEqualTo => left >= right,
                    _ => left == right,
                }
            }
        })
    }

    /// An operand of `-eq` and so on is an expression; a wrong one only fails the test.
    fn test_number(&mut self, text: &str) -> Result<i64, Stop> {
        match self.arith_for("[[", text) {
            Ok(value) => Ok(value),
            Err(Flow::Abandon(_)) => Err(Stop::Failed(1)),
            Err(flow) => Err(Stop::Flow(flow)),
        }
    }

    fn test_regex(&mut self, text: &str, regex: &str) -> Result<bool, Stop> {
        let Some(regex) = Regex::new(regex, self.options.nocasematch) else { return Err(Stop::Failed(2)) };
        let groups = regex.matches(text);
        let matched = groups.is_some();
        let elements = groups.unwrap_or_default().into_iter().map(Option::unwrap_or_default);
        // A read-only BASH_REMATCH stays as it is.
        let _ = self.vars.set_list("BASH_REMATCH", elements);
        Ok(matched)
    }
}
