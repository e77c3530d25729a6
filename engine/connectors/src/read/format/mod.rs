//! What is read: records of text, columns, or rows that are made up.

pub(crate) mod columns;
mod generator;
pub(crate) mod records;

pub(crate) use self::generator::GeneratorSource;
