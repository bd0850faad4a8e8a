//! The OpenAPI document as the generators read it: operations, and schemas with their references followed.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

/// The document.
pub(super) struct Document(Value);

/// An operation of the document.
pub(super) struct Operation {
    pub(super) id: String,
    /// `GET` and so on.
    pub(super) method: String,
    /// With its parameters in braces: `/api/v1/travels/{travel_id}`.
    pub(super) path: String,
    described: Value,
}

/// A parameter of an operation.
pub(super) struct Parameter {
    pub(super) name: String,
    /// `path`, `query` or `header`.
    pub(super) place: String,
    pub(super) required: bool,
    pub(super) description: String,
    pub(super) shape: Shape,
    pub(super) example: Value,
}

/// What a schema says, with references, `allOf` and `null` resolved.
#[derive(Clone)]
pub(super) struct Shape {
    /// What the document calls it, if it has a name.
    pub(super) name: Option<String>,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    /// The schema that it was read from, for bounds and examples.
    pub(super) schema: Value,
}

/// The kinds of value that there are.
#[derive(Clone)]
pub(super) enum Kind {
    Object(Vec<Field>),
    List(Box<Shape>),
    /// One of several objects.
    Choice(Vec<Shape>),
    /// Text, a number, a boolean.
    Leaf,
}

/// A field of an object.
#[derive(Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) description: String,
    pub(super) shape: Shape,
    /// Where an object is one of several: the kinds that have the field, if not all have.
    pub(super) only_of: Vec<String>,
}

impl Document {
    /// The document of the handler that this chore was built with.
    pub(super) fn load() -> Result<Self> {
        Ok(Self(serde_json::to_value(handler::app::openapi())?))
    }

    /// The version of the API.
    pub(super) fn version(&self) -> &str {
        text(&self.0["info"]["version"])
    }

    /// Every operation, in the order of the document.
    pub(super) fn operations(&self) -> Result<Vec<Operation>> {
        let mut operations = Vec::new();
        for (path, item) in self.0["paths"].as_object().context("the document has no paths")? {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(described) = item.get(method) {
                    let id = described["operationId"].as_str().context("an operation without an id")?.to_owned();
                    operations.push(Operation {
                        id,
                        method: method.to_uppercase(),
                        path: path.clone(),
                        described: described.clone(),
                    });
                }
            }
        }
        Ok(operations)
    }

    /// What a value is: itself, or what it refers to.
    fn follow<'a>(&'a self, value: &'a Value) -> &'a Value {
        let place = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        place.and_then(|place| self.0.pointer(place)).unwrap_or(value)
    }

    /// The names and schemas of the document.
    pub(super) fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["components"]["schemas"].as_object().into_iter().flatten()
    }

    /// What a schema says.
    pub(super) fn shape(&self, schema: &Value) -> Shape {
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
            let shape = self.shape(&self.0["components"]["schemas"][name]);
            return Shape { name: Some(name.to_owned()), ..shape };
        }
        let mut nullable = schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")));
        // A schema that was written out where it is used is still known by its name.
        let mut name = self.schemas().find(|(_, known)| *known == schema).map(|(name, _)| name.clone());
        let kind = if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            nullable |= choices.iter().any(|choice| choice["type"] == "null");
            let mut choices: Vec<Shape> =
                choices.iter().filter(|choice| choice["type"] != "null").map(|choice| self.shape(choice)).collect();
            if choices.len() == 1 {
                let only = choices.remove(0);
                return Shape { nullable: nullable || only.nullable, ..only };
            }
            Kind::Choice(choices)
        } else if let Some(parts) = schema["allOf"].as_array() {
            let parts: Vec<Shape> = parts.iter().map(|part| self.shape(part)).collect();
            if let [only] = parts.as_slice() {
                name = name.or(only.name.clone());
            }
            Kind::Object(parts.into_iter().flat_map(Shape::into_fields).collect())
        } else if schema["properties"].is_object() {
            Kind::Object(self.fields(schema))
        } else if schema["items"].is_object() {
            Kind::List(Box::new(self.shape(&schema["items"])))
        } else {
            Kind::Leaf
        };
        Shape { name, kind, nullable, schema: schema.clone() }
    }

    fn fields(&self, schema: &Value) -> Vec<Field> {
        let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties
            .map(|(name, property)| {
                let shape = self.shape(property);
                let own = property["oneOf"][0]["description"].as_str().or(property["description"].as_str());
                let description = own.or(shape.schema["description"].as_str()).unwrap_or_default();
                Field {
                    name: name.clone(),
                    required: required(name),
                    description: description.to_owned(),
                    shape,
                    only_of: Vec::new(),
                }
            })
            .collect()
    }
}

impl Operation {
    /// A few words, without a full stop.
    pub(super) fn summary(&self) -> &str {
        text(&self.described["summary"])
    }

    /// Some sentences, or nothing.
    pub(super) fn description(&self) -> &str {
        text(&self.described["description"])
    }

    /// Whether it needs an access token.
    pub(super) fn secured(&self) -> bool {
        self.described["security"].as_array().is_some_and(|schemes| !schemes.is_empty())
    }

    pub(super) fn parameters(&self, document: &Document) -> Vec<Parameter> {
        let all = self.described["parameters"].as_array().into_iter().flatten();
        all.map(|parameter| {
            let parameter = document.follow(parameter);
            let shape = document.shape(&parameter["schema"]);
            let example = given_example(parameter).unwrap_or_else(|| shape.example());
            Parameter {
                name: text(&parameter["name"]).to_owned(),
                place: text(&parameter["in"]).to_owned(),
                required: parameter["required"] == json!(true),
                description: text(&parameter["description"]).to_owned(),
                shape,
                example,
            }
        })
        .collect()
    }

    /// What its body is and an example of one, if it takes one.
    pub(super) fn body(&self, document: &Document) -> Option<(Shape, Value)> {
        content(document, document.follow(&self.described["requestBody"]))
    }

    /// The statuses that it may answer with, and what each means.
    pub(super) fn answers<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = (u16, &'a str)> {
        let all = self.described["responses"].as_object().into_iter().flatten();
        all.filter_map(|(status, answer)| Some((status.parse().ok()?, text(&document.follow(answer)["description"]))))
    }

    /// The answer of this status: its description, and what its body is with an example of one, if it has one.
    pub(super) fn answer<'a>(
        &'a self,
        document: &'a Document,
        status: u16,
    ) -> Result<(&'a str, Option<(Shape, Value)>)> {
        let answer = document.follow(&self.described["responses"][status.to_string()]);
        let described = answer["description"].as_str();
        let described = described.with_context(|| format!("{} has no answer {status}", self.id))?;
        Ok((described, content(document, answer)))
    }

    /// The headers of an answer that belong to the operation: not those that any answer may have.
    pub(super) fn headers<'a>(&'a self, document: &'a Document, status: u16) -> Vec<(&'a str, &'a str)> {
        let answer = document.follow(&self.described["responses"][status.to_string()]);
        let headers = answer["headers"].as_object().into_iter().flatten();
        let own = headers.filter(|(name, _)| ["Location", "ETag", "Last-Modified"].contains(&name.as_str()));
        own.map(|(name, header)| (name.as_str(), text(&document.follow(header)["description"]))).collect()
    }
}

impl Shape {
    /// An example: the schema's own, or one that is put together from those of its parts.
    pub(super) fn example(&self) -> Value {
        if let Some(given) = given_example(&self.schema) {
            return given;
        }
        match &self.kind {
            Kind::Object(fields) => {
                let fields = fields.iter().map(|field| (field.name.clone(), field.shape.example()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            Kind::List(item) => match &item.kind {
                Kind::Choice(choices) => choices.iter().map(Self::example).collect(),
                _ => json!([item.example()]),
            },
            Kind::Choice(choices) => choices.first().map_or(Value::Null, Self::example),
            Kind::Leaf => self.leaf_example(),
        }
    }

    fn leaf_example(&self) -> Value {
        let schema = &self.schema;
        let stated = [&schema["const"], &schema["default"], &schema["enum"][0]];
        if let Some(value) = stated.into_iter().find(|value| !value.is_null()) {
            return value.clone();
        }
        match (self.type_word(), schema["format"].as_str().unwrap_or_default()) {
            ("integer", _) => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
            ("number", _) => json!(1.5),
            ("boolean", _) => json!(false),
            (_, "date-time") => json!("2026-01-31T10:30:00Z"),
            (_, "date") => json!("2026-03-15"),
            (_, "uuid") => json!("0b7c5bd6-3f2e-4a53-9d0c-6f3b1c1f7a42"),
            _ => json!("text"),
        }
    }

    /// The JSON type, `null` left aside.
    pub(super) fn type_word(&self) -> &str {
        match &self.schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).find(|word| *word != "null").unwrap_or("any"),
            Value::String(word) => word,
            _ if self.schema["enum"].is_array() => "string",
            _ => "any",
        }
    }

    /// The fields of an object, and of a choice those of all its objects, each required where it is so in all of them.
    pub(super) fn into_fields(self) -> Vec<Field> {
        match self.kind {
            Kind::Object(fields) => fields,
            Kind::Choice(choices) => merged(&choices.into_iter().map(Self::into_fields).collect::<Vec<_>>()),
            Kind::List(_) | Kind::Leaf => Vec::new(),
        }
    }
}

/// The fields of several kinds of object as those of one.
fn merged(kinds: &[Vec<Field>]) -> Vec<Field> {
    let mut merged: Vec<Field> = Vec::new();
    for field in kinds.iter().flatten() {
        if let Some(known) = merged.iter_mut().find(|known| known.name == field.name) {
            add_values(&mut known.shape.schema, &field.shape.schema);
            continue;
        }
        let having: Vec<&Vec<Field>> =
            kinds.iter().filter(|kind| kind.iter().any(|other| other.name == field.name)).collect();
        let everywhere = having.len() == kinds.len();
        let only_of =
            if everywhere { Vec::new() } else { having.into_iter().filter_map(|kind| kind_name(kind)).collect() };
        merged.push(Field { required: everywhere && field.required, only_of, ..field.clone() });
    }
    merged
}

/// What tells a kind of object from the others: the one value that a field of it can have.
fn kind_name(fields: &[Field]) -> Option<String> {
    fields.iter().find_map(|field| {
        let values = field.shape.schema["enum"].as_array().filter(|values| values.len() == 1);
        let only = values.map_or(&field.shape.schema["const"], |values| &values[0]);
        only.as_str().map(str::to_owned)
    })
}

/// Lets `known` have the values of `other` too, where both list theirs.
fn add_values(known: &mut Value, other: &Value) {
    if let (Some(values), Some(more)) = (known["enum"].as_array().cloned(), other["enum"].as_array()) {
        let more = more.iter().filter(|value| !values.contains(value)).cloned();
        known["enum"] = values.iter().cloned().chain(more).collect();
    }
}

/// What a request or an answer holds: its JSON and an example of it.
fn content(document: &Document, described: &Value) -> Option<(Shape, Value)> {
    let media = &described["content"]["application/json"];
    let shape = document.shape(media.get("schema")?);
    let example = given_example(media).unwrap_or_else(|| shape.example());
    Some((shape, example))
}

/// The example that a schema, a parameter or a media type states: the first one, if there are several.
fn given_example(described: &Value) -> Option<Value> {
    let first = match &described["examples"] {
        Value::Array(examples) => examples.first(),
        Value::Object(examples) => examples.values().next().and_then(|example| example.get("value")),
        _ => None,
    };
    described.get("example").or(first).cloned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
