//! Recognise a card, read mapping parameters, ask and tell Otipass.
