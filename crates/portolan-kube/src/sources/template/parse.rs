//! From words to what is run.

use super::functions::{self, Function};
use super::lex::{Piece, Token, Word, pieces};
use super::{Definitions, NESTING_MAX, TemplateError, Value};

/// A part of a template that is run.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Printed as it stands.
    Text(String),
    /// Printed, unless it only sets a variable.
    Print(Pipe),
    If(Vec<Branch>, Vec<Node>),
    With(Vec<Branch>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
    /// Another template, by its name, on what the pipe gives.
    Template {
        column: usize,
        name: String,
        pipe: Option<Pipe>,
    },
    Break,
    Continue,
}

/// One of the branches between `if` and `end`: `else if` has one of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) then: Vec<Node>,
}

/// Commands, each of which gets what the one before gave as its last argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pipe {
    /// Where it begins.
    pub(super) column: usize,
    /// The variables that it sets: one, or for a `range` key and value.
    pub(super) sets: Vec<String>,
    /// True for `:=`, false for `=`.
    pub(super) declares: bool,
    pub(super) commands: Vec<Command>,
}

/// A value, or a function with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    Value(Operand),
    Call { column: usize, function: &'static Function, arguments: Vec<Operand> },
}

/// A value with the fields that are taken of it, each with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operand {
    pub(super) column: usize,
    pub(super) of: Of,
    pub(super) fields: Vec<(usize, String)>,
}

/// What a value is taken of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Of {
    Dot,
    Variable(String),
    Literal(Value),
    Pipe(Box<Pipe>),
}

/// Reads a template, and those that it defines.
pub(super) fn parse(text: &str) -> Result<(Vec<Node>, Definitions), TemplateError> {
    let mut pieces = pieces(text)?.into_iter();
    let mut parser = Parser {
        pieces: &mut pieces,
        variables: vec!["".into()],
        depth: 0,
        loops: 0,
        definitions: Definitions::new(),
        calls: Vec::new(),
    };
    let (nodes, end) = parser.nodes()?;
    if let Some(end) = end {
        return Err(fault(end.column, format!("{:?} without an action that it ends", end.name)));
    }
    let Parser { definitions, calls, .. } = parser;
    match calls.into_iter().find(|(_, name)| !definitions.contains_key(name)) {
        None => Ok((nodes, definitions)),
        Some((column, name)) => Err(fault(column, format!("no template {name:?} is defined"))),
    }
}

/// `end` or `else`: where a run of nodes ends.
struct End {
    column: usize,
    name: &'static str,
    /// What stands after `else`.
    rest: Vec<Word>,
}

struct Parser<'p, 't> {
    pieces: &'p mut dyn Iterator<Item = Piece<'t>>,
    /// The variables that are in scope; `$` itself has the empty name.
    variables: Vec<String>,
    depth: usize,
    loops: usize,
    definitions: Definitions,
    /// The templates that are called, each with its place.
    calls: Vec<(usize, String)>,
}

impl Parser<'_, '_> {
    fn nodes(&mut self) -> Result<(Vec<Node>, Option<End>), TemplateError> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            match piece {
                Piece::Text("") => {}
                Piece::Text(text) => nodes.push(Node::Text(text.into())),
                Piece::Action(words) if is_named(&words, "define") => self.define(&words)?,
                Piece::Action(words) => match self.action(&words)? {
                    Ok(node) => nodes.push(node),
                    Err(end) => return Ok((nodes, Some(end))),
                },
            }
        }
        Ok((nodes, None))
    }

    fn action(&mut self, words: &[Word]) -> Result<Result<Node, End>, TemplateError> {
        let Some(first) = words.first() else { return Err(fault(1, "an action is empty")) };
        let column = first.column;
        let name = match &first.token {
            Token::Name(name) => name.as_str(),
            _ => "",
        };
        let rest = words.get(1..).unwrap_or_default();
        let alone = |node: Node| match rest.first() {
            None => Ok(node),
            Some(word) => Err(fault(word.column, format!("{name} stands alone"))),
        };
        Ok(Ok(match name {
            "if" | "with" | "range" => self.block(name, column, rest)?,
            "end" if rest.is_empty() => return Ok(Err(End { column, name: "end", rest: Vec::new() })),
            "else" => return Ok(Err(End { column, name: "else", rest: rest.to_vec() })),
            "break" | "continue" if self.loops == 0 => {
                return Err(fault(column, format!("{name} stands in no range")));
            }
            "break" => alone(Node::Break)?,
            "continue" => alone(Node::Continue)?,
            "template" => self.call(column, rest)?,
            "block" => {
                let call = self.call(column, rest)?;
                self.definition(column, rest)?;
                call
            }
            _ => Node::Print(self.pipe(words, 1)?),
        }))
    }

    /// `template "name" pipe`.
    fn call(&mut self, column: usize, words: &[Word]) -> Result<Node, TemplateError> {
        let name = template_name(column, words)?;
        self.calls.push((column, name.clone()));
        let rest = words.get(1..).unwrap_or_default();
        let pipe = if rest.is_empty() { None } else { Some(self.pipe(rest, 1)?) };
        Ok(Node::Template { column, name, pipe })
    }

    /// `define "name"` up to its `end`.
    fn define(&mut self, words: &[Word]) -> Result<(), TemplateError> {
        let column = words.first().map_or(1, |word| word.column);
        if self.depth > 0 {
            return Err(fault(column, "define stands in no other action"));
        }
        match words.get(2) {
            None => self.definition(column, words.get(1..).unwrap_or_default()),
            Some(word) => Err(fault(word.column, "define takes a name alone")),
        }
    }

    /// What a name stands for, up to its `end`: a template by itself, with no variables but `$`.
    fn definition(&mut self, column: usize, words: &[Word]) -> Result<(), TemplateError> {
        let name = template_name(column, words)?;
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(fault(column, format!("actions are nested more than {NESTING_MAX} deep")));
        }
        let variables = std::mem::replace(&mut self.variables, vec!["".into()]);
        let loops = std::mem::take(&mut self.loops);
        let (nodes, end) = self.nodes()?;
        (self.variables, self.loops) = (variables, loops);
        self.depth -= 1;
        match end {
            Some(End { name: "end", .. }) => {}
            Some(end) => return Err(fault(end.column, "else stands in no if, with or range")),
            None => return Err(fault(column, format!("template {name:?} has no end"))),
        }
        if self.definitions.contains_key(&name) {
            return Err(fault(column, format!("template {name:?} is defined twice")));
        }
        self.definitions.insert(name, nodes);
        Ok(())
    }

    /// `if`, `with` or `range` up to its `end`. A chain of `else if` is one block, however long it is.
    fn block(&mut self, name: &str, column: usize, words: &[Word]) -> Result<Node, TemplateError> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(fault(column, format!("actions are nested more than {NESTING_MAX} deep")));
        }
        let scope = self.variables.len();
        let (first, mut end) = self.branch(name, column, words)?;
        let mut branches = vec![first];
        let otherwise = loop {
            let Some(found) = end else { return Err(fault(column, format!("{name} has no end"))) };
            if found.name == "end" {
                break Vec::new();
            }
            let Some(word) = found.rest.first() else { break self.otherwise(name, column)? };
            let is_next = name != "range" && matches!(&word.token, Token::Name(again) if again == name);
            if !is_next {
                let message = format!("else stands alone, or before {name} once more");
                return Err(fault(found.column, message));
            }
            let words = found.rest.get(1..).unwrap_or_default();
            let (next, after) = self.branch(name, found.column, words)?;
            branches.push(next);
            end = after;
        };
        self.variables.truncate(scope);
        self.depth -= 1;
        Ok(match name {
            "if" => Node::If(branches, otherwise),
            "with" => Node::With(branches, otherwise),
            _ => {
                let Branch { pipe, then } = branches.swap_remove(0);
                Node::Range(pipe, then, otherwise)
            }
        })
    }

    /// A pipe, and what is run when it is true, up to `else` or `end`.
    fn branch(
        &mut self,
        name: &str,
        column: usize,
        words: &[Word],
    ) -> Result<(Branch, Option<End>), TemplateError> {
        if words.is_empty() {
            return Err(fault(column, format!("{name} of what?")));
        }
        let pipe = self.pipe(words, if name == "range" { 2 } else { 1 })?;
        self.loops += usize::from(name == "range");
        let (then, end) = self.nodes()?;
        self.loops -= usize::from(name == "range");
        Ok((Branch { pipe, then }, end))
    }

    /// What stands between the last `else` and `end`.
    fn otherwise(&mut self, name: &str, column: usize) -> Result<Vec<Node>, TemplateError> {
        match self.nodes()? {
            (nodes, Some(End { name: "end", .. })) => Ok(nodes),
            (_, Some(other)) => Err(fault(other.column, "a second else")),
            (_, None) => Err(fault(column, format!("{name} has no end"))),
        }
    }

    /// A whole action that is a pipe; it may set as many variables.
    fn pipe(&mut self, words: &[Word], sets_max: usize) -> Result<Pipe, TemplateError> {
        let mut words = Words { words, at: 0 };
        let pipe = self.pipe_of(&mut words, sets_max)?;
        match words.peek() {
            None => Ok(pipe),
            Some(word) => Err(fault(word.column, "a ) too many, or something that does not belong here")),
        }
    }

    fn pipe_of(&mut self, words: &mut Words<'_>, sets_max: usize) -> Result<Pipe, TemplateError> {
        let column = words.peek().map_or(1, |word| word.column);
        let (sets, declares) = self.sets(words, sets_max)?;
        let mut commands = vec![self.command(words, false)?];
        while words.take(&Token::Pipe) {
            commands.push(self.command(words, true)?);
        }
        if declares {
            self.variables.extend(sets.iter().cloned());
        }
        Ok(Pipe { column, sets, declares, commands })
    }

    /// `$x :=`, `$x =`, `$key, $value :=`.
    fn sets(&self, words: &mut Words<'_>, max: usize) -> Result<(Vec<String>, bool), TemplateError> {
        let mut ahead = Words { words: words.words, at: words.at };
        let mut names = Vec::new();
        while let Some(Word { token: Token::Variable(name), .. }) = ahead.next() {
            names.push(name.clone());
            let next = ahead.next().map(|word| (word.column, &word.token));
            let declares = match next {
                Some((_, Token::Comma)) => continue,
                Some((_, Token::Declare)) => true,
                Some((_, Token::Assign)) => false,
                _ => return Ok((Vec::new(), false)),
            };
            let column = words.peek().map_or(1, |word| word.column);
            if names.len() > max {
                return Err(fault(column, "too many variables are set here"));
            }
            if let Some(unknown) = names.iter().find(|name| !declares && !self.variables.contains(name)) {
                return Err(fault(column, format!("variable ${unknown} is not declared")));
            }
            words.at = ahead.at;
            return Ok((names, declares));
        }
        Ok((Vec::new(), false))
    }

    fn command(&mut self, words: &mut Words<'_>, is_piped: bool) -> Result<Command, TemplateError> {
        let Some(first) = words.peek() else { return Err(fault(words.end(), "a value is wanted")) };
        let column = first.column;
        let Token::Name(name) = &first.token else {
            let operand = self.operand(words)?;
            return match words.peek().filter(|word| !matches!(word.token, Token::Pipe | Token::Close)) {
                None if is_piped => Err(fault(column, "only a function can follow a |")),
                None => Ok(Command::Value(operand)),
                Some(word) => Err(fault(word.column, "a value takes no arguments; only a function does")),
            };
        };
        if let Some(value) = literal(name) {
            words.next();
            return Ok(Command::Value(Operand { column, of: Of::Literal(value), fields: Vec::new() }));
        }
        let function = functions::named(name).map_err(|message| fault(column, message))?;
        words.next();
        let mut arguments = Vec::new();
        while words.peek().is_some_and(|word| !matches!(word.token, Token::Pipe | Token::Close)) {
            arguments.push(self.operand(words)?);
        }
        function.check(arguments.len() + usize::from(is_piped)).map_err(|message| fault(column, message))?;
        Ok(Command::Call { column, function, arguments })
    }

    fn operand(&mut self, words: &mut Words<'_>) -> Result<Operand, TemplateError> {
        let Some(word) = words.next() else { return Err(fault(words.end(), "a value is wanted")) };
        let column = word.column;
        let mut fields = Vec::new();
        let of = match &word.token {
            Token::Dot => Of::Dot,
            Token::Field(name) => {
                fields.push((column, name.clone()));
                Of::Dot
            }
            Token::Variable(name) if self.variables.contains(name) => Of::Variable(name.clone()),
            Token::Variable(name) => return Err(fault(column, format!("variable ${name} is not declared"))),
            Token::Text(text) => Of::Literal(Value::Text(text.as_str().into())),
            Token::Int(number) => Of::Literal(Value::Int(*number)),
            Token::Name(name) => match literal(name) {
                Some(value) => Of::Literal(value),
                None => {
                    // A function as an argument takes none itself.
                    let function = functions::named(name).map_err(|message| fault(column, message))?;
                    function.check(0).map_err(|message| fault(column, message))?;
                    let command = Command::Call { column, function, arguments: Vec::new() };
                    Of::Pipe(Box::new(Pipe {
                        column,
                        sets: Vec::new(),
                        declares: false,
                        commands: vec![command],
                    }))
                }
            },
            Token::Open => Of::Pipe(Box::new(self.parenthesis(words, column)?)),
            _ => return Err(fault(column, "a value is wanted")),
        };
        while let Some(Word { column, apart: false, token: Token::Field(name) }) = words.peek() {
            fields.push((*column, name.clone()));
            words.next();
        }
        Ok(Operand { column, of, fields })
    }

    fn parenthesis(&mut self, words: &mut Words<'_>, column: usize) -> Result<Pipe, TemplateError> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(fault(column, format!("parentheses are nested more than {NESTING_MAX} deep")));
        }
        let pipe = self.pipe_of(words, 0)?;
        self.depth -= 1;
        if words.take(&Token::Close) { Ok(pipe) } else { Err(fault(column, "( is not closed")) }
    }
}

/// True of an action that begins with this name.
fn is_named(words: &[Word], name: &str) -> bool {
    words.first().is_some_and(|word| matches!(&word.token, Token::Name(first) if first == name))
}

/// The name of a template, which stands in quotes.
fn template_name(column: usize, words: &[Word]) -> Result<String, TemplateError> {
    match words.first().map(|word| &word.token) {
        Some(Token::Text(name)) => Ok(name.clone()),
        _ => Err(fault(column, "the name of a template is wanted, in quotes")),
    }
}

fn literal(name: &str) -> Option<Value> {
    match name {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "nil" => Some(Value::Nothing),
        _ => None,
    }
}

pub(super) fn fault(column: usize, message: impl Into<String>) -> TemplateError {
    TemplateError { column, message: message.into() }
}

/// The words of an action, one after the other.
struct Words<'w> {
    words: &'w [Word],
    at: usize,
}

impl<'w> Words<'w> {
    fn peek(&self) -> Option<&'w Word> {
        self.words.get(self.at)
    }

    fn next(&mut self) -> Option<&'w Word> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }

    fn take(&mut self, token: &Token) -> bool {
        let is_it = self.peek().is_some_and(|word| word.token == *token);
        self.at += usize::from(is_it);
        is_it
    }

    /// Where the last word stands, for what is missing behind it.
    fn end(&self) -> usize {
        self.words.last().map_or(1, |word| word.column)
    }
}
