//! `echo`.

use crate::builtins::escapes::{Rules, push_escaped};
use crate::shell::{Shell, Status};
use crate::text;

pub fn echo(shell: &mut Shell, args: &[String]) -> Status {
    let mut rest = args.get(1..).unwrap_or_default();
    let (mut newline, mut escapes) = (true, shell.options.xpg_echo);
    // In posix mode with xpg_echo, there are no options.
    if !(shell.options.posix && shell.options.xpg_echo) {
        while let [first, others @ ..] = rest {
            let Some(letters) = first.strip_prefix('-') else { break };
            if letters.is_empty() || !letters.bytes().all(|letter| matches!(letter, b'n' | b'e' | b'E')) {
                break;
            }
            for letter in letters.bytes() {
                match letter {
                    b'n' => newline = false,
                    letter => escapes = letter == b'e',
                }
            }
            rest = others;
        }
    }
    let mut out = Vec::with_capacity(rest.iter().map(|word| word.len() + 1).sum());
    for (index, word) in rest.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        if !escapes {
            text::push_bytes(&mut out, word);
        } else if !push_escaped(&mut out, word, Rules::Echo, |_| {}) {
            newline = false;
            break;
        }
    }
    if newline {
        out.push(b'\n');
    }
    // A write of nothing would still report a closed descriptor.
    Ok(i32::from(!out.is_empty() && !shell.out_bytes(&out)))
}
