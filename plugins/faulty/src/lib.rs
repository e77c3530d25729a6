//! A plugin that fails on order, for tests of isolation and supervision: `what` happens, and
//! `when`.
//!
//! Until then, and after what leaves the process alive, every row passes unchanged.

mod act;
mod config;
mod harm;
mod when;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use tanda_plugin::{Binding, Emitter, Flags, Host, Plugin, PluginError, Port, Reads};

pub use crate::config::{Config, What, When};
use crate::harm::Published;
use crate::when::Trigger;

/// One instance of the plugin.
#[derive(Debug)]
pub struct Faulty {
    what: What,
    trigger: Trigger,
    published: Published,
}

impl Plugin for Faulty {
    type Config = Config;
    const NAME: &'static str = "faulty";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const FLAGS: Flags = Flags::STATELESS.union(Flags::CONSERVES).union(Flags::PROJECTS);
    const CONFIG_REFERENCE: &'static str = include_str!("reference.txt");

    fn open(config: Config, host: &Host) -> Result<Self, PluginError> {
        config.check()?;
        if config.happens_at_open() {
            act::without_batch(&config.what, host)?;
        }
        let trigger = Trigger::new(&config.when)?;
        Ok(Self { what: config.what, trigger, published: Published::default() })
    }

    fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError> {
        let columns = self.trigger.bind(input)?;
        let ports = vec![Port::passing("main")];
        Ok(Binding { ports, reads: Reads::Columns(columns), flags: Self::FLAGS })
    }

    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        self.published.change();
        let mut columns: Vec<_> =
            out.passed(0).iter().map(|&index| batch.column(index).clone()).collect();
        if self.trigger.fires(batch)? {
            self.act(&mut columns, out.host())?;
        }
        out.emit(0, columns, batch.num_rows())?;
        self.published.change();
        Ok(())
    }
}

impl Faulty {
    fn act(&mut self, columns: &mut [ArrayRef], host: &Host) -> Result<(), PluginError> {
        if self.what == What::WildOffsets {
            harm::wild_offsets(columns)
        } else if self.what == What::ChangeAfterPublish {
            self.published.keep_copy(columns)
        } else {
            act::without_batch(&self.what, host)
        }
    }
}

// Without `shared_memory!`: what it writes to after it was published is its own memory.
tanda_plugin::export_plugin!(Faulty);
