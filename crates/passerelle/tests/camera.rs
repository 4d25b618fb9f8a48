//! The camera's film is what it says.

mod film;
