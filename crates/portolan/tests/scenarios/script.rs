//! The text of a scenario: blocks of commands and what they print.

use std::fmt;

/// What separates commands from what they print.
const RULE: &str = "----";

/// A scenario.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) file: String,
    pub(crate) blocks: Vec<Block>,
}

/// Some commands, and what they print.
#[derive(Clone, Default)]
pub(crate) struct Block {
    /// The number of its first line.
    pub(crate) line: usize,
    /// Commands, comments and empty lines as they stand.
    pub(crate) commands: Vec<String>,
    /// None for commands after the last `----`, which is a mistake.
    expected: Option<String>,
}

/// What a block printed; none when this way of running has nothing to say about it.
pub(crate) type Printed = Option<String>;

impl Script {
    pub(crate) fn parse(file: &str, text: &str) -> Self {
        let mut blocks = vec![Block { line: 1, ..Block::default() }];
        for (number, line) in (1..).zip(text.lines()) {
            let block = blocks.last_mut().expect("there is always one");
            match (&mut block.expected, line) {
                (None, RULE) => block.expected = Some(String::new()),
                (None, command) => block.commands.push(command.to_owned()),
                (Some(_), "") => blocks.push(Block { line: number + 1, ..Block::default() }),
                (Some(expected), printed) => *expected += &format!("{printed}\n"),
            }
        }
        if blocks.last().is_some_and(|block| block.expected.is_none() && block.commands.is_empty()) {
            blocks.pop();
        }
        let whole = blocks.iter().all(|block| block.expected.is_some());
        assert!(whole && !blocks.is_empty(), "{file}: ends with commands without {RULE}");
        Self { file: file.to_owned(), blocks }
    }

    /// The same commands with what they printed.
    pub(crate) fn with(&self, printed: &[Printed]) -> Self {
        let mut script = self.clone();
        for (block, printed) in script.blocks.iter_mut().zip(printed) {
            block.expected.clone_from(printed);
        }
        script
    }

    /// The first block that printed something else than stands in `wanted`.
    pub(crate) fn difference(&self, way: &str, wanted: &Self, printed: &[Printed]) -> Option<String> {
        assert_eq!(wanted.blocks.len(), printed.len(), "{}: a block of each", self.file);
        let expected = wanted.blocks.iter().map(|block| block.expected.as_deref().unwrap_or_default());
        let mut pairs = self.blocks.iter().zip(expected).zip(printed);
        let differs =
            |((_, expected), got): &((_, &str), &Printed)| got.as_ref().is_some_and(|got| got != expected);
        let ((block, expected), got) = pairs.find(differs)?;
        let got = got.as_deref().unwrap_or_default();
        Some(format!(
            "{}:{} ({way})\n{}\n{RULE} expected\n{expected}{RULE} got\n{got}",
            self.file,
            block.line,
            block.commands.join("\n")
        ))
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, block) in self.blocks.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            block.commands.iter().try_for_each(|command| writeln!(f, "{command}"))?;
            write!(f, "{RULE}\n{}", block.expected.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}
