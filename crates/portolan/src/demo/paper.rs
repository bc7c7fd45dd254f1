//! What the demo is written on: a terminal with colours, or a plain file.

use std::io::{self, IsTerminal as _, Stdout, Write as _};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const CYAN: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[0m";

/// Standard output.
pub(super) struct Paper {
    out: Stdout,
    is_terminal: bool,
    has_colour: bool,
}

impl Paper {
    pub(super) fn stdout() -> Self {
        let out = io::stdout();
        let is_terminal = out.is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { out, is_terminal, has_colour: is_terminal && !no_colour }
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    pub(super) fn has_colour(&self) -> bool {
        self.has_colour
    }

    pub(super) fn title(&mut self, text: &str) -> anyhow::Result<()> {
        let text = self.in_colour(BOLD, text);
        self.lines(&[String::new(), text])
    }

    pub(super) fn heading(&mut self, text: &str) -> anyhow::Result<()> {
        let text = self.in_colour(BOLD, text);
        self.lines(&[String::new(), text, String::new()])
    }

    pub(super) fn text(&mut self, text: &str) -> anyhow::Result<()> {
        self.lines(&[text.to_owned()])
    }

    pub(super) fn blank(&mut self) -> anyhow::Result<()> {
        self.text("")
    }

    pub(super) fn fact(&mut self, what: &str, value: &str) -> anyhow::Result<()> {
        let what = self.in_colour(DIM, &format!("{what:<10}"));
        self.text(&format!("  {what} {value}"))
    }

    pub(super) fn command(&mut self, command: &str) -> anyhow::Result<()> {
        let command = self.in_colour(CYAN, command);
        self.text(&format!("  {command}"))
    }

    /// What came out, and what that means.
    pub(super) fn result(&mut self, what: &str, meaning: &str) -> anyhow::Result<()> {
        let what = self.in_colour(BOLD, what);
        let meaning = self.in_colour(DIM, meaning);
        self.lines(&[format!("  {what}  {meaning}"), String::new()])
    }

    pub(super) fn good(&mut self, text: &str) -> anyhow::Result<()> {
        let mark = self.in_colour(GREEN, "✓");
        self.text(&format!("  {mark} {text}"))
    }

    /// A line that explains the one beside it.
    pub(super) fn remark(&mut self, text: &str) -> anyhow::Result<()> {
        let text = self.in_colour(DIM, text);
        self.text(&format!("  {text}"))
    }

    pub(super) fn bad(&mut self, text: &str) -> anyhow::Result<()> {
        let mark = self.in_colour(RED, "✗");
        self.text(&format!("  {mark} {text}"))
    }

    pub(super) fn lines(&mut self, lines: &[String]) -> anyhow::Result<()> {
        let mut out = self.out.lock();
        for line in lines {
            writeln!(out, "{line}")?;
        }
        Ok(out.flush()?)
    }

    /// Writes lines in place of the last so many: on a terminal over them, else below them.
    pub(super) fn redraw(&mut self, over: usize, lines: &[String]) -> anyhow::Result<()> {
        if over > 0 {
            match self.is_terminal {
                true => write!(self.out, "\x1b[{over}A\x1b[J")?,
                false => writeln!(self.out)?,
            }
        }
        self.lines(lines)
    }

    fn in_colour(&self, colour: &str, text: &str) -> String {
        if self.has_colour { format!("{colour}{text}{PLAIN}") } else { text.to_owned() }
    }
}

/// A text that matters less than others.
pub(super) fn dim(text: &str) -> String {
    format!("{DIM}{text}{PLAIN}")
}

/// A text that tells of a fault.
pub(super) fn red(text: &str) -> String {
    format!("{RED}{text}{PLAIN}")
}

/// A text that tells of a change.
pub(super) fn yellow(text: &str) -> String {
    format!("{YELLOW}{text}{PLAIN}")
}
