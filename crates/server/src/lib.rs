//! HTTP: device API, access control service, workers, telemetry.
