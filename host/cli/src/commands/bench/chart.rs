//! The chart of the page: a bar to each median, and a line from the least to the most.

use super::contender::Contender;
use super::figures::Figures;
use crate::failure::Failure;
use crate::text;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::time::Duration;

/// Stands for the page's colour of text; the page's style sheet puts its own in place of each of these.
pub(super) const INK: RGBColor = RGBColor(0x10, 0x20, 0x30);
const GRID: RGBColor = RGBColor(0xD0, 0xD4, 0xDA);
const NONE: RGBColor = RGBColor(0x8A, 0x93, 0x9F);
const WASMTIME: RGBColor = RGBColor(0xC7, 0x7A, 0x1E);
const OURS: RGBColor = RGBColor(0x1F, 0x78, 0xB4);

/// Each colour of the chart, as SVG writes it, and the style sheet's name for it.
pub(super) const COLOURS: [(&str, &str); 5] =
    [("#102030", "ink"), ("#D0D4DA", "grid"), ("#8A939F", "none"), ("#C77A1E", "wasmtime"), ("#1F78B4", "ours")];

pub(super) const WIDTH: u32 = 860;
const ROW: u32 = 58;
const AXIS: u32 = 64;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// An SVG element, to be put into a page.
pub(super) fn svg(figures: &Figures) -> Result<String, Failure> {
    let mut svg = String::new();
    {
        let height = ROW * u32::try_from(figures.measured().count()).unwrap_or(1) + AXIS;
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        draw(&area, figures).map_err(|error| Failure::new("failed to draw the chart").because(&*error))?;
    }
    Ok(svg)
}

fn draw(area: &Area<'_>, figures: &Figures) -> Result<(), Box<dyn std::error::Error>> {
    let (low, high) = bounds(figures);
    let rows = figures.measured().count() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_left(4)
        .margin_top(8)
        .margin_right(120)
        .x_label_area_size(AXIS - 12)
        .build_cartesian_2d((low..high).log_scale(), rows..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(8)
        .x_label_formatter(&|milliseconds| power_of_ten(*milliseconds))
        .x_desc("median, with the least and the most; each step of the grid is ten times the one before")
        .axis_style(GRID)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 13).into_font().color(&INK))
        .draw()?;
    for (row, one) in figures.measured().enumerate() {
        let (summary, top) = (one.summary(), row as f64);
        let milliseconds = |time: Duration| (time.as_secs_f64() * 1e3).max(low);
        let bar = Rectangle::new(
            [(low, top + 0.42), (milliseconds(summary.median), top + 0.82)],
            colour(one.contender).filled(),
        );
        chart.draw_series([bar])?;
        let middle = top + 0.62;
        let whisker = vec![(milliseconds(summary.min), middle), (milliseconds(summary.max), middle)];
        chart.draw_series([PathElement::new(whisker, INK.stroke_width(2))])?;
        label(area, chart.backend_coord(&(low, top + 0.12)), 0, one.contender.name())?;
        let end = milliseconds(summary.max).max(milliseconds(summary.median));
        label(area, chart.backend_coord(&(end, top + 0.5)), 8, &text::time(summary.median))?;
    }
    area.present()?;
    Ok(())
}

/// Writes words beside a point.
pub(super) fn label(
    area: &Area<'_>,
    at: (i32, i32),
    shift: i32,
    words: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let style = ("sans-serif", 14).into_font().color(&INK);
    area.draw(&Text::new(words.to_owned(), (at.0 + shift, at.1), style))?;
    Ok(())
}

/// `10 ms`, without the digits that a measured time would have.
fn power_of_ten(milliseconds: f64) -> String {
    match milliseconds {
        below if below < 0.999 => format!("{:.0} us", below * 1e3),
        below if below < 999.0 => format!("{below:.0} ms"),
        other => format!("{:.0} s", other / 1e3),
    }
}

/// Whole powers of ten around everything that is drawn.
fn bounds(figures: &Figures) -> (f64, f64) {
    let times = figures.measured().flat_map(|one| one.times.iter().map(|time| (time.as_secs_f64() * 1e3).max(1e-3)));
    let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
    for time in times {
        (low, high) = (low.min(time), high.max(time));
    }
    if !low.is_finite() {
        return (1.0, 10.0);
    }
    // Half below the least, so that the shortest bar can be seen.
    (10_f64.powf((low / 2.0).log10().floor()), 10_f64.powf(high.log10().ceil()).max(low * 10.0))
}

fn colour(contender: Contender) -> RGBColor {
    match contender {
        Contender::NoCache => NONE,
        Contender::WasmtimeCold | Contender::WasmtimeWarm => WASMTIME,
        Contender::OursCold
        | Contender::OursBaseline
        | Contender::OursEmbedded
        | Contender::OursWarm
        | Contender::OursHot => OURS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_knows_each_colour() {
        let written = [INK, GRID, NONE, WASMTIME, OURS].map(|RGBColor(r, g, b)| format!("#{r:02X}{g:02X}{b:02X}"));
        assert_eq!(COLOURS.map(|(colour, _)| colour.to_owned()), written);
    }
}
