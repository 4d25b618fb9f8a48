//! Catalogue, contacts, staged barcodes, external sales, orders, tickets, pending account, reports.
