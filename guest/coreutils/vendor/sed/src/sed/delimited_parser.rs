// Parse delimited character sequences
//
// SPDX-License-Identifier: MIT
// Copyright (c) 2025 Diomidis Spinellis
//
// This file is part of the uutils sed package.
// It is licensed under the MIT License.
// For the full copyright and license information, please view the LICENSE
// file that was distributed with this source code.

use crate::sed::command::{CharacterMode, ParsedTransliteration, RE_DUP_MAX, RegexMode};
use crate::sed::error_handling::compilation_error;
use crate::sed::script_char_provider::ScriptCharProvider;
use crate::sed::script_line_provider::ScriptLineProvider;

use std::char;
use std::ffi::OsString;
#[cfg(unix)]
use std::os::unix::ffi::OsStringExt;
use std::string::FromUtf8Error;
use uucore::error::UResult;

/// Construct an OS string from arbitrary bytes.
#[cfg(unix)]
pub fn os_string_from_bytes(bytes: Vec<u8>) -> Result<OsString, FromUtf8Error> {
    Ok(OsString::from_vec(bytes))
}

/// Construct an OS string from UTF-8 bytes on platforms without byte-native paths.
#[cfg(not(unix))]
pub fn os_string_from_bytes(bytes: Vec<u8>) -> Result<OsString, FromUtf8Error> {
    String::from_utf8(bytes).map(OsString::from)
}

/// Return true if c is a valid octal digit
fn is_ascii_octal_digit(c: char) -> bool {
    matches!(c, '0'..='7')
}

/// Parse a numeric character escape and return the corresponding char.
/// Advance line to the first character not part of the escape.
/// ndigits is the number of allowed digits and radix is the value's
/// radix (e.g. 8, 10, 16 for octal, decimal, and hex escapes).
/// For values up to 3 ndigits is the maximum number of allowed digits,
/// for values above 3 ndigits is the exact number of allowed digits.
/// Return `None` if no valid character has been specified.
fn parse_numeric_escape(
    line: &mut ScriptCharProvider,
    is_allowed_char: fn(char) -> bool,
    ndigits: usize,
    radix: u32,
) -> Option<char> {
    let mut valid_chars = Vec::new();

    for _ in 0..ndigits {
        if !line.eol() && is_allowed_char(line.current()) {
            valid_chars.push(line.current());
            line.advance();
        } else {
            break;
        }
    }

    if valid_chars.is_empty() {
        return None;
    }

    if ndigits > 3 && valid_chars.len() != ndigits {
        line.retreat(valid_chars.len());
        return None;
    }

    let char_string: String = valid_chars.into_iter().collect();
    match u32::from_str_radix(&char_string, radix)
        .ok()
        .and_then(char::from_u32)
    {
        Some(decoded) => Some(decoded),
        None => panic!("Unable to decode numeric character escape."),
    }
}

/// Transforms the specified character into the corresponding ASCII
/// control character as follows.
/// - Convert lowercase letters to uppercase
/// - XOR the ASCII value with 0x40 (inverts bit 6)
///
/// Return `None` if the result is not a valid Unicode scalar.
fn create_control_char(x: char) -> Option<char> {
    if !x.is_ascii() {
        return None;
    }

    let c = x.to_ascii_uppercase();

    let transformed = (c as u8) ^ 0x40;
    char::from_u32(u32::from(transformed))
}

/// Append a parsed script character according to the active character mode.
pub fn push_script_char(bytes: &mut Vec<u8>, ch: char, character_mode: CharacterMode) {
    match character_mode {
        CharacterMode::Byte if (ch as u32) <= 0xFF => bytes.push(ch as u8),
        _ => {
            let mut buf = [0u8; 4];
            bytes.extend_from_slice(ch.encode_utf8(&mut buf).as_bytes());
        }
    }
}

/// Decode parsed script bytes as UTF-8 for character-mode parsing.
fn parsed_bytes_to_utf8(
    lines: &ScriptLineProvider,
    line: &ScriptCharProvider,
    bytes: Vec<u8>,
    description: &str,
) -> UResult<String> {
    String::from_utf8(bytes).map_err(|e| {
        compilation_error::<String>(lines, line, format!("invalid UTF-8 in {description}: {e}"))
            .unwrap_err()
    })
}

/// Parse a character escape valid in all contexts (RE pattern, substitution,
/// transliterarion) and return the corresponding char.
/// At entry line.current() must have advanced after the `\\`.
/// Advance line to the first character not part of the escape.
/// Return `None` if an invalid escape has been specified.
pub fn parse_char_escape(line: &mut ScriptCharProvider) -> Option<char> {
    match line.current() {
        'a' => {
            line.advance();
            Some('\x07')
        }
        'b' => {
            line.advance();
            Some('\x08')
        }
        'f' => {
            line.advance();
            Some('\x0c')
        }
        'n' => {
            line.advance();
            Some('\n')
        }
        'r' => {
            line.advance();
            Some('\r')
        }
        't' => {
            line.advance();
            Some('\t')
        }
        'v' => {
            line.advance();
            Some('\x0b')
        }

        'c' => {
            // Control character escape: \cC
            line.advance(); // move past 'c'
            match create_control_char(line.current()) {
                Some(decoded) => {
                    line.advance();
                    Some(decoded)
                }
                None => Some('c'),
            }
        }

        'd' => {
            // Decimal escape: \dnnn
            line.advance(); // move past 'd'
            match parse_numeric_escape(line, |c| c.is_ascii_digit(), 3, 10) {
                Some(decoded) => Some(decoded),
                None => Some('d'),
            }
        }

        'o' => {
            // Octal escape: \onnn
            line.advance(); // move past 'o'
            match parse_numeric_escape(line, is_ascii_octal_digit, 3, 8) {
                Some(decoded) => Some(decoded),
                None => Some('o'),
            }
        }

        'u' => {
            // Short Unicode escape \uXXXX (exactly four hex digits)
            line.advance(); // move past 'x'
            match parse_numeric_escape(line, |c| c.is_ascii_hexdigit(), 4, 16) {
                Some(decoded) => Some(decoded),
                None => Some('u'),
            }
        }

        'U' => {
            // Short Unicode escape \UXXXXXXXX (exactly eight hex digits)
            line.advance(); // move past 'x'
            match parse_numeric_escape(line, |c| c.is_ascii_hexdigit(), 8, 16) {
                Some(decoded) => Some(decoded),
                None => Some('U'),
            }
        }

        'x' => {
            // Hexadecimal escape: \xnn
            line.advance(); // move past 'x'
            match parse_numeric_escape(line, |c| c.is_ascii_hexdigit(), 2, 16) {
                Some(decoded) => Some(decoded),
                None => Some('x'),
            }
        }
        _ => None,
    }
}

/// Parse a POSIX RE character class returning it as bytes.
/// This functionality is needed to avoid terminating delimited
/// sequences when a delimiter appears within a character class.
/// While at it, handle escaped characters for the sake of consistency.
fn parse_character_class(
    lines: &ScriptLineProvider,
    line: &mut ScriptCharProvider,
    character_mode: CharacterMode,
) -> UResult<Vec<u8>> {
    let mut result = Vec::new();

    assert!(
        !line.eol() && line.current() == '[',
        "Invalid character class."
    );

    line.advance();
    result.push(b'[');

    // Optional negation
    if !line.eol() && line.current() == '^' {
        result.push(b'^');
        line.advance();
    }

    // Optional leading ']' inside the class
    if !line.eol() && line.current() == ']' {
        result.push(b']');
        line.advance();
    }

    while !line.eol() {
        let ch = line.current();

        if ch == ']' {
            result.push(b']');
            line.advance();
            return Ok(result);
        }

        if ch == '[' {
            line.advance();
            if line.eol() {
                result.push(b'[');
                continue;
            }
            let marker = line.current();
            // POSIX character class, collating symbol, or equivalence
            if marker == ':' || marker == '.' || marker == '=' {
                line.advance();

                result.push(b'[');
                result.push(marker as u8);

                let mut inner = Vec::new();
                let mut terminated = false;

                while !line.eol() {
                    let c = line.current();
                    if c == marker {
                        line.advance();
                        if !line.eol() && line.current() == ']' {
                            line.advance();
                            result.extend_from_slice(&inner);
                            result.push(marker as u8);
                            result.push(b']');
                            terminated = true;
                            break;
                        }
                        // False alarm, just part of the inner name
                        inner.push(marker as u8);
                    } else {
                        inner.push(line.current_byte());
                        line.advance();
                    }
                }

                if !terminated {
                    return compilation_error(
                        lines,
                        line,
                        "Unterminated POSIX character class, equivalence or collating symbol",
                    );
                }

                continue;
            }
            // Not a POSIX construct — treat as literal
            result.push(b'[');
            result.push(line.current_byte());
            line.advance();
            continue;
        }

        if ch == '\\' {
            // Handle escape sequence
            line.advance();
            if line.eol() {
                break;
            }
            if let Some(decoded) = parse_char_escape(line) {
                push_script_char(&mut result, decoded, character_mode);
            } else {
                result.push(b'\\');
                result.push(line.current_byte());
                line.advance();
            }
        } else {
            result.push(line.current_byte());
            line.advance();
        }
    }

    compilation_error(lines, line, "Unterminated bracket expression")
}

/// Scan and return the opening delimiter of a delimited string
/// Advances the line past the opening delimiter
fn scan_delimiter(lines: &ScriptLineProvider, line: &mut ScriptCharProvider) -> UResult<char> {
    // Sanity check
    if line.eol() {
        return compilation_error(lines, line, "unexpected end of line".to_string());
    }

    let delimiter = line.current();
    if delimiter == '\\' {
        return compilation_error(lines, line, "\\ cannot be used as a string delimiter");
    }
    line.advance(); // skip the opening delimiter
    Ok(delimiter)
}

/// Parse the regular expression delimited by the current line
/// character and return it as a string.
/// On return, the line is on the closing delimiter.
/// In Basic mode, quantifiers like {m,n} must be escaped (\{m,n\}).
/// In Extended mode, quantifiers like {m,n} don't require escaping.
pub fn parse_regex(
    lines: &ScriptLineProvider,
    line: &mut ScriptCharProvider,
    regex_mode: RegexMode,
) -> UResult<Vec<u8>> {
    parse_regex_for_mode(lines, line, regex_mode, CharacterMode::Utf8)
}

/// Parse a regular expression according to the current character mode.
pub fn parse_regex_for_mode(
    lines: &ScriptLineProvider,
    line: &mut ScriptCharProvider,
    regex_mode: RegexMode,
    character_mode: CharacterMode,
) -> UResult<Vec<u8>> {
    let delimiter = scan_delimiter(lines, line)?;
    let mut result = Vec::new();
    while !line.eol() {
        match line.current() {
            '[' if delimiter != '[' => {
                let cc = parse_character_class(lines, line, character_mode)?;
                result.extend_from_slice(&cc);
                continue;
            }
            '\\' => {
                line.advance();
                if line.eol() {
                    return compilation_error(lines, line, "unterminated regular expression");
                }
                if line.current() == delimiter {
                    // Push escaped delimiter
                    result.push(line.current_byte());
                    line.advance();
                    continue;
                }
                if line.current() == '{' && matches!(regex_mode, RegexMode::Basic) {
                    validate_quantifier_structure(lines, line, delimiter, RegexMode::Basic)?;
                    let quantifier = validate_quantifier_numbers(lines, line)?;
                    result.push(b'\\');
                    result.push(b'{');
                    result.extend_from_slice(quantifier.as_bytes());
                    continue;
                }
                // In a regular expression, \b is the edge of a word, not a backspace.
                if matches!(line.current(), '}' | 'b') {
                    result.push(b'\\');
                    result.push(line.current_byte());
                    line.advance();
                    continue;
                }
                if let Some(decoded) = parse_char_escape(line) {
                    push_script_char(&mut result, decoded, character_mode);
                } else {
                    // Pass through \<any> to RE engine for further treatment
                    result.push(b'\\');
                    result.push(line.current_byte());
                    line.advance();
                }
                continue;
            }
            '{' if delimiter != '{' && matches!(regex_mode, RegexMode::Extended) => {
                validate_quantifier_structure(lines, line, delimiter, RegexMode::Extended)?;
                let quantifier = validate_quantifier_numbers(lines, line)?;
                result.push(b'{');
                result.extend_from_slice(quantifier.as_bytes());
                continue;
            }
            '}' if delimiter != '}' => {
                result.push(b'}');
                line.advance();
                continue;
            }

            c if c == delimiter => return Ok(result),
            _ => result.push(line.current_byte()),
        }
        line.advance();
    }
    compilation_error(lines, line, "unterminated regular expression")
}

// Check for closing brace and the structure/content.
fn validate_quantifier_structure(
    lines: &ScriptLineProvider,
    line: &mut ScriptCharProvider,
    delimiter: char,
    regex_mode: RegexMode,
) -> UResult<()> {
    let invalid_content_error_msg = "Invalid content of \\{\\}";
    let mut found_closing_brace = false;
    let mut seen_comma = false;
    let mut invalid_content_detected = false;
    let mut is_quantifier_empty = true;
    let initial_pos = line.get_pos();
    line.advance();

    while !line.eol() && line.current() != delimiter {
        match regex_mode {
            RegexMode::Extended => {
                // In ERE mode, look for }
                if line.current() == '}' {
                    // Empty quantifier {} is not valid
                    if is_quantifier_empty {
                        invalid_content_detected = true;
                    }
                    found_closing_brace = true;
                    break;
                }
                // Entering means there is no } immediately after the {
                is_quantifier_empty = false;
                // Only digits and one comma allowed
                if line.current() == ',' {
                    if seen_comma {
                        invalid_content_detected = true;
                    }
                    seen_comma = true;
                } else if !line.current().is_ascii_digit() {
                    invalid_content_detected = true;
                }
                line.advance();
            }
            RegexMode::Basic => {
                // In BRE mode, look for \}
                if line.current() == '\\' {
                    line.advance();
                    if !line.eol() && line.current() == '}' {
                        if is_quantifier_empty {
                            invalid_content_detected = true;
                        }
                        found_closing_brace = true;
                    } else {
                        invalid_content_detected = true;
                    }
                    break;
                }
                is_quantifier_empty = false;
                if line.current() == ',' {
                    if seen_comma {
                        invalid_content_detected = true;
                    }
                    seen_comma = true;
                } else if !line.current().is_ascii_digit() {
                    invalid_content_detected = true;
                }
                line.advance();
            }
        }
    }

    if !found_closing_brace {
        return compilation_error(lines, line, "Unmatched \\{");
    }

    if invalid_content_detected {
        return compilation_error(lines, line, invalid_content_error_msg);
    }

    line.set_position(initial_pos);
    Ok(())
}

// Parse an already-structure-validated run of digits into a quantifier bound.
// `validate_quantifier_structure` guarantees the run contains only ASCII
// digits, so the sole failure mode is a value exceeding what fits, which sed
// reports as "Regular expression too big" (same as exceeding RE_DUP_MAX).
fn parse_quantifier_bound(
    lines: &ScriptLineProvider,
    line: &mut ScriptCharProvider,
    digits: &str,
) -> UResult<usize> {
    match digits.parse::<usize>() {
        Ok(val) if val <= RE_DUP_MAX => Ok(val),
        _ => compilation_error(lines, line, "Regular expression too big"),
    }
}

// Performs validations on m and/or n values of the quantifier
// and returns the valid content as a string (without braces).
fn validate_quantifier_numbers(
    lines: &ScriptLineProvider,
    line: &mut ScriptCharProvider,
) -> UResult<String> {
    line.advance(); // Skip the opening brace.

    // Collect m. It may be empty for the {,n} and {,} forms, which mean {0,n}
    // and {0,} respectively.
    let mut m = String::new();
    while line.current() != ',' && line.current() != '}' && line.current() != '\\' {
        m.push(line.current());
        line.advance();
    }

    // Collect n when a comma is present.
    let has_comma = line.current() == ',';
    let mut n = String::new();
    if has_comma {
        line.advance();
        while line.current() != '}' && line.current() != '\\' {
            n.push(line.current());
            line.advance();
        }
    }

    // An absent m defaults to 0; both m and n are bounded by RE_DUP_MAX.
    let m_val = if m.is_empty() {
        0
    } else {
        parse_quantifier_bound(lines, line, &m)?
    };
    let n_val = if n.is_empty() {
        None
    } else {
        Some(parse_quantifier_bound(lines, line, &n)?)
    };

    // Validate m <= n if both present.
    if let Some(n_val) = n_val
        && m_val > n_val
    {
        return compilation_error(lines, line, "Invalid content of \\{\\}");
    }

    // Rebuild the validated content (without braces), defaulting an absent m
    // to 0 so the emitted pattern stays well-formed.
    let mut result = if m.is_empty() { "0".to_string() } else { m };
    if has_comma {
        result.push(',');
        result.push_str(&n);
    }

    Ok(result)
}

/// Parse the transliteration string delimited by the current line
/// character and return it as a string.
/// On return the line is on the closing delimiter.
pub fn parse_transliteration(
    lines: &ScriptLineProvider,
    line: &mut ScriptCharProvider,
) -> UResult<Vec<u8>> {
    parse_transliteration_bytes(lines, line, CharacterMode::Utf8)
}

/// Parse transliteration bytes according to the current character mode.
fn parse_transliteration_bytes(
    lines: &ScriptLineProvider,
    line: &mut ScriptCharProvider,
    character_mode: CharacterMode,
) -> UResult<Vec<u8>> {
    let delimiter = scan_delimiter(lines, line)?;
    let mut result = Vec::new();

    while !line.eol() {
        match line.current() {
            '\\' => {
                line.advance();
                if line.eol() {
                    return compilation_error(lines, line, "unterminated transliteration string");
                }
                if line.current() == delimiter || line.current() == '\\' {
                    // Push only the escaped character
                    result.push(line.current_byte());
                    line.advance();
                    continue;
                }
                if let Some(decoded) = parse_char_escape(line) {
                    push_script_char(&mut result, decoded, character_mode);
                } else {
                    // Pass through \<any> to tr for literal use
                    result.push(b'\\');
                    result.push(line.current_byte());
                    line.advance();
                }
                continue;
            }
            c if c == delimiter => return Ok(result),
            _ => result.push(line.current_byte()),
        }
        line.advance();
    }
    compilation_error(lines, line, "unterminated transliteration string")
}

/// Parse a transliteration string according to the current character mode.
pub fn parse_transliteration_for_mode(
    lines: &ScriptLineProvider,
    line: &mut ScriptCharProvider,
    character_mode: CharacterMode,
) -> UResult<ParsedTransliteration> {
    let bytes = parse_transliteration_bytes(lines, line, character_mode)?;
    match character_mode {
        CharacterMode::Byte => Ok(ParsedTransliteration::Bytes(bytes)),
        CharacterMode::Utf8 => parsed_bytes_to_utf8(lines, line, bytes, "transliteration string")
            .map(ParsedTransliteration::Text),
    }
}

