//! What a supervisor can want done.

use core::ops::ControlFlow;

use tanda_components::SupervisorEnd;

/// What a supervisor wants done. Children are named by their place in start order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start a child that is down.
    Start(u16),
    /// Tell a child to go.
    Stop(u16),
    /// Kill a child.
    Kill(u16),
    /// Nothing: the child stays down. For those who keep books.
    Leave(u16),
    /// All children are up: the supervisor itself has started.
    Started,
    /// All children are down: the supervisor is gone.
    Exit(SupervisorEnd),
}

/// What comes next: an order, nothing yet, or another look.
pub(super) type Flow = ControlFlow<Option<Order>>;
