//! A stand-in Otipass with passes, faults and latency.
