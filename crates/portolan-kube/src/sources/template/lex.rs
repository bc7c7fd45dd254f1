//! A template's text, and the words of its actions.

use super::TemplateError;

/// A part of a template.
#[derive(Debug)]
pub(super) enum Piece<'t> {
    /// What stands outside of actions, trimmed where a marker says so.
    Text(&'t str),
    /// What stands between `{{` and `}}`.
    Action(Vec<Word>),
}

/// A word of an action.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    /// Where it begins, in characters from 1.
    pub(super) column: usize,
    /// A space stands before it; a field that follows without one belongs to the word before.
    pub(super) apart: bool,
    pub(super) token: Token,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `.Name`
    Field(String),
    /// `.`
    Dot,
    /// `$`, `$name`
    Variable(String),
    /// A function or the name of an action.
    Name(String),
    Text(String),
    Int(i64),
    /// `|`
    Pipe,
    /// `(`, `)`
    Open,
    Close,
    /// `:=`, `=`, `,`
    Declare,
    Assign,
    Comma,
}

/// Cuts a template into its parts.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut trims = false;
    loop {
        let Some((before, after)) = rest.split_once("{{") else {
            pieces.push(Piece::Text(if trims { rest.trim_start() } else { rest }));
            return Ok(pieces);
        };
        let start = text.len() - after.len();
        let (body, trims_before) = match after.strip_prefix('-').filter(|body| begins_with_space(body)) {
            Some(body) => (body, true),
            None => (after, false),
        };
        let before = if trims { before.trim_start() } else { before };
        pieces.push(Piece::Text(if trims_before { before.trim_end() } else { before }));
        let offset = text.len() - body.len();
        let (length, words) = match body.trim_start().strip_prefix("/*") {
            Some(comment) => {
                let end = comment.find("*/").ok_or_else(|| fault(text, start, "a comment is not closed"))?;
                (body.len() - comment.len() + end + 2, None)
            }
            None => {
                let mut lexer = Lexer { text, at: offset };
                let words = lexer.words()?;
                (lexer.at - offset, Some(words))
            }
        };
        let tail = body.get(length..).unwrap_or_default();
        let closed = tail.trim_start();
        let closing = closed.strip_prefix("-}}").filter(|_| closed.len() < tail.len());
        trims = closing.is_some();
        rest = closing
            .or_else(|| closed.strip_prefix("}}"))
            .ok_or_else(|| fault(text, start, "an action is not closed by }}"))?;
        pieces.extend(words.map(Piece::Action));
    }
}

fn begins_with_space(text: &str) -> bool {
    text.starts_with(char::is_whitespace)
}

/// A fault at an offset in octets.
fn fault(text: &str, at: usize, message: impl Into<String>) -> TemplateError {
    TemplateError { column: column(text, at), message: message.into() }
}

fn column(text: &str, at: usize) -> usize {
    text.get(..at).map_or(0, |before| before.chars().count()) + 1
}

/// The words of one action.
struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl Lexer<'_> {
    /// All words up to where the action ends.
    fn words(&mut self) -> Result<Vec<Word>, TemplateError> {
        let mut words = Vec::new();
        loop {
            let rest = self.rest();
            let spaced = rest.trim_start();
            let apart = spaced.len() < rest.len();
            if spaced.is_empty() || spaced.starts_with("}}") || (apart && spaced.starts_with("-}}")) {
                return Ok(words);
            }
            self.at += rest.len() - spaced.len();
            let column = column(self.text, self.at);
            let token = self.token()?;
            words.push(Word { column, apart, token });
        }
    }

    fn token(&mut self) -> Result<Token, TemplateError> {
        let rest = self.rest();
        let mut chars = rest.chars();
        let (first, second) = (chars.next().unwrap_or_default(), chars.next().unwrap_or_default());
        let one = |token| Ok((1, token));
        let (length, token) = match first {
            '|' => one(Token::Pipe),
            '(' => one(Token::Open),
            ')' => one(Token::Close),
            ',' => one(Token::Comma),
            '=' => one(Token::Assign),
            ':' if second == '=' => Ok((2, Token::Declare)),
            '.' => {
                let name = word(rest.get(1..).unwrap_or_default());
                let token = if name.is_empty() { Token::Dot } else { Token::Field(name.into()) };
                Ok((1 + name.len(), token))
            }
            '$' => {
                let name = word(rest.get(1..).unwrap_or_default());
                Ok((1 + name.len(), Token::Variable(name.into())))
            }
            '"' => self.quoted(rest),
            '`' => match rest.get(1..).and_then(|inside| inside.split_once('`')) {
                Some((inside, _)) => Ok((inside.len() + 2, Token::Text(inside.into()))),
                None => Err(self.fault("a text in ` is not closed")),
            },
            '0'..='9' | '+' | '-' => self.number(rest),
            c if c == '_' || c.is_alphabetic() => {
                let name = word(rest);
                Ok((name.len(), Token::Name(name.into())))
            }
            other => Err(self.fault(format!("{other:?} is not understood here"))),
        }?;
        self.at += length;
        Ok(token)
    }

    /// A text in quotes, with the escapes that Go and JSON have in common.
    fn quoted(&self, rest: &str) -> Result<(usize, Token), TemplateError> {
        let mut escaped = false;
        let inside = |c: char| {
            let ends = !escaped && c == '"';
            escaped = !escaped && c == '\\';
            ends
        };
        let end = rest.get(1..).and_then(|inside_of| inside_of.find(inside));
        let end = end.ok_or_else(|| self.fault("a text in \" is not closed"))? + 2;
        let literal = rest.get(..end).unwrap_or_default();
        let text = serde_json::from_str::<String>(literal);
        let text = text.map_err(|_| self.fault(format!("{literal} has an escape that is not understood")))?;
        Ok((end, Token::Text(text)))
    }

    fn number(&self, rest: &str) -> Result<(usize, Token), TemplateError> {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'));
        let literal = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let number = literal.parse().map_err(|_| self.fault(format!("{literal:?} is not a whole number")))?;
        Ok((literal.len(), Token::Int(number)))
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, message: impl Into<String>) -> TemplateError {
        fault(self.text, self.at, message)
    }
}

/// The letters, digits and underscores that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| c != '_' && !c.is_alphanumeric());
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}
