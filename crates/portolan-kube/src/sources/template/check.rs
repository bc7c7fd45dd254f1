//! Looking at a template before there is an object.

use super::parse::{Branch, Command, Node, Of, Pipe, fault};
use super::{TemplateError, Value};

/// Looks for fields that none of these objects has. `is_root`: the dot is the object itself.
pub(super) fn check(nodes: &[Node], shapes: &[Value], is_root: bool) -> Result<(), TemplateError> {
    for node in nodes {
        match node {
            Node::Text(_) | Node::Break | Node::Continue | Node::Template { pipe: None, .. } => {}
            Node::Print(pipe) | Node::Template { pipe: Some(pipe), .. } => {
                check_pipe(pipe, shapes, is_root)?;
            }
            Node::If(branches, otherwise) => {
                check_branches(branches, shapes, is_root, is_root)?;
                check(otherwise, shapes, is_root)?;
            }
            Node::With(branches, otherwise) => {
                check_branches(branches, shapes, is_root, false)?;
                check(otherwise, shapes, is_root)?;
            }
            Node::Range(pipe, body, otherwise) => {
                check_pipe(pipe, shapes, is_root)?;
                check(body, shapes, false)?;
                check(otherwise, shapes, is_root)?;
            }
        }
    }
    Ok(())
}

/// `is_root_inside`: the same of what is run when a branch is taken.
fn check_branches(
    branches: &[Branch],
    shapes: &[Value],
    is_root: bool,
    is_root_inside: bool,
) -> Result<(), TemplateError> {
    for Branch { pipe, then } in branches {
        check_pipe(pipe, shapes, is_root)?;
        check(then, shapes, is_root_inside)?;
    }
    Ok(())
}

fn check_pipe(pipe: &Pipe, shapes: &[Value], is_root: bool) -> Result<(), TemplateError> {
    for command in &pipe.commands {
        let operands = match command {
            Command::Value(operand) => std::slice::from_ref(operand),
            Command::Call { arguments, .. } => arguments,
        };
        for operand in operands {
            match &operand.of {
                Of::Dot if is_root => check_fields(&operand.fields, shapes)?,
                Of::Variable(name) if name.is_empty() => check_fields(&operand.fields, shapes)?,
                Of::Pipe(pipe) => check_pipe(pipe, shapes, is_root)?,
                Of::Dot | Of::Variable(_) | Of::Literal(_) => {}
            }
        }
    }
    Ok(())
}

/// A chain of fields is good when one of the shapes has all of it; else the shape that has most of it tells.
fn check_fields(fields: &[(usize, String)], shapes: &[Value]) -> Result<(), TemplateError> {
    let mut furthest: Option<TemplateError> = None;
    for shape in shapes {
        let mut at = shape.clone();
        let missing = fields.iter().find_map(|(column, name)| match at.field(name) {
            Ok(next) => {
                at = next;
                None
            }
            Err(message) => Some(fault(*column, message)),
        });
        let Some(missing) = missing else { return Ok(()) };
        if furthest.as_ref().is_none_or(|known| known.column < missing.column) {
            furthest = Some(missing);
        }
    }
    furthest.map_or(Ok(()), Err)
}
