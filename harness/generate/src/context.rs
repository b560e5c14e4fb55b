//! What is drawn for one case: names, numbers, and what else its service does.

use std::collections::BTreeMap;

use bloathound_scenario::{Draw, Traffic};
use minijinja::value::Value;

use crate::data::{Data, Drawn, Plan, Shape, ShapeFile};
use crate::names::Namer;

/// Names and numbers by what templates call them.
pub(crate) type Context = BTreeMap<String, Value>;

/// A shape's word, else that of its file.
macro_rules! of_plan {
    ($shape:expr, $file:expr, $field:ident) => {
        $shape.plan.$field.as_ref().or($file.plan.$field.as_ref())
    };
}
pub(crate) use of_plan;

/// Draws everything that does not depend on what was filled in before.
pub(crate) fn draw(data: &Data, file: &ShapeFile, shape: &Shape, draw: &mut Draw) -> (Context, Vec<Context>) {
    let mut namer = Namer::new(&data.words);
    let mut context = Context::new();
    names(&mut context, &mut namer, draw);
    numbers(&mut context, file, shape, draw);
    layout(&mut context, file, shape, draw);
    let mut more = BTreeMap::new();
    for (name, choices) in file.plan.draws.iter().chain(&shape.plan.draws) {
        more.insert(name.clone(), choice(choices, draw));
    }
    context.insert("draw".into(), Value::from(more));
    let most = of_plan!(shape, file, beside).copied().unwrap_or(3);
    let mut besides: Vec<usize> = (0..data.besides.len()).collect();
    draw.shuffle(&mut besides);
    besides.truncate(usize::try_from(draw.between(0, most)).unwrap_or(0));
    let besides = besides.into_iter().map(|at| beside(at, &mut namer, draw)).collect();
    (context, besides)
}

/// A few words of its own for one piece of honest code.
pub(crate) fn filler_words(data: &Data, draw: &mut Draw) -> Context {
    let mut namer = Namer::new(&data.words);
    let mut word: BTreeMap<&str, Value> = BTreeMap::new();
    word.insert("noun1", namer.noun(draw).into());
    word.insert("noun2", namer.noun(draw).into());
    word.insert("team", namer.team(draw).into());
    for name in ["upper1", "upper2"] {
        word.insert(name, namer.variable(draw).to_uppercase().into());
    }
    for name in ["func1", "func2", "func3"] {
        word.insert(name, namer.function(draw).into());
    }
    word.insert("class1", format!("{}Error", namer.class(draw)).into());
    word.insert("number1", draw.between(2, 60).into());
    word.insert("number2", draw.between(100, 9000).into());
    Context::from([("word".to_owned(), Value::from(word))])
}

fn names(context: &mut Context, namer: &mut Namer<'_>, draw: &mut Draw) {
    let mut put = |name: &str, value: String| drop(context.insert(name.to_owned(), value.into()));
    put("noun", namer.noun(draw));
    put("path", format!("{}s", namer.noun(draw).replace('_', "-")));
    for name in ["holder_module", "helper_module"] {
        put(name, namer.module(draw));
    }
    put("package", namer.package(draw));
    for name in ["Thing", "Other", "Third", "Service"] {
        put(name, namer.class(draw));
    }
    put("Holder", namer.holder(draw));
    for name in ["attr", "attr2"] {
        put(name, namer.store(draw));
    }
    for name in ["handle", "count", "start", "make", "keep", "drop", "wrap", "help", "help2", "help3"] {
        put(name, namer.function(draw));
    }
    for name in ["var", "var2"] {
        put(name, namer.variable(draw));
    }
}

fn numbers(context: &mut Context, file: &ShapeFile, shape: &Shape, draw: &mut Draw) {
    let (warm_up, rounds, requests) = (draw.between(2, 6), draw.between(5, 7), draw.between(4, 9));
    let is_growth = of_plan!(shape, file, look).is_some_and(|look| look == "growth");
    let total = if is_growth { warm_up + rounds * requests } else { requests * 2 };
    let [least, most] = of_plan!(shape, file, rates).copied().unwrap_or([1, 40]);
    let rate = draw.between(least, most);
    let [few, many] = of_plan!(shape, file, concurrency).copied().unwrap_or([1, 3]);
    let numbers = [
        ("warm_up", warm_up),
        ("rounds", rounds),
        ("requests", requests),
        ("total", total),
        ("rate", rate),
        ("kept", rate * total),
        ("concurrency", draw.between(few, many)),
        ("repeats", draw.between(2, 40)),
        ("early", 1 + total / 4),
    ];
    for (name, number) in numbers {
        context.insert(name.to_owned(), number.into());
    }
    let drawn = draw.one_of(&Traffic::ALL).copied().unwrap_or(Traffic::Steady);
    let traffic = of_plan!(shape, file, traffic).and_then(|word| Traffic::from_word(word)).unwrap_or(drawn);
    context.insert("traffic".to_owned(), traffic.as_str().into());
}

fn layout(context: &mut Context, file: &ShapeFile, shape: &Shape, draw: &mut Draw) {
    let flag = |value: Option<&bool>, otherwise| value.copied().unwrap_or(otherwise);
    let look = of_plan!(shape, file, look).cloned().unwrap_or_default();
    let stuck = look == "stuck";
    let in_thread = match of_plan!(shape, file, thread).map(String::as_str) {
        Some("yes") => true,
        Some("either") => draw.between(0, 1) == 1,
        _ => false,
    };
    let coroutine = draw.between(0, 2) == 0 && !stuck;
    let flags = [
        ("handles", flag(of_plan!(shape, file, handles), true)),
        ("facts", flag(of_plan!(shape, file, facts), true)),
        ("starts", flag(of_plan!(shape, file, starts), false)),
        ("exact", flag(of_plan!(shape, file, exact), false)),
        ("under_load", flag(of_plan!(shape, file, under_load), false)),
        ("also_inspect", flag(of_plan!(shape, file, also_inspect), false)),
        ("first", draw.between(0, 1) == 1),
        ("in_package", draw.between(0, 3) == 0),
        ("item_apart", draw.between(0, 2) == 0),
        ("stuck", stuck),
        ("thread", in_thread),
    ];
    for (name, value) in flags {
        context.insert(name.to_owned(), value.into());
    }
    context.insert("layout".to_owned(), if coroutine { "coroutine" } else { "plain" }.into());
    context.insert("look".to_owned(), look.into());
}

fn choice(choices: &[Drawn], draw: &mut Draw) -> Value {
    if let [Drawn::Number(least), Drawn::Number(most)] = choices {
        return draw.between(*least, *most).into();
    }
    match draw.one_of(choices) {
        Some(Drawn::Number(number)) => (*number).into(),
        Some(Drawn::Text(text)) => text.clone().into(),
        None => Value::UNDEFINED,
    }
}

fn beside(at: usize, namer: &mut Namer<'_>, draw: &mut Draw) -> Context {
    Context::from([
        ("at".to_owned(), at.into()),
        ("module".to_owned(), namer.module(draw).into()),
        ("touch".to_owned(), namer.function(draw).into()),
        ("attr".to_owned(), namer.store(draw).into()),
        ("upper".to_owned(), namer.variable(draw).to_uppercase().into()),
        ("Class".to_owned(), namer.class(draw).into()),
        ("noun".to_owned(), namer.noun(draw).into()),
        ("few".to_owned(), draw.between(3, 8).into()),
        ("small".to_owned(), draw.between(20, 60).into()),
        ("big".to_owned(), draw.between(200, 900).into()),
    ])
}

/// Whether this plan's items allow an item of that name.
pub(crate) fn takes_item(plan: (&Plan, &Plan), name: &str) -> bool {
    let allowed = plan.0.items.as_ref().or(plan.1.items.as_ref());
    allowed.is_none_or(|allowed| allowed.iter().any(|one| one == name))
}
