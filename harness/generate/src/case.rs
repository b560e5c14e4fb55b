//! A case: the files of a service, its twin and its scenario.

use std::collections::BTreeMap;
use std::fmt;

use bloathound_scenario::Draw;
use minijinja::value::Value;

use crate::context::{self, Context, of_plan, takes_item};
use crate::data::{CaseClass, Data, Item, Shape, ShapeFile};
use crate::error::GenerateError;
use crate::python;
use crate::templates::Templates;

/// Which case: its name says as much, so a name is enough to make it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseId {
    /// What kind of bug it has.
    pub class: CaseClass,
    /// The seed that draws it.
    pub seed: u64,
    /// From 0 on.
    pub number: u32,
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gen-{}-{}-{:03}", self.class.as_str(), self.seed, self.number)
    }
}

impl CaseId {
    /// The case of this name; `None` where it is no generated one's.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix("gen-")?.split('-');
        let class = CaseClass::ALL.into_iter().find(|class| Some(class.as_str()) == parts.clone().next())?;
        let id = Self { class, seed: parts.nth(1)?.parse().ok()?, number: parts.next()?.parse().ok()? };
        (id.to_string() == name).then_some(id)
    }
}

/// One file of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFile {
    /// Relative to the folder that the case is written to, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// A service of its own with its scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The scenario's name.
    pub name: String,
    /// What kind of bug it has.
    pub class: CaseClass,
    /// The shape of it.
    pub shape: String,
    /// The scenario `NAME.yaml`, and below `NAME/` its service, whose twin's module is below `NAME/fix/`.
    pub files: Vec<CaseFile>,
}

/// Makes cases.
#[derive(Debug)]
pub struct Generator {
    data: Data,
    templates: Templates,
}

/// The texts of one case in the making.
struct Making<'g> {
    generator: &'g Generator,
    class: CaseClass,
    file: &'g ShapeFile,
    shape: &'g Shape,
    context: Context,
}

impl Generator {
    /// Reads the data that is built in.
    ///
    /// # Errors
    /// A mistake in it.
    pub fn new() -> Result<Self, GenerateError> {
        Ok(Self { data: Data::read()?, templates: Templates::new()? })
    }

    /// One case. Cases in a row take all shapes of the class in turn, in an order
    /// that the seed decides; how many are made changes none of them.
    ///
    /// # Errors
    /// A mistake in the data.
    pub fn case(&self, id: CaseId) -> Result<Case, GenerateError> {
        let CaseId { class, seed, number } = id;
        let no_shape = || GenerateError::Data {
            file: format!("shapes/{}.yaml", class.as_str()),
            message: "no shape in it".to_owned(),
        };
        let file = self.data.shapes.get(&class).ok_or_else(no_shape)?;
        let mut order: Vec<&Shape> = file.shapes.iter().collect();
        Draw::new(seed, &format!("shapes of {}", class.as_str())).shuffle(&mut order);
        let shape = *order.get(number as usize % order.len().max(1)).ok_or_else(no_shape)?;
        let mut draw = Draw::new(seed, &format!("{} {number}", class.as_str()));
        let (mut context, besides) = context::draw(&self.data, file, shape, &mut draw);
        let name = CaseId { class, seed, number }.to_string();
        for (key, value) in [
            ("case", name.clone()),
            ("folder", name.clone()),
            ("service", name.clone()),
            ("class", class.as_str().to_owned()),
            ("shape", shape.name.clone()),
        ] {
            context.insert(key.to_owned(), value.into());
        }
        context.insert("seed".to_owned(), seed.into());
        context.insert("number".to_owned(), number.into());
        let making = Making { generator: self, class, file, shape, context };
        making.files(&name, &besides, &mut draw)
    }

    /// Names of the shapes of a class.
    pub fn shapes(&self, class: CaseClass) -> impl Iterator<Item = &str> {
        self.data.shapes.get(&class).into_iter().flat_map(|file| &file.shapes).map(|shape| shape.name.as_str())
    }
}

impl Making<'_> {
    fn fill(&self, part: &'static str, template: &str) -> Result<String, GenerateError> {
        self.fill_with(part, template, &Value::from(self.context.clone()))
    }

    fn fill_with(&self, part: &'static str, template: &str, context: &Value) -> Result<String, GenerateError> {
        self.generator.templates.fill(template, context).map_err(|message| GenerateError::Template {
            class: self.class.as_str(),
            shape: self.shape.name.clone(),
            part,
            message,
        })
    }

    fn is(&self, flag: &str) -> bool {
        self.context.get(flag).is_some_and(Value::is_true)
    }

    fn text(&self, name: &str) -> String {
        self.context.get(name).map(ToString::to_string).unwrap_or_default()
    }

    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.context.insert(name.to_owned(), value.into());
    }

    fn files(mut self, name: &str, besides: &[Context], draw: &mut Draw) -> Result<Case, GenerateError> {
        let mut files = Vec::new();
        let mut write = |path: String, text: String| files.push(CaseFile { path: format!("{name}/{path}"), text });
        self.place_modules();
        self.compute()?;
        let item = self.item(draw)?;
        let apart = item.is_some() && self.is("item_apart");
        if let (Some(item), true) = (&item, apart) {
            let (text, _) = python::module("What is made here.", &[&self.filler(draw)?, item]);
            write(format!("{}.py", self.text("helper_module")), text);
        }
        let before = self.filler(draw)?;
        let defined = match &item {
            Some(_) if apart => format!("from {} import {}\n", self.text("helper_module"), self.text("make")),
            Some(item) => item.clone(),
            None => String::new(),
        };
        let docstring = self.fill("title", "All about {{noun}}s.")?;
        let holder = self.text("holder_file");
        for fixed in [false, true] {
            self.put("fixed", fixed);
            for (name, template) in [("before", &self.shape.plan.before), ("body", &self.shape.plan.body)] {
                let text = self.plan_text("module", template.as_ref())?;
                self.put(name, text);
            }
            let body = self.plan_text("module", of_plan!(self.shape, self.file, module))?;
            let (text, marks) = python::module(&docstring, &[&before, &defined, &body]);
            // A hard negative has nothing to fix.
            let has_twin = self.class != CaseClass::Negative;
            match (fixed, has_twin) {
                (false, _) => {
                    self.put("line", Value::from(marks));
                    write(holder.clone(), text);
                }
                (true, true) => write(format!("fix/{holder}"), text),
                (true, false) => {}
            }
        }
        if self.is("in_package") {
            write(format!("{}/__init__.py", self.text("package")), String::new());
            if self.class != CaseClass::Negative {
                write(format!("fix/{}/__init__.py", self.text("package")), String::new());
            }
        }
        for beside in besides {
            let at = beside.get("at").and_then(|at| usize::try_from(at.clone()).ok()).unwrap_or(0);
            if let Some(data) = self.generator.data.besides.get(at) {
                let context = Value::from(Context::from([("b".to_owned(), Value::from(beside.clone()))]));
                let body = self.fill_with("beside", &data.module, &context)?;
                let (text, _) = python::module(&format!("Beside all else: {}.", data.name), &[&body]);
                let module = beside.get("module").map(ToString::to_string).unwrap_or_default();
                write(format!("{module}.py"), text);
            }
        }
        self.put("beside", besides.iter().cloned().map(Value::from).collect::<Vec<_>>());
        let title = self.plan_text("title", of_plan!(self.shape, self.file, title))?;
        self.put("title", title);
        write("service.py".to_owned(), self.service(besides, draw)?);
        let scenario = self.scenario()?;
        files.push(CaseFile { path: format!("{name}.yaml"), text: scenario });
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Case { name: name.to_owned(), class: self.class, shape: self.shape.name.clone(), files })
    }

    /// Where the holder's module is, and how it is imported.
    fn place_modules(&mut self) {
        let (module, package) = (self.text("holder_module"), self.text("package"));
        let (file, qualified, import) = if self.is("in_package") {
            (format!("{package}/{module}.py"), format!("{package}.{module}"), format!("from {package} import {module}"))
        } else {
            (format!("{module}.py"), module.clone(), format!("import {module}"))
        };
        self.put("holder", module);
        self.put("holder_file", file);
        self.put("holder_import", import);
        self.put("module", qualified);
    }

    /// What the shape computes of what was drawn: a number where it reads as one.
    fn compute(&mut self) -> Result<(), GenerateError> {
        for (name, template) in self.file.plan.sets.iter().chain(&self.shape.plan.sets) {
            let text = self.fill("sets", template)?;
            match text.parse::<u64>() {
                Ok(number) => self.put(name, number),
                Err(_) => self.put(name, text),
            }
        }
        Ok(())
    }

    /// What is made at each request, where the shape keeps things of any kind.
    fn item(&mut self, draw: &mut Draw) -> Result<Option<String>, GenerateError> {
        let data = &self.generator.data;
        let fitting: Vec<&Item> =
            data.items.iter().filter(|item| takes_item((&self.shape.plan, &self.file.plan), &item.name)).collect();
        let Some(item) = draw.one_of(&fitting).copied() else { return Ok(None) };
        let module = if self.is("item_apart") { self.text("helper_module") } else { self.text("module") };
        let facts = [
            ("module", Value::from(module)),
            ("Class", self.context.get("Thing").cloned().unwrap_or_default()),
            ("noun", self.context.get("noun").cloned().unwrap_or_default()),
            ("repeats", self.context.get("repeats").cloned().unwrap_or_default()),
        ];
        self.put("item", Value::from(BTreeMap::from(facts)));
        let type_name = self.fill("item", &item.type_name)?;
        self.put("item_type", type_name);
        self.fill("item", &item.define).map(Some)
    }

    /// Some honest code, so that what follows begins at another line in every case.
    fn filler(&self, draw: &mut Draw) -> Result<String, GenerateError> {
        let data = &self.generator.data;
        let mut pieces = Vec::new();
        for _ in 0..draw.between(0, 4) {
            if let Some(piece) = draw.one_of(&data.fillers) {
                let words = Value::from(context::filler_words(data, draw));
                pieces.push(self.fill_with("filler", piece, &words)?);
            }
        }
        Ok(pieces.join("\n\n"))
    }

    fn service(&mut self, besides: &[Context], draw: &mut Draw) -> Result<String, GenerateError> {
        let mut imports: Vec<String> =
            besides.iter().filter_map(|beside| beside.get("module")).map(|module| format!("import {module}")).collect();
        imports.push(self.text("holder_import"));
        imports.sort();
        self.put("imports", imports.join("\n"));
        let filler = self.filler(draw)?;
        let filler = if filler.is_empty() { filler } else { format!("\n{filler}\n") };
        self.put("filler_service", filler);
        self.fill("service", include_str!("../data/service.py"))
    }

    fn scenario(&mut self) -> Result<String, GenerateError> {
        let texts = [
            ("names", of_plan!(self.shape, self.file, names)),
            ("expect", of_plan!(self.shape, self.file, expect)),
            ("ledger_buggy", of_plan!(self.shape, self.file, ledger_buggy)),
            ("ledger_fixed", of_plan!(self.shape, self.file, ledger_fixed)),
        ];
        for (name, template) in texts {
            let text = self.plan_text("scenario", template)?;
            // A template of several lines leaves the lines of its tags empty.
            let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            self.put(name, lines.join("\n"));
        }
        self.fill("scenario", include_str!("../data/scenario.yaml"))
    }

    fn plan_text(&self, part: &'static str, template: Option<&String>) -> Result<String, GenerateError> {
        template.map_or_else(|| Ok(String::new()), |template| self.fill(part, template))
    }
}
