//! Supervisors and what they supervise, in the words of Erlang/OTP.

mod child;
mod log;
mod supervisor;

pub use child::{Backoff, ChildEnd, ChildSpec, ChildState, Fate, Mail, Restart, Shutdown, Told};
pub use log::{Act, SupervisionLog, SupervisorActed};
pub use supervisor::{
    AutoShutdown, GaveUp, Phase, RestartLog, Strategy, SupervisedBy, Supervises, Supervisor,
    SupervisorEnd, SupervisorName, SupervisorState, Then,
};
