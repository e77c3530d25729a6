//! `tanda check`.

use std::{
    fmt::Write as _,
    sync::{Arc, atomic::AtomicBool},
};

use super::{Exit, SceneArgs, complain, print, say};
use tanda::{
    pipeline::{Purpose, Typed},
    scene::SceneFaults,
};

pub(super) fn check(args: &SceneArgs) -> Exit {
    let cancel = Arc::new(AtomicBool::new(false));
    match Typed::load(&args.scene, &args.params, Purpose::Check, &cancel) {
        Err(faults) => refuse(&faults),
        Ok((scene, typed)) => {
            let mut text = String::new();
            for (stage, sandbox) in typed.sandboxes() {
                let _ = writeln!(text, "{stage}: in a process of its own, sandbox {sandbox}");
            }
            text.push_str(&scene.supervision_tree());
            for stage in typed.untyped() {
                let _ = writeln!(text, "not checked: {stage}");
            }
            let _ =
                writeln!(text, "{}: sound, {} stages", args.scene.display(), scene.stages.len());
            print(&text, Exit::Done)
        }
    }
}

fn refuse(faults: &SceneFaults) -> Exit {
    let count = faults.faults().len();
    let exit = complain(faults, Exit::Refused);
    say(format_args!("\n{count} {}\n", if count == 1 { "fault" } else { "faults" }));
    exit
}
