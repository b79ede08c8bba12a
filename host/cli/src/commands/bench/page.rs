//! The page: one file without anything from elsewhere, for light and dark screens.

use super::figures::{Figures, ratio_words};
use super::{chart, stacked};
use crate::failure::Failure;
use crate::text;
use std::fmt::Write as _;

const STYLE: &str = "
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b2430; --soft: #5c6673; --grid: #d9dde3;
        --none: #8a939f; --wasmtime: #c77a1e; --ours: #1f78b4; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e4e8ee; --soft: #9aa4b1; --grid: #313942;
          --none: #7d8794; --wasmtime: #e0a04c; --ours: #5aaee6; }
}
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto;
       max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 0; }
p { color: var(--soft); margin-top: .25rem; }
code { font: .95em ui-monospace, monospace; overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; overflow-x: auto; }
svg { height: auto; max-width: 100%; min-width: 36rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th, td { border-bottom: 1px solid var(--grid); padding: .4rem .75rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
";

/// The page as HTML.
pub(super) fn render(figures: &Figures) -> Result<String, Failure> {
    let mut style = STYLE.to_owned();
    for (colour, name) in chart::COLOURS {
        let _ = writeln!(style, "svg [fill=\"{colour}\"] {{ fill: var(--{name}); }}");
        let _ = writeln!(style, "svg [stroke=\"{colour}\"] {{ stroke: var(--{name}); }}");
    }
    let command = escape(&figures.command);
    Ok(format!(
        "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>glowplug bench: {command}</title>
<style>{style}</style>
</head>
<body>
<h1>How long <code>{command}</code> takes from start to end</h1>
<p>{size} of WebAssembly; glowplug {version}, Wasmtime {wasmtime}. Each contender ran once in each round.</p>
<figure>
{chart}
</figure>
<h2>What the starts are made of</h2>
<p>Each bar is one start, from its beginning to its end; the parts are in the order in which they happen.</p>
<figure>
{parts}
</figure>
<div class=\"table\">
{table}</div>
</body>
</html>
",
        size = text::size(figures.wasm_bytes),
        version = env!("CARGO_PKG_VERSION"),
        wasmtime = glowplug_cache::WASMTIME_VERSION,
        chart = chart::svg(figures)?,
        parts = stacked::svg(figures)?,
        table = table(figures),
    ))
}

fn table(figures: &Figures) -> String {
    let mut html = String::from("<table>\n<tr>");
    for heading in ["start", "min", "median", "max", "first instruction", "faster", "peak memory", "runs"] {
        let _ = write!(html, "<th>{heading}</th>");
    }
    html.push_str("</tr>\n");
    for one in figures.measured() {
        let summary = one.summary();
        let cells = [
            one.contender.name().to_owned(),
            text::time(summary.min),
            text::time(summary.median),
            text::time(summary.max),
            one.first().map_or_else(|| "–".to_owned(), text::time),
            ratio_words(figures.ratio(one)),
            one.peak_memory.map_or_else(|| "–".to_owned(), text::size),
            one.times.len().to_string(),
        ];
        html.push_str("<tr>");
        for cell in cells {
            let _ = write!(html, "<td>{}</td>", escape(&cell));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::contender::Contender;
    use super::super::figures::Measured;
    use super::super::workshop::Sample;
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_page_stands_alone_and_escapes_what_it_is_given() {
        let contenders = Contender::ALL
            .iter()
            .zip([4_000_000_u64, 4_100_000, 68_000, 4_050_000, 700_000, 6_000, 2_100, 70])
            .map(|(contender, microseconds)| {
                let mut measured = Measured::new(*contender);
                for percent in [90, 100, 120] {
                    let total = Duration::from_micros(microseconds * percent / 100);
                    let phases = vec![("open".to_owned(), total / 10), ("compile<".to_owned(), total / 2)];
                    measured.take(Sample { total, exit_code: 0, first: Some(total * 3 / 5), phases });
                }
                measured
            })
            .collect();
        let page = render(&Figures { command: "<b>.wasm & \"x\"".to_owned(), wasm_bytes: 1 << 20, contenders })
            .expect("a page");
        assert!(page.contains("&lt;b&gt;.wasm &amp; &quot;x&quot;") && !page.contains("<b>"));
        // The name space of SVG is a name, not an address that anybody fetches.
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"), "{page}");
        assert_eq!(page.matches("<svg").count(), 2);
        assert!(page.contains("glowplug, warm") && page.contains("compile&lt;") && !page.contains("compile<"));
    }
}
