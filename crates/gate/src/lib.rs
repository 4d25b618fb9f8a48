//! Sectors, doors, devices, checks, decisions, offline journal, control barcodes, queue to ticketing.
