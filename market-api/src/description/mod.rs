//! What the description of the API says of every operation alike.
//!
//! A handler describes its own parameters, body and answer; here it gets its id, its guards, its
//! rehearsal, what a failure looks like, [`links`] to what can be asked next, and [`examples`].

mod examples;
mod links;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder,
        Type,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    call::{EXCEPTIONS, Guard},
    problem::ProblemView,
};

/// Adds what every operation shares: how to sign in, and what a failure looks like.
pub(crate) fn complete(description: &mut OpenApi) {
    let components = description.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let bearer = bearer.description(Some("A token of POST /api/v1/sessions or of the operator"));
    components.add_security_scheme("token", SecurityScheme::Http(bearer.build()));

    let mut used = Vec::new();
    ProblemView::schemas(&mut used);
    used.push((ProblemView::name().into_owned(), ProblemView::schema()));
    components.schemas.extend(used);
    components.responses.insert("Problem".to_owned(), RefOr::T(problem()));
    for item in description.paths.paths.values_mut() {
        for operation in operations(item) {
            let shared = RefOr::Ref(Ref::from_response_name("Problem"));
            operation.responses.responses.insert("default".to_owned(), shared);
            operation.operation_id = qualified(operation);
            name_answers(operation);
        }
    }
    for item in description.paths.paths.values_mut() {
        let PathItem { put, post, delete, patch, .. } = item;
        for operation in [put, post, delete, patch].into_iter().flatten() {
            describe_guards(operation);
        }
    }
    links::add(description);
    examples::add(description);
}

/// Adds to an operation that changes something how it is rehearsed, and what it goes without.
fn describe_guards(operation: &mut Operation) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let without: Vec<_> = EXCEPTIONS.iter().filter(|one| one.operation == id).collect();
    if without.iter().all(|one| one.without != Guard::Rehearsal) {
        let rehearsal = ParameterBuilder::new()
            .name(Guard::Rehearsal.name())
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(
                "Whether this is a rehearsal: all of it is done, answered with 200 and \
                 `Validate-Only: true`, and taken back. Ids and times in the answer are nobody's.",
            ))
            .schema(Some(ObjectBuilder::new().schema_type(Type::Boolean)));
        operation.parameters.get_or_insert_default().push(rehearsal.build().into());
        describe_rehearsal(operation);
    }
    let reasons =
        without.iter().map(|one| format!("No `{}`: {}.", one.without.name(), one.because));
    let described = operation.description.take().into_iter().chain(reasons);
    let described = described.collect::<Vec<_>>().join("\n\n");
    operation.description = Some(described).filter(|text| !text.is_empty());
}

/// A rehearsal is answered with 200, whatever the request itself is answered with.
fn describe_rehearsal(operation: &mut Operation) {
    let answers = &mut operation.responses.responses;
    let good = answers.iter().find(|(status, _)| status.starts_with('2'));
    let Some((_, RefOr::T(answer))) = good else { return };
    let description = "A rehearsal: it is taken back";
    let mut rehearsed = answer.clone();
    description.clone_into(&mut rehearsed.description);
    answers.entry("200".to_owned()).or_insert(RefOr::T(rehearsed));
}

/// Says what a good answer means, where its handler does not.
fn name_answers(operation: &mut Operation) {
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(answer) = answer
            && answer.description.is_empty()
        {
            let meaning = match status.as_str() {
                "201" => "Made",
                "202" => "Taken on",
                "204" => "Done; there is nothing to tell",
                _ => "As asked",
            };
            meaning.clone_into(&mut answer.description);
        }
    }
}

/// An operation's id: its handler's name after its tag's, for many nouns can be listed.
fn qualified(operation: &Operation) -> Option<String> {
    let tag = operation.tags.as_ref()?.first()?;
    Some(format!("{tag}_{}", operation.operation_id.as_ref()?))
}

fn problem() -> Response {
    let schema = Ref::from_schema_name(ProblemView::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description("What went wrong")
        .content("application/problem+json", content)
        .build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}
