//! The list of completions, as bash shows it: what all have in common is completed first, a list is shown only when there
//! is nothing more to complete, and Enter still accepts the line, unless Tab or the arrows have chosen something.

use reedline::{
    Completer, Editor, Menu, MenuEvent, MenuSettings, Painter, Suggestion,
    menu_functions::{CompletionDisplay, resolve_completer_input},
};

/// Rows that are shown although the prompt fills the screen.
const MIN_ROWS: usize = 5;
/// Blanks between columns.
const GAP: usize = 2;

/// The name under which the menu is bound to keys.
pub(crate) const NAME: &str = "completion";

/// A list in columns below the line.
pub(crate) struct Listing {
    settings: MenuSettings,
    is_active: bool,
    completions: CompletionDisplay,
    input: Option<String>,
    /// The line that the list is for.
    line: (String, usize),
    chosen: Option<usize>,
    columns: usize,
    /// The first row that was shown last.
    skipped: usize,
}

impl Listing {
    pub fn new(settings: MenuSettings) -> Self {
        Self {
            settings,
            is_active: false,
            completions: CompletionDisplay::default(),
            input: None,
            line: Default::default(),
            chosen: None,
            columns: 1,
            skipped: 0,
        }
    }

    fn all(&self) -> &[Suggestion] {
        self.completions.suggestions()
    }

    fn rows(&self) -> usize {
        self.all().len().div_ceil(self.columns)
    }

    /// Moves the choice; the columns are read from top to bottom.
    fn choose(&mut self, event: &MenuEvent) {
        let (count, rows) = (self.all().len(), self.rows());
        if count == 0 {
            return;
        }
        let step = |by: usize| self.chosen.map(|chosen| (chosen + by) % count);
        self.chosen = match event {
            MenuEvent::NextElement | MenuEvent::MoveDown => step(1).or(Some(0)),
            MenuEvent::PreviousElement | MenuEvent::MoveUp => step(count - 1).or(Some(count - 1)),
            MenuEvent::MoveRight => {
                self.chosen.map(|chosen| if chosen + rows < count { chosen + rows } else { chosen % rows })
            }
            MenuEvent::MoveLeft => self.chosen.map(|chosen| chosen.checked_sub(rows).unwrap_or(chosen)),
            _ => self.chosen,
        };
    }

    fn current_line(editor: &Editor) -> (String, usize) {
        (editor.get_buffer().to_owned(), editor.line_buffer().insertion_point())
    }
}

impl Menu for Listing {
    fn settings(&self) -> &MenuSettings {
        &self.settings
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn set_active(&mut self, active: bool) {
        self.is_active = active;
    }

    fn clear_input(&mut self) {
        self.input = None;
    }

    fn on_activate(&mut self) {
        self.completions = CompletionDisplay::default();
        self.reset_position();
    }

    fn menu_event(&mut self, event: MenuEvent) {
        if let MenuEvent::Edit(_) = event {
            // The list was for another word.
            self.is_active = false;
        }
        self.handle_menu_event(&event);
        self.choose(&event);
    }

    fn can_quick_complete(&self) -> bool {
        true
    }

    fn can_partially_complete(&mut self, updated: bool, editor: &mut Editor, completer: &mut dyn Completer) -> bool {
        if !updated {
            self.update_values(editor, completer);
        }
        let completed = self.completions.common_prefix(editor);
        if completed || self.all().is_empty() {
            // Nothing to list yet: the next Tab does.
            self.is_active = false;
        }
        completed
    }

    fn update_values(&mut self, editor: &mut Editor, completer: &mut dyn Completer) {
        if !self.is_active {
            return;
        }
        let (input, pos) = resolve_completer_input(editor, &mut self.input, &self.settings);
        let (result, ranges) = completer.complete_with_base_ranges(&input, pos);
        if let Some(completions) = CompletionDisplay::from_result(result, &ranges, editor) {
            self.completions = completions;
            self.line = Self::current_line(editor);
            self.reset_position();
        }
    }

    fn reset_position(&mut self) {
        (self.chosen, self.skipped) = (None, 0);
    }

    fn update_working_details(&mut self, editor: &mut Editor, _: &mut dyn Completer, painter: &Painter) {
        if self.line != Self::current_line(editor) {
            self.is_active = false;
        }
        let width = usize::from(painter.screen_width()).saturating_sub(1);
        self.columns = (width / (self.completions.longest_suggestion + GAP)).clamp(1, self.all().len().max(1));
        let rows = self.rows();
        let available = usize::from(painter.remaining_lines_real()).max(MIN_ROWS.min(rows)).max(1);
        if let Some(chosen) = self.chosen {
            let row = chosen % rows.max(1);
            self.skipped = self.skipped.clamp((row + 1).saturating_sub(available), row);
        }
    }

    fn replace_in_buffer(&self, editor: &mut Editor) {
        self.completions.accept(self.chosen.unwrap_or(0), editor, None);
    }

    fn menu_required_lines(&self, _: u16) -> u16 {
        u16::try_from(self.rows()).unwrap_or(u16::MAX)
    }

    fn menu_string(&self, available_lines: u16, colour: bool) -> String {
        let rows = self.rows();
        let mut text = String::new();
        for row in (0..rows).skip(self.skipped).take(available_lines.into()) {
            for index in (row..self.all().len()).step_by(rows) {
                let shown = self.all()[index].display_value();
                let is_chosen = self.chosen == Some(index);
                let width = self.completions.display_widths.get(index).copied().unwrap_or_default();
                let blanks = (self.completions.longest_suggestion + GAP).saturating_sub(width);
                match (is_chosen, colour) {
                    (true, true) => text.push_str(&format!("\x1b[7m{shown}\x1b[0m{:blanks$}", "")),
                    (true, false) => text.push_str(&format!("{shown}<{:1$}", "", blanks - 1)),
                    (false, _) => text.push_str(&format!("{shown}{:blanks$}", "")),
                }
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push_str("\r\n");
        }
        text
    }

    fn min_rows(&self) -> u16 {
        self.rows().min(MIN_ROWS) as u16
    }

    /// Those that Enter may choose from: a single one, or all when one was chosen.
    fn get_values(&self) -> &[Suggestion] {
        if self.chosen.is_some() || self.all().len() == 1 { self.all() } else { &[] }
    }
}
