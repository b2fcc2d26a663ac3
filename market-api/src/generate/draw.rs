//! Numbers by lot that stay the same on every platform and in every release.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// One agency's own stream of lots: it depends on the seed and the agency's number alone, so that
/// a larger pack begins with the agencies of a smaller one.
#[derive(Debug)]
pub(crate) struct Draw {
    stream: ChaCha8Rng,
}

impl Draw {
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(number);
        Self { stream }
    }

    /// A number below `bound`, every one equally likely; zero where the bound is zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let whole = u64::MAX - u64::MAX % bound;
        loop {
            let lot = self.stream.next_u64();
            if lot < whole {
                return lot % bound;
            }
        }
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).max(0).unsigned_abs();
        low.saturating_add_unsigned(self.below(span + 1))
    }

    /// True `share` times in a hundred.
    pub(crate) fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// A position in a list of `len`; zero for an empty list.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or_default()
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    /// One of some fixed wordings.
    pub(crate) fn word(&mut self, from: &[&'static str]) -> &'static str {
        from[self.index(from.len())]
    }

    /// One of a list, or nothing when there is none.
    pub(crate) fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.index(from.len()))
    }

    /// One of a list that is not empty, as likely as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, from: &[(u64, T)]) -> T {
        let mut lot = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, value) in from {
            if lot < *weight {
                return *value;
            }
            lot -= weight;
        }
        from[0].1
    }

    /// Up to `count` different members of a list, in the order drawn.
    pub(crate) fn some<T: Copy>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut left = from.to_vec();
        let mut drawn = Vec::with_capacity(count.min(left.len()));
        while drawn.len() < count && !left.is_empty() {
            drawn.push(left.swap_remove(self.index(left.len())));
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_and_number() {
        let lots = |seed, number| {
            let mut draw = Draw::new(seed, number);
            [draw.below(1000), draw.below(1000), draw.below(1000)]
        };
        assert_eq!(lots(1, 0), lots(1, 0));
        assert_ne!(lots(1, 0), lots(1, 1));
        assert_ne!(lots(1, 0), lots(2, 0));
    }

    #[test]
    fn lots_stay_within_their_bounds() {
        let mut draw = Draw::new(7, 7);
        for _ in 0..1000 {
            assert!((-3..=4).contains(&draw.between(-3, 4)));
            assert!(draw.below(3) < 3);
        }
        assert_eq!(draw.below(0), 0);
        assert_eq!(draw.between(5, 5), 5);
        assert_eq!(draw.choose::<u8>(&[]), None);
        assert_eq!(draw.some(&[1, 2, 3], 9).len(), 3);
        assert_eq!(draw.weighted(&[(0, 'a'), (5, 'b')]), 'b');
    }
}
