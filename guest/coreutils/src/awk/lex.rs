//! Words of an awk program.

use super::Problem;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Number(f64),
    Text(Vec<u8>),
    Regex(String),
    /// A variable, or a keyword.
    Name(String),
    /// A name with its parenthesis right behind it: a call of a function.
    Call(String),
    /// An operator or a bracket.
    Sign(&'static str),
    Newline,
    End,
}

/// Longest first.
const SIGNS: [&str; 45] = [
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", ">>", "**", "!~", "{",
    "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":", "~", "$", "=", "&",
    "@", "\\", "'",
];

pub fn tokens(source: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        match c {
            ' ' | '\t' | '\r' => rest = &rest[1..],
            '\\' if rest.starts_with("\\\n") => rest = &rest[2..],
            '\\' if rest.starts_with("\\\r\n") => rest = &rest[3..],
            '#' => rest = &rest[rest.find('\n').unwrap_or(rest.len())..],
            '\n' => {
                tokens.push(Token::Newline);
                rest = &rest[1..];
            }
            '"' => {
                let (text, after) = string(&rest[1..])?;
                tokens.push(Token::Text(text));
                rest = after;
            }
            '/' if regex_may_follow(tokens.last()) => {
                let (text, after) = regex(&rest[1..])?;
                tokens.push(Token::Regex(text));
                rest = after;
            }
            _ if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) => {
                let length = super::value::number_length(rest.as_bytes());
                tokens.push(Token::Number(super::value::number(rest[..length].as_bytes())));
                rest = &rest[length..];
            }
            _ if c == '_' || c.is_ascii_alphabetic() => {
                let length = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                let name = rest[..length].to_owned();
                rest = &rest[length..];
                let call = rest.starts_with('(') && !super::parse::KEYWORDS.contains(&name.as_str());
                tokens.push(if call { Token::Call(name) } else { Token::Name(name) });
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| Problem(format!("syntax error: unexpected character '{c}'")))?;
                rest = &rest[sign.len()..];
                tokens.push(Token::Sign(match *sign {
                    "**" => "^",
                    "**=" => "^=",
                    sign => sign,
                }));
            }
        }
    }
    tokens.extend([Token::Newline, Token::End]);
    Ok(tokens)
}

/// A slash divides behind a value, and begins a pattern elsewhere.
fn regex_may_follow(before: Option<&Token>) -> bool {
    match before {
        Some(Token::Number(_) | Token::Text(_) | Token::Regex(_)) => false,
        Some(Token::Name(name)) => super::parse::KEYWORDS.contains(&name.as_str()) && name != "getline",
        Some(Token::Sign(sign)) => !matches!(*sign, ")" | "]" | "$" | "++" | "--"),
        _ => true,
    }
}

fn string(source: &str) -> Result<(Vec<u8>, &str), Problem> {
    let end = closing(source, '"').ok_or_else(|| Problem("syntax error: unterminated string".to_owned()))?;
    Ok((unescape(source[..end].as_bytes()), &source[end + 1..]))
}

/// A pattern keeps its backslashes, except before the slash that would end it.
fn regex(source: &str) -> Result<(String, &str), Problem> {
    let mut in_bracket = false;
    let mut text = String::new();
    let mut chars = source.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => break,
            '\\' => match chars.next() {
                Some((_, '/')) => text.push('/'),
                Some((_, other)) => text.extend(['\\', other]),
                None => break,
            },
            '/' if !in_bracket => return Ok((text, &source[at + 1..])),
            '[' if !in_bracket => {
                in_bracket = true;
                text.push(c);
                // A bracket right at the beginning is a member.
                for expected in ['^', ']'] {
                    if chars.as_str().starts_with(expected) {
                        text.push(expected);
                        chars.next();
                    }
                }
            }
            ']' if in_bracket && !text.ends_with(':') => {
                in_bracket = false;
                text.push(c);
            }
            _ => text.push(c),
        }
    }
    Err(Problem("syntax error: unterminated regexp".to_owned()))
}

fn closing(source: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    source.char_indices().find_map(|(at, c)| {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(at);
        }
        None
    })
}

/// Replaces backslashes as in a string of the program; `-v` does it too.
pub fn unescape(source: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.len());
    let mut at = 0;
    while at < source.len() {
        let byte = source[at];
        at += 1;
        if byte != b'\\' || at == source.len() {
            out.push(byte);
            continue;
        }
        let escaped = source[at];
        at += 1;
        match escaped {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\n' => {}
            b'"' | b'\\' | b'/' => out.push(escaped),
            b'0'..=b'7' => {
                let mut value = u32::from(escaped - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = source.get(at) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    at += 1;
                }
                out.push(value as u8);
            }
            // It may be meant for a pattern.
            other => out.extend([b'\\', other]),
        }
    }
    out
}
