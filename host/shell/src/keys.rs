//! What the keys do: reedline's emacs bindings, and where they differ, bash's.

use reedline::{EditCommand, KeyCode, KeyModifiers, Keybindings, ReedlineEvent, default_emacs_keybindings};

use crate::{editor::GIVEN_UP, menu};

/// The bindings.
pub(crate) fn bindings() -> Keybindings {
    let mut keys = default_emacs_keybindings();
    let mut bind = |modifier, code, event| keys.add_binding(modifier, code, event);
    let edit = |command| ReedlineEvent::Edit(vec![command]);
    let first = ReedlineEvent::UntilFound;
    let ctrl = |c| (KeyModifiers::CONTROL, KeyCode::Char(c));

    bind(
        KeyModifiers::NONE,
        KeyCode::Tab,
        first(vec![ReedlineEvent::Menu(menu::NAME.to_owned()), ReedlineEvent::MenuNext]),
    );
    bind(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);

    // The whole line is accepted wherever the cursor is; unfinished ones go on at their end. The last event is for the
    // search in the history, which knows no lists of events.
    let accept = first(vec![
        ReedlineEvent::MenuAccept,
        ReedlineEvent::Multiple(vec![
            ReedlineEvent::Esc,
            edit(EditCommand::MoveToEnd { select: false }),
            ReedlineEvent::Enter,
        ]),
        ReedlineEvent::Enter,
    ]);
    bind(KeyModifiers::NONE, KeyCode::Enter, accept.clone());
    for key in ['j', 'm'].map(ctrl) {
        bind(key.0, key.1, accept.clone());
    }

    // The line stays on the screen with `^C` behind it. It is submitted, marked, because that paints it.
    let give_up = first(vec![
        ReedlineEvent::Multiple(vec![
            ReedlineEvent::Esc,
            ReedlineEvent::Edit(vec![
                EditCommand::MoveToEnd { select: false },
                EditCommand::InsertString(format!("^C{GIVEN_UP}")),
            ]),
            ReedlineEvent::Submit,
        ]),
        ReedlineEvent::CtrlC,
    ]);
    bind(ctrl('c').0, ctrl('c').1, give_up);

    // The list is only chosen from with Tab and up and down; the cursor moves as always.
    let left = ReedlineEvent::Left;
    let right = first(vec![ReedlineEvent::HistoryHintComplete, ReedlineEvent::Right]);
    for (key, event) in [('b', &left), ('f', &right)] {
        bind(ctrl(key).0, ctrl(key).1, event.clone());
    }
    bind(KeyModifiers::NONE, KeyCode::Left, left);
    bind(KeyModifiers::NONE, KeyCode::Right, right);

    bind(ctrl('w').0, ctrl('w').1, edit(EditCommand::CutBigWordLeft));
    bind(KeyModifiers::ALT, KeyCode::Backspace, edit(EditCommand::CutWordLeft));
    bind(ctrl('u').0, ctrl('u').1, edit(EditCommand::CutFromLineStart));
    // What terminals send for Ctrl-_ and Ctrl-/.
    bind(ctrl('7').0, ctrl('7').1, edit(EditCommand::Undo));
    keys
}
