//! Supervision: what a supervisor does when its children end, as Erlang/OTP's does.
//!
//! [`step`] is the whole decision, pure: from what a supervisor knows to its next order. It differs
//! from OTP where a supervisor of processes has to:
//! - a restart takes time, and [`Strategy::OneForOne`](tanda_components::Strategy::OneForOne)
//!   restarts several children side by side; the other strategies, like OTP, are busy until all are
//!   up again, and what happens meanwhile waits, in order of arrival;
//! - a child that fails in a row waits before it is started again ([`backoff`]). Meanwhile the
//!   supervisor's clock stands still, so the intensity counts failures and not their rate, and no
//!   backoff can keep it from being reached;
//! - what can never work (a start that is refused, a violation of the sandbox) is not tried again:
//!   the supervisor ends at once, and so do those above it.

pub mod backoff;
mod build;
mod child;
mod order;
mod procedure;
mod step;
mod system;

pub(crate) use build::spawn_supervisors;
pub use child::{ChildView, Life, end_of};
pub use order::Order;
pub use step::{advance_clock, begin, end_above, next_wake, step};
pub(crate) use system::supervise_workers;

pub use crate::topology::{SupervisedSpec, SupervisorSpec};
