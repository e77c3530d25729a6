//! Does what needs no batch.

use std::net::UdpSocket;
use std::process::{self, Command};
use std::{fs, hint, thread};

use tanda_plugin::{Host, Level, PluginError};

use crate::config::What;
use crate::harm;

const CHUNK_BYTES: usize = 16 << 20;
const PAGE_BYTES: usize = 4096;

/// Returns when the process is still alive and the call is to go on.
pub(crate) fn without_batch(what: &What, host: &Host) -> Result<(), PluginError> {
    match what {
        What::Pass => Ok(()),
        What::WildOffsets | What::ChangeAfterPublish => {
            unreachable!("the configuration was checked: these need a batch")
        }
        What::Error => Err(PluginError::new("this call fails on order")),
        What::Panic => panic!("this call panics on order"),
        What::Abort => process::abort(),
        What::Segfault => harm::read_nowhere(),
        What::Exit(code) => process::exit(*code),
        What::Hang | What::HangAtOpen => hang(),
        What::AllocateWithoutEnd => allocate_without_end(),
        What::OpenSocket => open_socket(),
        What::OpenFile(path) => open_file(path),
        What::Fork => start_process(),
        What::FloodLog(lines) => {
            (1..=*lines).for_each(|line| host.log(Level::Info, &format!("line {line} of {lines}")));
            Ok(())
        }
    }
}

/// Does not even look whether the run is being stopped.
fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// Each page is written: memory that is not touched costs nothing.
fn allocate_without_end() -> ! {
    let mut chunks = Vec::new();
    loop {
        let mut chunk = vec![0_u8; CHUNK_BYTES];
        chunk.iter_mut().step_by(PAGE_BYTES).for_each(|byte| *byte = 1);
        chunks.push(hint::black_box(chunk));
    }
}

fn open_socket() -> Result<(), PluginError> {
    match UdpSocket::bind("127.0.0.1:0") {
        Ok(_) => Ok(()),
        Err(error) => Err(PluginError::new(format!("no socket can be opened: {error}"))),
    }
}

fn open_file(path: &str) -> Result<(), PluginError> {
    match fs::read(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(PluginError::new(format!("cannot read {path:?}: {error}")).about(path)),
    }
}

fn start_process() -> Result<(), PluginError> {
    match Command::new("/bin/true").status() {
        Ok(_) => Ok(()),
        Err(error) => Err(PluginError::new(format!("no process can be started: {error}"))),
    }
}
