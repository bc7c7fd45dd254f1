//! The picture of a run: CPU of an answer as a multiple of the echo's, a dot for the median and a line
//! from quartile to quartile, on a logarithmic scale, because the dearest is a hundred times the cheapest.

use std::fmt::Write as _;

use super::modes::{Mode, Table};
use super::peers::FLOOR;
use super::stats::Spread;

/// Width of the picture, in pixels.
const WIDTH: f64 = 960.0;
/// Where the scale begins: names stand to the left of it.
const LEFT: f64 = 220.0;
/// Where it ends: figures stand to the right of it.
const RIGHT: f64 = 800.0;
/// Height of a line.
const ROW: f64 = 24.0;
/// Height of a heading with its scale.
const HEAD: f64 = 64.0;
/// Height of what stands above all.
const TOP: f64 = 58.0;
/// Room below all.
const BOTTOM: f64 = 20.0;
/// Where lines of the scale may stand.
const TICKS: [f64; 11] = [1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0];
/// The colour of ours.
const OURS: &str = "#0b6e4f";
/// The colour of the others.
const OTHERS: &str = "#5b6770";

/// One subject of a panel.
struct Mark<'t> {
    name: &'t str,
    ratio: Spread,
}

/// The picture as SVG; none when nothing was compared.
pub(super) fn draw(tables: &[Table], machine: &str, date: &str) -> Option<String> {
    let panels: Vec<(&Table, Vec<Mark<'_>>)> =
        tables.iter().map(|table| (table, marks(table))).filter(|(_, marks)| marks.len() > 1).collect();
    if panels.is_empty() {
        return None;
    }
    let lines: usize = panels.iter().map(|(_, marks)| marks.len()).sum();
    let height = TOP + panels.len() as f64 * HEAD + lines as f64 * ROW + BOTTOM;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="Helvetica, Arial, sans-serif" font-size="13">
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="24" y="30" font-size="18" font-weight="bold" fill="#1b1f23">CPU of one answer, in echoes</text>
<text x="24" y="49" font-size="12" fill="#5b6770">{}</text>
"##,
        escape(&format!("median and quartiles of ratios within a round; {machine}; {date}"))
    );
    let mut y = TOP;
    for (table, marks) in &panels {
        panel(&mut svg, table.title, marks, y);
        y += HEAD + marks.len() as f64 * ROW;
    }
    Some(svg + "</svg>\n")
}

/// The subjects of a table, cheapest first.
fn marks(table: &Table) -> Vec<Mark<'_>> {
    // Two workers are compared with one, in their table.
    if table.mode == Mode::Workers {
        return Vec::new();
    }
    let mut marks: Vec<Mark<'_>> = table
        .rows
        .iter()
        .filter(|row| row.failure.is_none())
        .filter_map(|row| Some(Mark { name: &row.name, ratio: table.ratios(row)? }))
        .collect();
    marks.sort_by(|one, other| one.ratio.middle.total_cmp(&other.ratio.middle));
    marks
}

fn panel(svg: &mut String, title: &str, marks: &[Mark<'_>], top: f64) {
    let scale = Scale::of(marks);
    let (base, bottom) = (top + HEAD, top + HEAD + marks.len() as f64 * ROW - 6.0);
    line(
        svg,
        &format!(
            r##"<text x="24" y="{:.1}" font-size="14" font-weight="bold" fill="#1b1f23">{}</text>"##,
            top + 26.0,
            escape(title)
        ),
    );
    for tick in TICKS.into_iter().filter(|tick| scale.shows(*tick)) {
        let (x, strong) = (scale.x(tick), tick == 1.0);
        let colour = if strong { "#9aa4ac" } else { "#e3e7ea" };
        line(
            svg,
            &format!(
                r##"<line x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{bottom:.1}" stroke="{colour}"/><text x="{x:.1}" y="{:.1}" font-size="11" text-anchor="middle" fill="#5b6770">{tick}</text>"##,
                base - 12.0,
                base - 17.0,
            ),
        );
    }
    for (mark, number) in marks.iter().zip(0..) {
        one(svg, mark, &scale, base + f64::from(number) * ROW + 4.0);
    }
}

fn one(svg: &mut String, mark: &Mark<'_>, scale: &Scale, y: f64) {
    let ours = mark.name.starts_with("portolan");
    let (colour, weight) = if ours { (OURS, "bold") } else { (OTHERS, "normal") };
    // The floor is no server: its mark is hollow.
    let (fill, radius) = if mark.name.starts_with(FLOOR) { ("#ffffff", 3.5) } else { (colour, 4.0) };
    let digits = if mark.ratio.middle < 10.0 { 2 } else { 1 };
    let [low, middle, high] = [mark.ratio.low, mark.ratio.middle, mark.ratio.high].map(|r| scale.x(r));
    line(
        svg,
        &format!(
            r##"<text x="{:.1}" y="{:.1}" text-anchor="end" font-weight="{weight}" fill="{colour}">{}</text><line x1="{low:.1}" y1="{y:.1}" x2="{high:.1}" y2="{y:.1}" stroke="{colour}" stroke-width="4" stroke-linecap="butt" opacity="0.35"/><circle cx="{middle:.1}" cy="{y:.1}" r="{radius}" fill="{fill}" stroke="{colour}" stroke-width="1.5"/><text x="{:.1}" y="{:.1}" font-size="12" font-weight="{weight}" fill="{colour}">{}</text>"##,
            LEFT - 14.0,
            y + 4.5,
            escape(mark.name),
            RIGHT + 14.0,
            y + 4.5,
            format_args!("{:.digits$}", mark.ratio),
        ),
    );
}

/// Logarithms between the ends of a panel.
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    /// From just below the least quartile, or 1, to just above the greatest.
    fn of(marks: &[Mark<'_>]) -> Self {
        let least = marks.iter().map(|mark| mark.ratio.low).fold(1.0, f64::min);
        let most = marks.iter().map(|mark| mark.ratio.high).fold(1.5, f64::max);
        Self { least: least.max(0.01) * 0.97, most: most * 1.03 }
    }

    fn shows(&self, ratio: f64) -> bool {
        (self.least..=self.most).contains(&ratio)
    }

    fn x(&self, ratio: f64) -> f64 {
        let share = (ratio / self.least).ln() / (self.most / self.least).ln();
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }
}

fn line(svg: &mut String, text: &str) {
    writeln!(svg, "{text}").expect("a String takes everything");
}

/// Text that may stand between tags.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
