//! What a session's guests were refused, as the user is told it: once for each rule, and not more often than anybody reads. When
//! something is told, and in which words, is in `refusals.rs`.

use super::descriptor::{Description, Descriptor};
use crate::lock;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, Weak};

/// How many refusals are told of a session. A guest decides what it is refused.
const MOST: usize = 20;
/// Bytes of each, roughly.
const LONGEST: usize = 512;

/// What was told so far.
#[derive(Debug, Default)]
pub(crate) struct Denials {
    said: Mutex<Said>,
    /// The session's standard error. Whoever has another one, or none, has sent errors elsewhere.
    errors: OnceLock<Weak<Description>>,
}

#[derive(Debug, Default)]
struct Said {
    rules: HashSet<String>,
    more: u64,
}

impl Denials {
    /// The session's standard error.
    pub(crate) fn errors_go_to(&self, errors: &Descriptor) {
        let _ = self.errors.set(Arc::downgrade(errors));
    }

    /// Whether anybody is told anything.
    pub(crate) fn listen(&self) -> bool {
        self.errors.get().is_some()
    }

    /// Whether what is written to a process's standard error is what the user of the session sees.
    pub(crate) fn are_heard(&self, errors: Option<&Descriptor>) -> bool {
        let own = self.errors.get().map(Weak::as_ptr);
        own.is_some_and(|own| errors.is_some_and(|errors| std::ptr::eq(Arc::as_ptr(errors), own)))
    }

    /// What is to be told of a refusal by this rule: nothing the second time, and nothing after the twentieth.
    pub(crate) fn tell(&self, rule: &str, text: &str) -> Option<String> {
        let rule = cut(rule);
        let mut said = lock(&self.said);
        if said.rules.contains(&*rule) {
            return None;
        }
        if said.rules.len() >= MOST {
            said.more += 1;
            return None;
        }
        said.rules.insert(rule.into_owned());
        Some(cut(text).into_owned())
    }

    /// What is told at the end of those that were not.
    pub(crate) fn rest(&self) -> Option<String> {
        let more = std::mem::take(&mut lock(&self.said).more);
        (more > 0).then(|| format!("refused {more} times more, by other rules; the first {MOST} were told"))
    }
}

/// The beginning of a long text, which says what was refused, and its end, which says what would allow it.
fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let (begin, end) = (text.floor_char_boundary(LONGEST / 2), text.ceil_char_boundary(text.len() - LONGEST / 2));
    Cow::Owned(format!("{} [...] {}", &text[..begin], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_told_once_and_few_at_all() {
        let denials = Denials::default();
        assert_eq!(denials.tell("a", "first"), Some("first".to_owned()));
        assert_eq!(denials.tell("a", "second"), None);
        assert_eq!(denials.rest(), None);
        let told = (0..1000).filter_map(|number| denials.tell(&number.to_string(), &"é".repeat(1000)));
        let told: Vec<String> = told.collect();
        assert!(told.len() == MOST - 1 && told.iter().all(|text| text.len() <= LONGEST + 10));
        assert!(denials.rest().is_some_and(|rest| rest.contains("981 times")));
    }
}
