/// An error and what led to it, joined by colons.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .fold(Vec::new(), |mut told: Vec<String>, cause| {
            // Transparent errors say the same twice.
            if told.last() != Some(&cause) {
                told.push(cause);
            }
            told
        })
        .join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let inner = std::io::Error::other("the disk is full");
        assert_eq!(causes(&std::io::Error::other(inner)), "the disk is full");
    }
}
