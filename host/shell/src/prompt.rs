//! The prompts exactly as the shell gives them: nothing of reedline's own is shown.

use std::borrow::Cow;

use reedline::{Color, Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};

/// PS1 and PS2, expanded.
pub(crate) struct ShellPrompt {
    /// All lines of PS1 but the last.
    above: String,
    /// The last line of PS1: a search in the history is shown in its place.
    pub last: String,
    continuation: String,
}

impl ShellPrompt {
    pub fn new(prompt: &[u8], continuation: &[u8]) -> Self {
        let prompt = text(prompt);
        let split = prompt.rfind('\n').map_or(0, |end| end + 1);
        Self { above: prompt[..split].to_owned(), last: prompt[split..].to_owned(), continuation: text(continuation) }
    }
}

/// Without the marks that enclose what has no width (`\[` and `\]`), in case they are still there.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace(['\x01', '\x02', '\r'], "")
}

impl Prompt for ShellPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.above)
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed(&self.last)
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.continuation)
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let failed = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "failed ",
        };
        Cow::Owned(format!("({failed}reverse-i-search)`{}': ", search.term))
    }

    fn get_prompt_color(&self) -> Color {
        Color::Default
    }

    fn get_prompt_multiline_color(&self) -> Color {
        Color::Default
    }

    fn get_indicator_color(&self) -> Color {
        Color::Default
    }

    fn get_prompt_right_color(&self) -> Color {
        Color::Default
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_gives_way_to_a_search() {
        let prompt = ShellPrompt::new(b"\x1b[1mtop\x1b[0m\n\x01\x1b[32m\x02$ ", b"> ");
        assert_eq!(prompt.render_prompt_left(), "\x1b[1mtop\x1b[0m\n");
        assert_eq!(prompt.render_prompt_indicator(PromptEditMode::Emacs), "\x1b[32m$ ");
        assert_eq!(prompt.render_prompt_multiline_indicator(), "> ");
        let search = PromptHistorySearch::new(PromptHistorySearchStatus::Failing, "ls".to_owned());
        assert_eq!(prompt.render_prompt_history_search_indicator(search), "(failed reverse-i-search)`ls': ");
    }

    #[test]
    fn a_prompt_that_is_not_text_is_shown_as_well_as_it_can_be() {
        assert_eq!(ShellPrompt::new(b"\xff$ ", b"").last, "\u{fffd}$ ");
    }
}
