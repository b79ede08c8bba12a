// This file is part of the uutils coreutils package.
//
// For the full copyright and license information, please view the LICENSE
// file that was distributed with this source code.

// Changed for glowplug; see PATCH.md.

use crate::error::UError;

use fluent::{FluentArgs, FluentBundle, FluentResource};
use fluent_syntax::parser::ParserError;
use std::sync::OnceLock;
use thiserror::Error;
use unic_langid::LanguageIdentifier;

#[derive(Error, Debug)]
pub enum LocalizationError {
    #[error("Resource parse error at '{snippet}': {error:?}")]
    ParseResource {
        #[source]
        error: ParserError,
        snippet: String,
    },
    #[error("Bundle error: {0}")]
    Bundle(String),
}

// Add a generic way to convert LocalizationError to UError
impl UError for LocalizationError {
    fn code(&self) -> i32 {
        1
    }
}

pub const DEFAULT_LOCALE: &str = "en-US";

/// A text of a program.
enum Text {
    /// As it is.
    Plain(&'static str),
    /// Fluent's source of one message, with parts to fill in.
    Fluent(&'static str),
}

// Made by the build script from the files in `locales`: sorted by name.
include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// The program whose texts come first.
static UTILITY: OnceLock<String> = OnceLock::new();

/// Says which program runs. Nothing is read or parsed before a text is asked for.
pub fn setup_localization(utility: &str) -> Result<(), LocalizationError> {
    UTILITY
        .set(utility.to_string())
        .map_err(|_| LocalizationError::Bundle("Localizer already initialized".into()))
}

fn find(id: &str) -> Option<&'static Text> {
    let utility = UTILITY.get().map_or("", String::as_str);
    let checksums = if utility.ends_with("sum") {
        "checksum_common"
    } else {
        ""
    };
    [utility, checksums, "uucore", "uucore-errors"].iter().find_map(|name| {
        let table = table(name);
        let place = table.binary_search_by(|(known, _)| (*known).cmp(id)).ok()?;
        Some(&table[place].1)
    })
}

/// Parses and fills in one message.
fn format(id: &str, source: &str, args: Option<&FluentArgs>) -> Option<String> {
    let resource = FluentResource::try_new(source.to_string()).unwrap_or_else(|(partial, _)| partial);
    let locale: LanguageIdentifier = DEFAULT_LOCALE.parse().ok()?;
    let mut bundle = FluentBundle::new(vec![locale]);
    // Disable Unicode directional isolate characters
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    let message = bundle.get_message(id)?.value()?;
    Some(bundle.format_pattern(message, args, &mut Vec::new()).into_owned())
}

fn get_message_internal(id: &str, args: Option<FluentArgs>) -> String {
    match find(id) {
        Some(Text::Plain(text)) => (*text).to_string(),
        Some(Text::Fluent(source)) => format(id, source, args.as_ref()).unwrap_or_else(|| id.to_string()),
        None => id.to_string(),
    }
}

/// Retrieves a message by its identifier, which is the result when there is none.
pub fn get_message(id: &str) -> String {
    get_message_internal(id, None)
}

/// Retrieves a message and fills in its parts.
pub fn get_message_with_args(id: &str, ftl_args: FluentArgs) -> String {
    get_message_internal(id, Some(ftl_args))
}

/// The value as an `i64` when Fluent can represent it exactly, else `None`.
#[doc(hidden)]
pub fn exact_fluent_integer(s: &str) -> Option<i64> {
    // Fluent stores numbers as f64, which represents integers exactly only up
    // to 2^53. Anything beyond that has to travel as a string.
    const MAX_EXACT: i64 = 1 << 53;
    s.parse::<i64>().ok().filter(|n| n.abs() <= MAX_EXACT)
}

/// Whether `s` is a plain decimal integer literal, with an optional sign.
///
/// Used by [`translate!`] to tell an integer that Fluent cannot hold exactly
/// from a genuine float, so the former can bypass Fluent's number type.
#[doc(hidden)]
pub fn is_integer_literal(s: &str) -> bool {
    let digits = s.strip_prefix(['-', '+']).unwrap_or(s);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Macro for retrieving localized messages, substituting arguments as text.
///
/// [`translate!`] hands Fluent a number whenever an argument parses as one,
/// and the locale then formats it: a length of `123456` comes back as
/// `123 456` wherever thousands are grouped. Use this macro instead whenever
/// the argument is text the user typed or a value that must be echoed
/// unchanged — a file name, an escape, a width — and [`translate!`] when the
/// value really is a number the reader should see in their own conventions,
/// or when a plural selector needs one.
///
/// # Arguments
///
/// * `$id` - The message identifier string
/// * Key-value pairs in the format `"key" => value`, each substituted with
///   its [`ToString`] rendering
///
/// # Examples
///
/// ```
/// use uucore::translate_text;
/// use fluent::FluentArgs;
///
/// // '17' stays '17', whatever the locale does to numbers
/// let error = translate_text!("checksum-error-invalid-length", "length" => "17");
/// ```
#[macro_export]
macro_rules! translate_text {
    ($id:expr, $($key:expr => $value:expr),+ $(,)?) => {
        {
            let mut args = fluent::FluentArgs::new();
            $(
                args.set($key, $value.to_string());
            )+
            $crate::locale::get_message_with_args($id, args)
        }
    };
}

/// Macro for retrieving localized messages with optional arguments.
///
/// This macro provides a unified interface for both simple message retrieval
/// and message retrieval with variable substitution. It accepts a message ID
/// and optionally key-value pairs using the `"key" => value` syntax.
///
/// An argument that parses as a number is handed to Fluent as one, so the
/// locale formats it — grouping its digits, for instance. When the value has
/// to come back exactly as it went in, reach for [`translate_text!`].
///
/// # Arguments
///
/// * `$id` - The message identifier string
/// * Optional key-value pairs in the format `"key" => value`
///
/// # Examples
///
/// ```
/// use uucore::translate;
/// use fluent::FluentArgs;
///
/// // Simple message without arguments
/// let greeting = translate!("greeting");
///
/// // Message with one argument
/// let welcome = translate!("welcome", "name" => "Alice");
///
/// // Message with multiple arguments
/// let username = "user name";
/// let item_count = 2;
/// let notification = translate!(
///     "user-stats",
///     "name" => username,
///     "count" => item_count,
///     "status" => "active"
/// );
/// ```
#[macro_export]
macro_rules! translate {
    // Case 1: Message ID only (no arguments)
    ($id:expr) => {
        $crate::locale::get_message($id)
    };

    // Case 2: Message ID with key-value arguments
    ($id:expr, $($key:expr => $value:expr),+ $(,)?) => {
        {
            let mut args = fluent::FluentArgs::new();
            $(
                let value_str = $value.to_string();
                if let Some(num_val) = $crate::locale::exact_fluent_integer(&value_str) {
                    args.set($key, num_val);
                } else if $crate::locale::is_integer_literal(&value_str) {
                    // An integer Fluent cannot hold exactly. Its number type is
                    // f64-backed, so setting it as a number would round it; keep
                    // the exact decimal string instead.
                    args.set($key, value_str);
                } else if let Ok(float_val) = value_str.parse::<f64>() {
                    args.set($key, float_val);
                } else {
                    // Keep as string if not a number
                    args.set($key, value_str);
                }
            )+
            $crate::locale::get_message_with_args($id, args)
        }
    };
}

// Re-export the macros for easier access
pub use {translate, translate_text};
