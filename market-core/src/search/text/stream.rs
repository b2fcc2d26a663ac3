//! How the words of a text are handed to the index, one after the other in the same buffer.

use tantivy::tokenizer::{Token, TokenStream};

/// What gives words.
pub(super) trait Source {
    /// Writes the next word into an empty text, and gives its place.
    fn next(&mut self, word: &mut String) -> Option<usize>;
}

/// The words of a source, for the index.
#[derive(Debug)]
pub(in crate::search) struct Stream<S> {
    source: S,
    token: Token,
}

impl<S> Stream<S> {
    /// The words of a source.
    pub(super) fn of(source: S) -> Self {
        Self { source, token: Token::default() }
    }
}

impl<S: Source> TokenStream for Stream<S> {
    fn advance(&mut self) -> bool {
        self.token.text.clear();
        let Some(place) = self.source.next(&mut self.token.text) else { return false };
        self.token.position = place;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The words that a tokenizer gives, each after its place.
#[cfg(test)]
pub(super) fn texts(mut tokenizer: impl tantivy::tokenizer::Tokenizer, text: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut stream = tokenizer.token_stream(text);
    stream.process(&mut |token| texts.push(format!("{}{}", token.position, token.text)));
    texts
}
