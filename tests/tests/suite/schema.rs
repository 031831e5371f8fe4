//! The schema that clients are written against.

use serde_json::{Value, json};
use tests::{Backend, TestApp};

#[test]
fn the_committed_schema_is_that_of_the_code() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../api/schema.graphql"));
    let (committed, today) = (committed.unwrap_or_default(), api::schema::sdl());
    let differing = committed.lines().zip(today.lines()).position(|(old, new)| old != new);
    let line = differing.unwrap_or(committed.lines().count().min(today.lines().count())) + 1;
    assert!(
        committed == today,
        "api/schema.graphql differs from the schema of the code at line {line}. If clients can live with the change, \
         refresh it: cargo run -p api -- schema > api/schema.graphql"
    );
}

const DESCRIPTIONS: &str = "{ __schema { types {
    name description
    fields(includeDeprecated: true) { name description args { name description } }
    inputFields { name description }
    enumValues(includeDeprecated: true) { name description }
} } }";

#[tokio::test]
async fn everything_in_the_schema_is_described() {
    let app = TestApp::start(Backend::Sqlite).await;
    let data = app.admin().data(DESCRIPTIONS, json!({})).await;
    let types = data["__schema"]["types"].as_array().expect("types");
    let mut silent = Vec::new();
    let built_in = ["Boolean", "Float", "ID", "Int", "String"];
    for ty in types.iter().filter(|ty| !name(ty).starts_with("__") && !built_in.contains(&name(ty))) {
        collect_silent(ty, name(ty), &mut silent);
    }
    assert!(types.len() > 50, "the walk found types: {}", types.len());
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap_or_default()
}

fn collect_silent(value: &Value, path: &str, silent: &mut Vec<String>) {
    let is_silent = value["description"].as_str().unwrap_or_default().trim().is_empty();
    // The library's own type, which leaves no room for one.
    let is_connection = path.ends_with("Connection") && !path.contains('.');
    if is_silent && !is_connection {
        silent.push(path.to_owned());
    }
    for parts in ["fields", "args", "inputFields", "enumValues"] {
        for part in value[parts].as_array().into_iter().flatten() {
            collect_silent(part, &format!("{path}.{}", name(part)), silent);
        }
    }
}

/// Derived, and therefore never written by a client: the fields of a profile, and the aggregates of an enrolment.
#[tokio::test]
async fn no_input_holds_an_aggregate() {
    let app = TestApp::start(Backend::Sqlite).await;
    let data = app.admin().data(DESCRIPTIONS, json!({})).await;
    let types = data["__schema"]["types"].as_array().expect("types");
    let fields_of = |wanted: &str, parts: &str| -> Vec<String> {
        let of_type = types.iter().filter(|ty| name(ty) == wanted);
        let fields = of_type.flat_map(|ty| ty[parts].as_array().into_iter().flatten());
        fields.map(|field| name(field).to_owned()).collect()
    };
    let mut derived = fields_of("StudentProfile", "fields");
    derived.retain(|field| !["id", "student", "enrollments"].contains(&field.as_str()));
    let of_enrollment = fields_of("Enrollment", "fields");
    derived
        .extend(of_enrollment.into_iter().filter(|it| it.starts_with("total") || it.starts_with("average")));
    assert!(derived.len() >= 13, "{derived:?}");

    let mut inputs = 0;
    for ty in types {
        let mut given: Vec<String> = fields_of(name(ty), "inputFields");
        inputs += usize::from(!given.is_empty());
        if name(ty) == "Mutation" {
            let arguments = ty["fields"].as_array().into_iter().flatten();
            given.extend(
                arguments
                    .flat_map(|it| it["args"].as_array().into_iter().flatten())
                    .map(|it| name(it).to_owned()),
            );
        }
        let held: Vec<&String> = given.iter().filter(|field| derived.contains(field)).collect();
        assert!(held.is_empty(), "{} takes {held:?}", name(ty));
    }
    assert!(inputs > 15, "the walk found inputs: {inputs}");
}

#[tokio::test]
async fn no_description_tells_of_rust_or_of_tables() {
    let sdl = api::schema::sdl();
    for word in
        ["DateTime<", "Option<", "Vec<", "::", "quiz_attempt", "student_profile", "entity", "resolver"]
    {
        assert!(!sdl.contains(word), "the schema says {word:?}");
    }
}

/// What GraphiQL and the generators of client code send first.
#[tokio::test]
async fn the_usual_introspection_is_within_the_limits() {
    let mut of_type = "kind name".to_owned();
    for _ in 0..9 {
        of_type = format!("kind name ofType {{ {of_type} }}");
    }
    let query = format!(
        "query IntrospectionQuery {{ __schema {{
            queryType {{ name kind }} mutationType {{ name kind }} subscriptionType {{ name kind }}
            types {{ ...FullType }}
            directives {{ name description locations args(includeDeprecated: true) {{ ...InputValue }} }}
        }} }}
        fragment FullType on __Type {{
            kind name description
            fields(includeDeprecated: true) {{
                name description args(includeDeprecated: true) {{ ...InputValue }} type {{ ...TypeRef }}
                isDeprecated deprecationReason
            }}
            inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }}
            enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
            possibleTypes {{ ...TypeRef }}
        }}
        fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }}
        fragment TypeRef on __Type {{ {of_type} }}"
    );
    let app = TestApp::start(Backend::Sqlite).await;
    let data = app.admin().data(&query, json!({})).await;
    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
}
