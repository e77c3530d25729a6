//! A channel over real sockets, with peers that stall, cut and lie.

use std::fs;
use std::io::{IoSlice, Read, Seek, SeekFrom, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_getfd};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    sendmsg, socketpair,
};

use super::{Channel, ChannelError, FDS_MAX, FRAME_BYTES_MAX};

/// Long enough that only a fault reaches it.
const PATIENCE: Duration = Duration::from_secs(30);

fn pair() -> (Channel, Channel) {
    let (ours, theirs) = Channel::pair().unwrap();
    (ours, Channel::from_fd(theirs))
}

/// A channel, and the bare socket of a peer that writes what it likes.
fn hostile_pair() -> (Channel, UnixStream) {
    let (ours, theirs) = Channel::pair().unwrap();
    (ours, UnixStream::from(theirs))
}

fn memfd(name: &str) -> OwnedFd {
    memfd_create(name, MemfdFlags::CLOEXEC).unwrap()
}

/// Descriptors of this process that are open on the memfd of this name. Each test has its own
/// name, so tests that run beside it do not count.
fn open_count(name: &str) -> usize {
    let target = format!("/memfd:{name} (deleted)");
    let fds = fs::read_dir("/proc/self/fd").unwrap().flatten();
    fds.filter(|fd| fs::read_link(fd.path()).is_ok_and(|link| link.as_os_str() == &*target)).count()
}

/// Sends bytes with any number of descriptors, as `Channel::send` would not.
fn send_raw(socket: &UnixStream, bytes: &[u8], fds: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(fds)));
    let sent = sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::empty());
    assert_eq!(sent, Ok(bytes.len()));
}

#[test]
fn frames_arrive_whole_and_in_order_with_their_descriptors() {
    let (engine, worker) = pair();
    let mut file = fs::File::from(memfd("round-trip"));
    file.write_all(b"through the socket").unwrap();
    engine.send(b"first", &[file.as_fd(), file.as_fd()]).unwrap();
    engine.send(b"", &[]).unwrap();
    engine.send(b"third", &[file.as_fd()]).unwrap();

    let first = worker.receive().unwrap().unwrap();
    assert_eq!((first.bytes.as_slice(), first.fds.len()), (&b"first"[..], 2));
    let second = worker.receive().unwrap().unwrap();
    assert_eq!((second.bytes.len(), second.fds.len()), (0, 0));
    let third = worker.receive().unwrap().unwrap();
    assert_eq!((third.bytes.as_slice(), third.fds.len()), (&b"third"[..], 1));

    assert!(fcntl_getfd(&first.fds[1]).unwrap().contains(FdFlags::CLOEXEC));
    let mut arrived = fs::File::from(third.fds.into_iter().next().unwrap());
    let mut text = String::new();
    arrived.seek(SeekFrom::Start(0)).unwrap();
    arrived.read_to_string(&mut text).unwrap();
    assert_eq!(text, "through the socket");
    drop((file, arrived, first.fds));
    assert_eq!(open_count("round-trip"), 0);
}

#[test]
fn longest_frame_goes_through_while_the_peer_reads() {
    let (mut engine, worker) = pair();
    engine.set_send_timeout(Some(PATIENCE));
    let frame: Vec<u8> = (0..FRAME_BYTES_MAX).map(|index| (index % 251) as u8).collect();
    thread::scope(|scope| {
        scope.spawn(|| engine.send(&frame, &[]).unwrap());
        let arrived = worker.receive_deadline(PATIENCE).unwrap().unwrap();
        assert!(arrived.bytes == frame);
    });
}

#[test]
fn frame_that_is_too_long_is_refused_and_nothing_is_sent() {
    let (engine, worker) = pair();
    let refused = engine.send(&vec![0; FRAME_BYTES_MAX + 1], &[]);
    assert!(matches!(refused, Err(ChannelError::FrameTooLong { .. })), "{refused:?}");
    let file = memfd("too-many-sent");
    let refused = engine.send(b"", &[file.as_fd(); FDS_MAX + 1]);
    assert!(matches!(refused, Err(ChannelError::TooManyFds { count: 9, max: 8 })), "{refused:?}");
    engine.send(b"next", &[file.as_fd(); FDS_MAX]).unwrap();
    let next = worker.receive().unwrap().unwrap();
    assert_eq!((next.bytes.as_slice(), next.fds.len()), (&b"next"[..], FDS_MAX));
}

#[test]
fn announced_length_is_checked_before_memory_is_taken() {
    for length in [FRAME_BYTES_MAX as u32 + 1, u32::MAX] {
        let (engine, worker) = hostile_pair();
        (&worker).write_all(&length.to_le_bytes()).unwrap();
        let refused = engine.receive();
        assert!(matches!(refused, Err(ChannelError::FrameTooLong { .. })), "{refused:?}");
    }
}

#[test]
fn too_many_descriptors_are_an_error_and_closed() {
    // 9 and 10 may fit into the room that alignment leaves; 40 do not.
    for (count, name) in [(9, "too-many-9"), (10, "too-many-10"), (40, "too-many-40")] {
        let (engine, worker) = hostile_pair();
        let file = memfd(name);
        send_raw(&worker, &[0; 4], &vec![file.as_fd(); count]);
        let refused = engine.receive();
        assert!(matches!(refused, Err(ChannelError::TooManyFds { .. })), "{count}: {refused:?}");
        drop(file);
        assert_eq!(open_count(name), 0, "{count}");
    }
}

#[test]
fn descriptors_in_the_middle_of_a_frame_are_an_error_and_closed() {
    let file = memfd("stray");
    for (sent, stray) in [(&[2, 0][..], &[0, 0, 1, 2][..]), (&[2, 0, 0, 0], &[1, 2])] {
        let (engine, worker) = hostile_pair();
        send_raw(&worker, sent, &[file.as_fd()]);
        send_raw(&worker, stray, &[file.as_fd()]);
        let refused = engine.receive();
        assert!(matches!(refused, Err(ChannelError::StrayFds)), "{refused:?}");
        assert_eq!(open_count("stray"), 1);
    }
}

#[test]
fn descriptors_of_a_frame_that_never_ends_are_closed() {
    let (engine, worker) = hostile_pair();
    let file = memfd("unfinished");
    send_raw(&worker, &[5, 0, 0, 0, 1], &[file.as_fd(); 3]);
    let stalled = engine.receive_deadline(Duration::from_millis(10));
    assert!(matches!(stalled, Err(ChannelError::Stalled { done: 5, bytes: 9, .. })), "{stalled:?}");
    assert_eq!(open_count("unfinished"), 1);
}

#[test]
fn channel_closed_between_frames_is_an_end_and_within_one_an_error() {
    for (sent, is_end) in [(&[][..], true), (&[1, 0], false), (&[2, 0, 0, 0], false)] {
        let (engine, worker) = hostile_pair();
        (&worker).write_all(sent).unwrap();
        drop(worker);
        match engine.receive_deadline(PATIENCE) {
            Ok(None) => assert!(is_end, "{sent:?}"),
            Err(ChannelError::Closed) => assert!(!is_end, "{sent:?}"),
            other => panic!("{sent:?}: {other:?}"),
        }
    }
}

#[test]
fn silent_peer_is_timed_out_and_nothing_is_lost() {
    let (engine, worker) = pair();
    let after = Duration::from_millis(5);
    let late = engine.receive_deadline(after);
    assert!(matches!(late, Err(ChannelError::TimedOut { after: a }) if a == after), "{late:?}");
    let late = engine.receive_deadline(Duration::ZERO);
    assert!(matches!(late, Err(ChannelError::TimedOut { .. })), "{late:?}");
    worker.send(b"at last", &[]).unwrap();
    assert_eq!(engine.receive_deadline(Duration::ZERO).unwrap().unwrap().bytes, b"at last");
}

#[test]
fn peer_that_sends_byte_by_byte_gains_no_time() {
    let (engine, worker) = hostile_pair();
    (&worker).write_all(&(FRAME_BYTES_MAX as u32).to_le_bytes()).unwrap();
    thread::scope(|scope| {
        // Never silent: a byte is always there or about to come.
        scope.spawn(move || while (&worker).write_all(&[0]).is_ok() {});
        let begin = Instant::now();
        let stalled = engine.receive_deadline(Duration::from_millis(50));
        assert!(matches!(stalled, Err(ChannelError::Stalled { .. })), "{stalled:?}");
        assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
        drop(engine);
    });
}

#[test]
fn bytes_that_are_always_there_gain_no_time_either() {
    // This kind of socket gives one piece at a time, however many are queued.
    let (ours, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    for piece in [&[2, 0, 0, 0][..], &[1], &[2]] {
        rustix::io::write(&theirs, piece).unwrap();
    }
    let stalled = Channel::from_fd(ours).receive_deadline(Duration::ZERO);
    assert!(matches!(stalled, Err(ChannelError::Stalled { done: 5, bytes: 6, .. })), "{stalled:?}");
}

#[test]
fn peer_that_does_not_read_cannot_hold_the_sender() {
    let (mut engine, _worker) = pair();
    engine.set_send_timeout(Some(Duration::from_millis(20)));
    let stalled = engine.send(&vec![7; 4 << 20], &[]);
    assert!(matches!(stalled, Err(ChannelError::Stalled { done: 1.., .. })), "{stalled:?}");
    let late = engine.send(b"more", &[]);
    assert!(matches!(late, Err(ChannelError::TimedOut { .. })), "{late:?}");
}

#[test]
fn sending_to_a_closed_channel_is_an_error_and_no_signal() {
    let (engine, worker) = pair();
    drop(worker);
    let closed = engine.send(b"hello", &[]);
    assert!(matches!(closed, Err(ChannelError::Closed)), "{closed:?}");
}

#[test]
fn foreign_bytes_never_panic_nor_leave_a_descriptor() {
    let file = memfd("random-bytes");
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..2_000 {
        let (engine, worker) = hostile_pair();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = (state >> 16).to_le_bytes();
            let length = (state >> 8) as usize % 8;
            send_raw(&worker, &[noise[0] % 12, 0, 0, 0][..1 + length % 4], &[]);
            let fds = vec![file.as_fd(); (state >> 40) as usize % 12];
            send_raw(&worker, &noise[..=length], &fds);
        }
        drop(worker);
        while let Ok(Some(frame)) = engine.receive_deadline(PATIENCE) {
            assert!(frame.fds.len() <= FDS_MAX);
        }
    }
    assert_eq!(open_count("random-bytes"), 1);
}
