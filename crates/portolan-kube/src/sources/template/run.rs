//! Running a template on an object.

use super::functions::Scene;
use super::parse::{Branch, Command, Node, Of, Operand, Pipe};
use super::{
    CALLS_MAX, Definitions, OUTPUT_OCTETS_MAX, STEP_OCTETS, STEPS_MAX, Source, TemplateError, Value,
};

/// Runs nodes on an object, as one that a source found.
pub(super) fn run(
    nodes: &[Node],
    definitions: &Definitions,
    object: &Value,
    source: Source,
) -> Result<String, TemplateError> {
    let variables = vec![(String::new(), object.clone())];
    let scene = Scene { source };
    let mut run = Run { definitions, out: String::new(), variables, scene, steps: 0, calls: 0 };
    run.nodes(nodes, object)?;
    Ok(run.out)
}

struct Run<'t> {
    definitions: &'t Definitions,
    out: String,
    /// Those in scope, the innermost last; the object itself has the empty name.
    variables: Vec<(String, Value)>,
    scene: Scene,
    steps: usize,
    /// How many templates are being run, each called by the one before.
    calls: usize,
}

/// How a run of nodes ended.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    Through,
    Break,
    Continue,
}

impl Run<'_> {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, TemplateError> {
        let scope = self.variables.len();
        let mut flow = Flow::Through;
        for node in nodes {
            flow = self.node(node, dot)?;
            if flow != Flow::Through {
                break;
            }
        }
        self.variables.truncate(scope);
        Ok(flow)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, TemplateError> {
        match node {
            Node::Text(text) => self.print(1, text)?,
            Node::Print(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.sets.is_empty() {
                    self.print(pipe.column, &value.to_string())?;
                }
            }
            Node::If(branches, otherwise) => return self.branches(branches, otherwise, dot, false),
            Node::With(branches, otherwise) => return self.branches(branches, otherwise, dot, true),
            Node::Range(pipe, body, otherwise) => return self.range(pipe, body, otherwise, dot),
            Node::Template { column, name, pipe } => self.template(*column, name, pipe.as_ref(), dot)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Through)
    }

    /// The first branch whose pipe is true; it sees that as its dot when the action is `with`.
    fn branches(
        &mut self,
        branches: &[Branch],
        otherwise: &[Node],
        dot: &Value,
        is_with: bool,
    ) -> Result<Flow, TemplateError> {
        let scope = self.variables.len();
        let mut run = (otherwise, dot.clone());
        for Branch { pipe, then } in branches {
            let value = self.pipe(pipe, dot)?;
            if value.is_true() {
                run = (then.as_slice(), if is_with { value } else { dot.clone() });
                break;
            }
        }
        let (nodes, dot) = run;
        let flow = self.nodes(nodes, &dot)?;
        self.variables.truncate(scope);
        Ok(flow)
    }

    fn range(
        &mut self,
        pipe: &Pipe,
        body: &[Node],
        otherwise: &[Node],
        dot: &Value,
    ) -> Result<Flow, TemplateError> {
        let scope = self.variables.len();
        let over = self.value(pipe, dot)?;
        let items = items(&over).map_err(|message| TemplateError { column: pipe.column, message })?;
        if items.is_empty() {
            return self.nodes(otherwise, dot);
        }
        for (key, item) in items {
            let inner = self.variables.len();
            match pipe.sets.as_slice() {
                [] => {}
                [value] => self.set(value, item.clone(), pipe.declares),
                [first, second, ..] => {
                    self.set(first, key, pipe.declares);
                    self.set(second, item.clone(), pipe.declares);
                }
            }
            let flow = self.nodes(body, &item)?;
            self.variables.truncate(inner);
            if flow == Flow::Break {
                break;
            }
        }
        self.variables.truncate(scope);
        Ok(Flow::Through)
    }

    /// A template that has a name, on what the pipe gives; it sees no variable of its caller's.
    fn template(
        &mut self,
        column: usize,
        name: &str,
        pipe: Option<&Pipe>,
        dot: &Value,
    ) -> Result<(), TemplateError> {
        let given = pipe.map_or(Ok(Value::Nothing), |pipe| self.pipe(pipe, dot))?;
        self.step(column)?;
        self.calls += 1;
        if self.calls > CALLS_MAX {
            let message = format!("templates call each other more than {CALLS_MAX} deep");
            return Err(TemplateError { column, message });
        }
        let callers = std::mem::replace(&mut self.variables, vec![(String::new(), given.clone())]);
        // Whoever read the template knows that there is one of the name.
        self.nodes(self.definitions.get(name).map_or(&[], Vec::as_slice), &given)?;
        self.variables = callers;
        self.calls -= 1;
        Ok(())
    }

    /// What a pipe gives; it sets its variable.
    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, TemplateError> {
        let value = self.value(pipe, dot)?;
        if let [name] = pipe.sets.as_slice() {
            self.set(name, value.clone(), pipe.declares);
        }
        Ok(value)
    }

    fn value(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, TemplateError> {
        self.step(pipe.column)?;
        let mut given: Option<Value> = None;
        for command in &pipe.commands {
            given = Some(match command {
                Command::Value(operand) => self.operand(operand, dot)?,
                Command::Call { column, function, arguments } => {
                    let mut values = Vec::with_capacity(arguments.len() + 1);
                    for argument in arguments {
                        let value = self.operand(argument, dot)?;
                        // `and` and `or` end at the first that decides, as in Go.
                        if function.decides.is_some_and(|decided| value.is_true() == decided) {
                            values = vec![value];
                            given = None;
                            break;
                        }
                        values.push(value);
                    }
                    values.extend(given.take());
                    let called = (function.call)(&values, self.scene);
                    let given = called.map_err(|message| TemplateError { column: *column, message })?;
                    values.push(given.clone());
                    self.take(*column, &values)?;
                    given
                }
            });
        }
        Ok(given.unwrap_or(Value::Nothing))
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, TemplateError> {
        let mut value = match &operand.of {
            Of::Dot => dot.clone(),
            Of::Variable(name) => self.variable(name),
            Of::Literal(value) => value.clone(),
            Of::Pipe(pipe) => self.value(pipe, dot)?,
        };
        for (column, name) in &operand.fields {
            value = value.field(name).map_err(|message| TemplateError { column: *column, message })?;
        }
        Ok(value)
    }

    fn variable(&self, name: &str) -> Value {
        let known = self.variables.iter().rev().find(|(known, _)| known == name);
        known.map_or(Value::Nothing, |(_, value)| value.clone())
    }

    fn set(&mut self, name: &str, value: Value, declares: bool) {
        match self.variables.iter_mut().rev().find(|(known, _)| !declares && known == name) {
            Some((_, known)) => *known = value,
            None => self.variables.push((name.into(), value)),
        }
    }

    fn print(&mut self, column: usize, text: &str) -> Result<(), TemplateError> {
        self.step(column)?;
        if self.out.len() + text.len() > OUTPUT_OCTETS_MAX {
            let message = format!("gives more than {OUTPUT_OCTETS_MAX} octets");
            return Err(TemplateError { column, message });
        }
        self.out.push_str(text);
        Ok(())
    }

    /// Counts what a function took and gave.
    fn take(&mut self, column: usize, values: &[Value]) -> Result<(), TemplateError> {
        let octets = |value: &Value| if let Value::Text(text) = value { text.len() } else { 0 };
        self.steps += values.iter().map(octets).sum::<usize>() / STEP_OCTETS;
        if values.last().map(octets).is_some_and(|given| given > OUTPUT_OCTETS_MAX) {
            let message = format!("gives more than {OUTPUT_OCTETS_MAX} octets");
            return Err(TemplateError { column, message });
        }
        self.step(column)
    }

    fn step(&mut self, column: usize) -> Result<(), TemplateError> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            let message = format!("takes more than {STEPS_MAX} steps");
            return Err(TemplateError { column, message });
        }
        Ok(())
    }
}

/// What a `range` goes through, each with its key; maps by key, and up to a number from 0.
fn items(over: &Value) -> Result<Vec<(Value, Value)>, String> {
    let key = |key: &String| Value::Text(key.as_str().into());
    let number = |i: usize| Value::Int(i64::try_from(i).unwrap_or(i64::MAX));
    match over {
        Value::Nothing => Ok(Vec::new()),
        Value::Int(end) => match usize::try_from(*end).unwrap_or_default() {
            end if end > STEPS_MAX => Err(format!("takes more than {STEPS_MAX} steps")),
            end => Ok((0..end).map(|i| (number(i), number(i))).collect()),
        },
        Value::List(items) => {
            Ok(items.iter().enumerate().map(|(i, item)| (number(i), item.clone())).collect())
        }
        Value::Texts(items) => Ok(items.iter().map(|(k, v)| (key(k), Value::Text(v.clone()))).collect()),
        Value::Map(items) => Ok(items.iter().map(|(k, v)| (key(k), v.clone())).collect()),
        other => Err(format!("a range goes through a list or a map, not through {}", other.kind())),
    }
}
