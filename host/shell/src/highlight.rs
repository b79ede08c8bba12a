//! Colours of the line while it is typed.

use reedline::{AbbrExpandContext, Color, Highlighter, StyledText};

use crate::{
    editor::GIVEN_UP,
    lookup::{Slot, current},
    scan::{Kind, scan},
};

/// Lines longer than this stay without colours, so that each keypress is quick.
const MAX_LINE: usize = 16 << 10;

/// Colours commands by whether they exist, and everything else by what it is.
pub(crate) struct ShellHighlighter {
    pub lookup: Slot,
    pub colour: bool,
}

impl Highlighter for ShellHighlighter {
    fn highlight(&self, line: &str, _cursor: usize) -> StyledText {
        let mut styled = StyledText::new();
        let line = line.strip_suffix(GIVEN_UP).unwrap_or(line);
        if !self.colour || line.len() > MAX_LINE {
            styled.push((Default::default(), line.to_owned()));
            return styled;
        }
        let lookup = current(&self.lookup);
        let scan = scan(line);
        let mut at = 0;
        for piece in &scan.pieces {
            if at < piece.start {
                styled.push((Default::default(), line[at..piece.start].to_owned()));
            }
            at = piece.end;
            let text = line[piece.start..piece.end].to_owned();
            let style = match piece.kind {
                Kind::Plain => Default::default(),
                Kind::Command => {
                    let word = scan.words.iter().find(|word| word.start <= piece.start && piece.end <= word.end);
                    let known = word
                        .filter(|word| word.kind == Kind::Command && word.plain)
                        .and_then(|word| lookup.as_ref().map(|lookup| lookup.is_command(&word.text)));
                    match known {
                        Some(true) => Color::Green.normal(),
                        Some(false) => Color::Red.normal(),
                        None => Default::default(),
                    }
                }
                Kind::Keyword => Color::Purple.bold(),
                Kind::Assignment => Color::Cyan.normal(),
                Kind::Quoted => Color::Yellow.normal(),
                Kind::Variable => Color::Cyan.bold(),
                Kind::Operator => Color::Default.bold(),
                Kind::Comment => Color::DarkGray.normal(),
            };
            styled.push((style, text));
        }
        if at < line.len() || styled.buffer.is_empty() {
            styled.push((Default::default(), line[at..].to_owned()));
        }
        styled
    }

    /// History is expanded when the line is accepted, as bash does it, and not by reedline.
    fn should_expand_abbr(&self, _line: &str, _cursor: usize, _context: AbbrExpandContext) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use glowplug_fs::{Namespace, Program, Settings};

    use super::*;
    use crate::lookup::{Lookup, set};

    fn highlighter(colour: bool) -> ShellHighlighter {
        let programs = vec![Program { name: "ls".into(), size: 0, bytes: None }];
        let files = Namespace::new(Settings { programs, ..Settings::default() }).expect("a namespace");
        let lookup = Slot::default();
        let names = [&b"becho"[..], b"ff", b"p/usr/bin", b"d/tmp", b"kif"].map(<[u8]>::to_vec);
        set(&lookup, Some(Lookup::new(&names, &files)));
        ShellHighlighter { lookup, colour }
    }

    /// Each part with a letter for its style.
    fn shown(line: &str) -> String {
        let styled = highlighter(true).highlight(line, 0);
        let text: String = styled.buffer.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(text, line);
        let mut shown = String::new();
        for (style, text) in &styled.buffer {
            let letter = [
                ("", Default::default()),
                ("known", Color::Green.normal()),
                ("unknown", Color::Red.normal()),
                ("keyword", Color::Purple.bold()),
                ("assign", Color::Cyan.normal()),
                ("quoted", Color::Yellow.normal()),
                ("var", Color::Cyan.bold()),
                ("op", Color::Default.bold()),
                ("comment", Color::DarkGray.normal()),
            ]
            .into_iter()
            .find(|(_, known)| known == style)
            .map_or("?", |(letter, _)| letter);
            shown.push_str(&if letter.is_empty() { text.clone() } else { format!("<{letter}:{text}>") });
        }
        shown
    }

    #[test]
    fn each_part_has_its_colour() {
        let cases = [
            (
                "ls -l 'a b' \"$x c\" # end",
                "<known:ls> -l <quoted:'a b'> <quoted:\"><var:$x><quoted: c\"> <comment:# end>",
            ),
            ("lz | f && ./x", "<unknown:lz> <op:|> <known:f> <op:&&> <unknown:./x>"),
            ("if ls; then echo; fi", "<keyword:if> <known:ls><op:;> <keyword:then> <known:echo><op:;> <keyword:fi>"),
            ("A=1 B=\"x\" ls", "<assign:A=1> <assign:B=><quoted:\"x\"> <known:ls>"),
            ("echo 2>&1 >out <in", "<known:echo> <op:2>&>1 <op:>>out <op:<>in"),
            (
                "echo $(nope ${x:-`ls`})",
                "<known:echo> <op:$(><unknown:nope> <var:${x:-><op:`><known:ls><op:`><var:}><op:)>",
            ),
            (
                "for i in a; do ls; done",
                "<keyword:for> i <keyword:in> a<op:;> <keyword:do> <known:ls><op:;> <keyword:done>",
            ),
            (
                "case x in a|b) ls;; esac",
                "<keyword:case> x <keyword:in> a<op:|>b<op:)> <known:ls><op:;;> <keyword:esac>",
            ),
            ("[[ a && b ]] && ls", "<keyword:[[> a <op:&&> b <keyword:]]> <op:&&> <known:ls>"),
            ("((x + 1)) || ls", "<op:((>x + 1<op:))> <op:||> <known:ls>"),
            ("g() { ls; }", "<unknown:g><op:(><op:)> <keyword:{> <known:ls><op:;> <keyword:}>"),
            ("command ls x", "<unknown:command> <known:ls> x"),
            ("echo \"a", "<known:echo> <quoted:\"a>"),
            ("l\\s 'l's", "<known:l\\s> <quoted:'l'>s"),
            ("x=(a $b) ls", "<assign:x=><op:(>a <var:$b><op:)> <known:ls>"),
            ("cat <<E\nif $x\nE\nls", "<unknown:cat> <op:<<><op:E>\n<quoted:if $x>\n<op:E>\n<known:ls>"),
            ("$x y", "<var:$x> y"),
            ("", ""),
            ("  ", "  "),
        ];
        for (line, wanted) in cases {
            assert_eq!(shown(line), wanted, "{line}");
        }
    }

    #[test]
    fn every_line_is_shown_as_it_is() {
        // Whatever is cut off somewhere, also in the middle of a construct.
        let text = "if [[ $a == \"x$(ls `b` ${c#\\}})\" ]]; then cat <<-E <(y) 2>>é\\ \n\tq\nE\nfi; a[1]+=(2 $'\\'3') @(a|b) $((1+(2)))\\";
        for (end, _) in text.char_indices() {
            for start in [0, end / 2] {
                if text.is_char_boundary(start) {
                    shown(&text[start..end]);
                }
            }
        }
    }

    #[test]
    fn without_colours_nothing_is_coloured() {
        let styled = highlighter(false).highlight("ls 'x'", 0);
        assert_eq!(styled.buffer, vec![(Default::default(), "ls 'x'".to_owned())]);
    }

    #[test]
    fn the_mark_of_a_line_that_was_given_up_is_not_shown() {
        assert_eq!(highlighter(false).highlight("ls^C\x03", 0).raw_string(), "ls^C");
    }

    #[test]
    fn a_keypress_is_quick() {
        let highlighter = highlighter(true);
        let line = "echo \"$x\" | ls; ".repeat(500);
        let start = std::time::Instant::now();
        highlighter.highlight(&line, 0);
        assert!(start.elapsed().as_millis() < 1000, "{:?}", start.elapsed());
    }
}
