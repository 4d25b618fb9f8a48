//! The access control service's wire types and client; the STX_File reader and writer.
