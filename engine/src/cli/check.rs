//! `tanda check`.

use std::sync::{Arc, atomic::AtomicBool};

use super::{Exit, SceneArgs, complain};
use crate::{
    pipeline::{Purpose, Typed},
    scene::SceneFaults,
};

pub(super) fn check(args: &SceneArgs) -> Exit {
    let cancel = Arc::new(AtomicBool::new(false));
    match Typed::load(&args.scene, &args.params, Purpose::Check, &cancel) {
        Err(faults) => refuse(&faults),
        Ok((scene, typed)) => {
            for stage in typed.untyped() {
                println!("not checked: {stage}");
            }
            println!("{}: sound, {} stages", args.scene.display(), scene.stages.len());
            Exit::Done
        }
    }
}

fn refuse(faults: &SceneFaults) -> Exit {
    let count = faults.faults().len();
    let exit = complain(faults, Exit::Refused);
    eprintln!("\n{count} {}", if count == 1 { "fault" } else { "faults" });
    exit
}
