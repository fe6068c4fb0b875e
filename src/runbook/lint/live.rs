//! Lint against metadata: does every call, storage item, API and argument of a recipe exist on its chain?
//!
//! In: a recipe, the metadata of its chain. Out: mistakes with their places; or, for the list, whether it can be used and why not.

use crate::codec::Runtime;
use crate::domain::call::Node;
use crate::runbook::draft::fixed_calls;
use crate::runbook::recipe::{Fault, Placed, Recipe};
use crate::runbook::template::{CallTemplate, Template, dotted};
use std::ops::Range;

/// What of a recipe the runtime lacks: calls with their arguments; and storage items, APIs and constants that it reads of its
/// own chain.
#[must_use]
pub fn lint_live(recipe: &Recipe, runtime: &Runtime) -> Vec<Fault> {
    let mut faults = Vec::new();
    for step in recipe.steps.iter().filter(|s| s.chain.is_none()) {
        if let Some(path) = step.call.as_ref().filter(|p| !p.get_ref().contains('{')) {
            let args: Vec<(&str, Range<usize>)> =
                step.args.keys().map(|name| (name.get_ref().as_str(), name.span())).collect();
            call(recipe, runtime, (path.get_ref(), path.span()), &args, &mut faults);
        }
        for raw in step.args.values() {
            if let Ok(template) = Template::parse(raw.get_ref()) {
                inner(recipe, runtime, &template, &raw.span(), &mut faults);
            }
        }
    }
    for read in recipe.reads.iter().filter(|r| r.chain.is_none()) {
        let missing = |item: &Placed, what: &str| {
            recipe.fault(item.span(), &format!("this runtime has no {what} {}", item.get_ref()), "")
        };
        for item in [&read.storage, &read.entries].into_iter().flatten() {
            let keys =
                dotted(item.get_ref()).ok().and_then(|(pallet, name)| runtime.storage_keys(pallet, name));
            match keys {
                None => faults.push(missing(item, "storage item")),
                Some(keys) if read.storage.is_some() && keys != read.keys.len() => {
                    let what = format!("{} has {keys} keys, not {}", item.get_ref(), read.keys.len());
                    faults.push(recipe.fault(item.span(), &what, &format!("{keys} keys")));
                }
                Some(_) => {}
            }
        }
        if let Some(item) = &read.api {
            let args = dotted(item.get_ref()).ok().and_then(|(api, method)| runtime.api_args(api, method));
            match args {
                None => faults.push(recipe.fault(
                    item.span(),
                    &format!("this runtime has no API {}", item.get_ref()),
                    "",
                )),
                Some(args) if args.len() != read.args.len() => {
                    let what =
                        format!("{} takes {} arguments, not {}", item.get_ref(), args.len(), read.args.len());
                    faults.push(recipe.fault(item.span(), &what, &args.join(", ")));
                }
                Some(_) => {}
            }
        }
        if let Some(item) = &read.constant
            && !dotted(item.get_ref()).is_ok_and(|(pallet, name)| runtime.constant_node(pallet, name).is_ok())
        {
            faults.push(missing(item, "constant"));
        }
    }
    faults
}

fn call(
    recipe: &Recipe,
    runtime: &Runtime,
    (path, at): (&str, Range<usize>),
    args: &[(&str, Range<usize>)],
    faults: &mut Vec<Fault>,
) {
    let shape = dotted(path).ok().and_then(|(pallet, name)| runtime.call_shape(pallet, name));
    let Some(shape) = shape else {
        faults.push(recipe.fault(at, &format!("this runtime has no call {path}"), ""));
        return;
    };
    for (name, at) in args.iter().filter(|(name, _)| !shape.args.iter().any(|a| a == name)) {
        let what = format!("{path} has no argument '{name}'");
        faults.push(recipe.fault(at.clone(), &what, &format!("one of {}", shape.args.join(", "))));
    }
    let missing: Vec<&str> = (shape.args.iter().map(String::as_str))
        .filter(|name| !args.iter().any(|(given, _)| given == name))
        .collect();
    if !missing.is_empty() {
        faults.push(recipe.fault(
            at,
            &format!("{path} lacks {}", missing.join(", ")),
            "every argument of the call",
        ));
    }
}

fn inner(
    recipe: &Recipe,
    runtime: &Runtime,
    template: &Template,
    at: &Range<usize>,
    faults: &mut Vec<Fault>,
) {
    match template {
        Template::Call(made) => {
            let CallTemplate { path, args } = made.as_ref();
            if let Template::Plain(Node::Text(path)) = path {
                let args: Vec<(&str, Range<usize>)> =
                    args.iter().map(|(name, _)| (name.as_str(), at.clone())).collect();
                call(recipe, runtime, (path, at.clone()), &args, faults);
            }
            args.iter().for_each(|(_, arg)| inner(recipe, runtime, arg, at, faults));
        }
        Template::List(items) => items.iter().for_each(|item| inner(recipe, runtime, item, at, faults)),
        Template::Fields(fields) => {
            fields.iter().for_each(|(_, item)| inner(recipe, runtime, item, at, faults))
        }
        Template::Encoded(item, None) => inner(recipe, runtime, item, at, faults),
        Template::Key(item, _) | Template::Stored(item, _) => {
            let known = dotted(item).is_ok_and(|(pallet, name)| runtime.storage_keys(pallet, name).is_some());
            if !known {
                faults.push(recipe.fault(
                    at.clone(),
                    &format!("this runtime has no storage item {item}"),
                    "",
                ));
            }
        }
        _ => {}
    }
}

/// Whether a runbook can be used on a chain of this runtime, and why not: every call that it names must exist.
#[must_use]
pub fn availability(recipe: &Recipe, runtime: &Runtime) -> (bool, Option<String>) {
    let lacks = |pallet: &str, name: &str| match name.contains('{') {
        // Which call it is, a parameter says.
        true => !runtime.has_pallet(pallet),
        false => runtime.call_shape(pallet, name).is_none(),
    };
    let gone = fixed_calls(recipe).into_iter().find(|(pallet, name)| lacks(pallet, name));
    match gone {
        None => (true, None),
        Some((pallet, name)) if !runtime.has_pallet(&pallet) => {
            (false, Some(format!("this runtime has no pallet {pallet} (for {pallet}.{name})")))
        }
        Some((pallet, name)) => (false, Some(format!("this runtime has no call {pallet}.{name}"))),
    }
}
