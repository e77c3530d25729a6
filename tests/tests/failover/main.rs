//! What a stage does about batches that fail, with real plugins that fail, in processes and here.

mod chain;
mod kills;
mod poison;
