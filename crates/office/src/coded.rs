//! What things are called in the reader's language.

/// What something is called in a language: `pattern => "in French", "in English";`.
macro_rules! said {
    ($language:expr, $what:expr, { $($known:pat => $fr:literal, $en:literal;)* }) => {
        match $what {
            $($known => {
                kernel::coded!(@whole "" $fr $en);
                match $language {
                    kernel::Language::Fr => $fr,
                    _ => $en,
                }
            })*
        }
    };
}

pub(crate) use said;
