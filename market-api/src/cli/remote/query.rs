//! Paths of the API, with what follows them.

use std::fmt::Display;

use form_urlencoded::Serializer;

/// A path with its parameters.
#[derive(Debug)]
pub(in crate::cli) struct Query {
    path: &'static str,
    parameters: Vec<(String, String)>,
}

impl Query {
    pub(in crate::cli) fn new(path: &'static str) -> Self {
        Self { path, parameters: Vec::new() }
    }

    /// Adds a parameter, if there is a value.
    pub(in crate::cli) fn with(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            self.parameters.push((name.to_owned(), value.to_string()));
        }
        self
    }

    /// Adds a parameter of several values, if there is any.
    pub(in crate::cli) fn all(self, name: &str, values: &[impl Display]) -> Self {
        let values: Vec<_> = values.iter().map(ToString::to_string).collect();
        self.with(name, (!values.is_empty()).then(|| values.join(",")))
    }

    /// The path, as it is asked for.
    pub(in crate::cli) fn path(&self) -> String {
        if self.parameters.is_empty() {
            return self.path.to_owned();
        }
        let parameters = Serializer::new(String::new()).extend_pairs(&self.parameters).finish();
        format!("{}?{parameters}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_not_asked() {
        assert_eq!(Query::new("/orders").with("state", None::<u8>).path(), "/orders");
        let query = Query::new("/search").with("text", Some("环评 a&b")).all("item", &["x", "y"]);
        assert_eq!(query.path(), "/search?text=%E7%8E%AF%E8%AF%84+a%26b&item=x%2Cy");
    }
}
