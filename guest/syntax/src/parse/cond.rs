//! What is between `[[` and `]]`.

use super::lex::{Mode, Token};
use super::{Parsed, Parser};
use crate::ast::{BinaryPredicate, ExtendedTestExpr, UnaryPredicate, Word};

impl Parser<'_> {
    /// After `[[`, up to and with `]]`.
    pub(super) fn extended_test(&mut self) -> Parsed<ExtendedTestExpr> {
        let expr = self.test_or()?;
        self.test_newlines()?;
        let end = self.next_token(Mode::Pattern)?;
        if end.is_word("]]") {
            return Ok(expr);
        }
        Err(self.test_error(&end))
    }

    fn test_error(&self, token: &Token) -> super::SyntaxError {
        match token {
            Token::End => {
                super::SyntaxError { line: self.end_line(), kind: super::ErrorKind::EndOfFile, incomplete: true }
            }
            token => {
                self.message(format!("syntax error in conditional expression: unexpected token `{}'", token.name()))
            }
        }
    }

    fn test_newlines(&mut self) -> Parsed<()> {
        while self.peek(Mode::Pattern)?.is_op("\n") {
            self.next_token(Mode::Pattern)?;
        }
        Ok(())
    }

    fn test_or(&mut self) -> Parsed<ExtendedTestExpr> {
        let left = self.test_and()?;
        self.test_newlines()?;
        if !self.peek(Mode::Pattern)?.is_op("||") {
            return Ok(left);
        }
        self.take();
        let right = self.nested(Self::test_or)?;
        Ok(ExtendedTestExpr::Or(Box::new(left), Box::new(right)))
    }

    fn test_and(&mut self) -> Parsed<ExtendedTestExpr> {
        let left = self.test_term()?;
        self.test_newlines()?;
        if !self.peek(Mode::Pattern)?.is_op("&&") {
            return Ok(left);
        }
        self.take();
        let right = self.nested(Self::test_and)?;
        Ok(ExtendedTestExpr::And(Box::new(left), Box::new(right)))
    }

    fn test_term(&mut self) -> Parsed<ExtendedTestExpr> {
        self.test_newlines()?;
        let token = self.next_token(Mode::Pattern)?;
        let word = match token {
            Token::Op("(") => {
                let inner = self.nested(Self::test_or)?;
                self.test_newlines()?;
                let close = self.next_token(Mode::Pattern)?;
                if !close.is_op(")") {
                    return Err(self.test_error(&close));
                }
                return Ok(ExtendedTestExpr::Parenthesized(Box::new(inner)));
            }
            Token::Word(word) => word,
            token => return Err(self.test_error(&token)),
        };
        if !word.quoted && word.text == "!" {
            let inner = self.nested(Self::test_term)?;
            return Ok(ExtendedTestExpr::Not(Box::new(inner)));
        }
        if !word.quoted && word.text == "]]" {
            return Err(self.unexpected(&Token::Word(word)));
        }
        if let Some(predicate) = unary_predicate(&word.text).filter(|_| !word.quoted) {
            return match self.next_token(Mode::Pattern)? {
                Token::Word(operand) if operand.quoted || operand.text != "]]" => {
                    Ok(ExtendedTestExpr::UnaryTest(predicate, Word::new(operand.text)))
                }
                Token::End => Err(self.test_error(&Token::End)),
                token => {
                    Err(self.message(format!("unexpected argument `{}' to conditional unary operator", token.name())))
                }
            };
        }
        let next = self.peek(Mode::Pattern)?;
        let binary = match next {
            Token::Op("<") => Some(BinaryPredicate::LeftSortsBeforeRight),
            Token::Op(">") => Some(BinaryPredicate::LeftSortsAfterRight),
            Token::Word(next) if !next.quoted => binary_predicate(&next.text),
            _ => None,
        };
        if let Some(predicate) = binary {
            let op = self.take();
            let mode = if predicate == BinaryPredicate::StringMatchesRegex { Mode::Regex } else { Mode::Pattern };
            return match self.next_token(mode)? {
                Token::Word(right) => {
                    Ok(ExtendedTestExpr::BinaryTest(predicate, Word::new(word.text), Word::new(right.text)))
                }
                Token::End => Err(self.test_error(&Token::End)),
                token => {
                    let message = if token.is_op("\n") || token.is_op("(") || op == Token::End {
                        format!("unexpected token `{}' in conditional expression", token.name())
                    } else {
                        format!("unexpected argument `{}' to conditional binary operator", token.name())
                    };
                    Err(self.message(message))
                }
            };
        }
        match next {
            Token::Word(next) if next.quoted || next.text != "]]" => {
                let message = String::from("conditional binary operator expected");
                Err(self.message(message))
            }
            _ => Ok(ExtendedTestExpr::UnaryTest(UnaryPredicate::StringHasNonZeroLength, Word::new(word.text))),
        }
    }
}

fn binary_predicate(text: &str) -> Option<BinaryPredicate> {
    use BinaryPredicate::*;
    Some(match text {
        "==" => StringExactlyMatchesPattern,
        "=" => StringEqualsPattern,
        "!=" => StringDoesNotExactlyMatchPattern,
        "=~" => StringMatchesRegex,
        "-eq" => ArithmeticEqualTo,
        "-ne" => ArithmeticNotEqualTo,
        "-lt" => ArithmeticLessThan,
        "-le" => ArithmeticLessThanOrEqualTo,
        "-gt" => ArithmeticGreaterThan,
        "-ge" => ArithmeticGreaterThanOrEqualTo,
        "-ef" => FilesReferToSameDeviceAndInodeNumbers,
        "-nt" => LeftFileIsNewerOrExistsWhenRightDoesNot,
        "-ot" => LeftFileIsOlderOrDoesNotExistWhenRightDoes,
        _ => return None,
    })
}

fn unary_predicate(text: &str) -> Option<UnaryPredicate> {
    use UnaryPredicate::*;
    Some(match text {
        "-a" | "-e" => FileExists,
        "-b" => FileExistsAndIsBlockSpecialFile,
        "-c" => FileExistsAndIsCharSpecialFile,
        "-d" => FileExistsAndIsDir,
        "-f" => FileExistsAndIsRegularFile,
        "-g" => FileExistsAndIsSetgid,
        "-h" | "-L" => FileExistsAndIsSymlink,
        "-k" => FileExistsAndHasStickyBit,
        "-p" => FileExistsAndIsFifo,
        "-r" => FileExistsAndIsReadable,
        "-s" => FileExistsAndIsNotZeroLength,
        "-t" => FdIsOpenTerminal,
        "-u" => FileExistsAndIsSetuid,
        "-w" => FileExistsAndIsWritable,
        "-x" => FileExistsAndIsExecutable,
        "-G" => FileExistsAndOwnedByEffectiveGroupId,
        "-N" => FileExistsAndModifiedSinceLastRead,
        "-O" => FileExistsAndOwnedByEffectiveUserId,
        "-S" => FileExistsAndIsSocket,
        "-o" => ShellOptionEnabled,
        "-v" => ShellVariableIsSetAndAssigned,
        "-R" => ShellVariableIsSetAndNameRef,
        "-z" => StringHasZeroLength,
        "-n" => StringHasNonZeroLength,
        _ => return None,
    })
}
