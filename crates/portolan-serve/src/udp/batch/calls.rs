//! The system calls for many datagrams at once, and the memory that the kernel is told of.
//!
//! The one module with `unsafe`, because the safe calls of the library cannot do what the path of a query
//! needs: on a socket bound to all addresses each reply leaves from an address of its own, where they
//! take one for all replies of a call; and they want the list of buffers written anew for each call,
//! all of it, even when one datagram comes.
//!
//! ```text
//!   incoming  [mmsghdr; n] ─┬▶ addresses  who sent it ◀────────┬─ outgoing  [mmsghdr; n]
//!                           ├▶ controls   whom it was sent to ◀┤
//!                           └▶ datagrams             replies ◀─┘
//! ```
//!
//! All of it is one piece that is made once and never moves, so headers keep their pointers from call to
//! call, and a reply goes out with the very octets that its datagram came with. What may be dangerous is
//! to let a header point elsewhere; so nothing outside of this file sees a header, and what it hands out
//! are slices that borrow the whole [`Exchange`], which no call can run beside.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{NonNull, null_mut};

use nix::libc::{self, c_int, c_uint, iovec, mmsghdr};

use super::BATCH_DATAGRAMS;

/// Longest datagram, in octets: what is received is never cut, so no packet is taken for another.
const DATAGRAM_OCTETS_MAX: usize = 65_535;
/// Room for a sender's address, in octets: for a `sockaddr_in6`, or the shorter `sockaddr_in`. This and the
/// next are powers of two, so that the one of a datagram is found by a shift.
pub(super) const ADDRESS_OCTETS: usize = 32;
/// Room for what the kernel tells of a datagram, in octets: an `IPV6_PKTINFO`, or the shorter `IP_PKTINFO`.
pub(super) const CONTROL_OCTETS: usize = 64;
/// What processors fetch at once, in octets.
const LINE_OCTETS: usize = 64;

/// A batch of datagrams, and replies to them of up to so many octets.
pub(super) struct Exchange<const REPLY_OCTETS: usize> {
    /// Ours alone, and only reached through `self`.
    memory: NonNull<Memory<REPLY_OCTETS>>,
    /// What the kernel tells of each datagram, in octets.
    told_octets: usize,
    /// Datagrams that the last call gave.
    received: usize,
    /// Replies that are to go.
    ready: usize,
}

/// What the kernel reads and writes. All of it may be zero.
#[repr(C, align(64))]
struct Memory<const REPLY_OCTETS: usize> {
    incoming: [mmsghdr; BATCH_DATAGRAMS],
    outgoing: [mmsghdr; BATCH_DATAGRAMS],
    incoming_vectors: [iovec; BATCH_DATAGRAMS],
    outgoing_vectors: [iovec; BATCH_DATAGRAMS],
    controls: [[u8; CONTROL_OCTETS]; BATCH_DATAGRAMS],
    addresses: [[u8; ADDRESS_OCTETS]; BATCH_DATAGRAMS],
    replies: [Room<REPLY_OCTETS>; BATCH_DATAGRAMS],
    /// Pages that no datagram reaches are never made.
    datagrams: [Room<DATAGRAM_OCTETS_MAX>; BATCH_DATAGRAMS],
}

/// Room for a datagram or a reply. Caches place a line by its address within a page; with these lines
/// behind, no two of a batch begin at the same place.
#[repr(C, align(64))]
struct Room<const OCTETS: usize> {
    octets: [u8; OCTETS],
    shift: [[u8; LINE_OCTETS]; 3],
}

/// One datagram, and the room for its reply.
pub(super) struct Letter<'x> {
    pub(super) datagram: &'x [u8],
    /// Who sent it, as the kernel writes it.
    pub(super) address: &'x [u8; ADDRESS_OCTETS],
    pub(super) reply: &'x mut [u8],
}

impl<const REPLY_OCTETS: usize> Exchange<REPLY_OCTETS> {
    /// `told_octets` is what the kernel tells of each datagram, at most [`CONTROL_OCTETS`].
    pub(super) fn new(told_octets: usize) -> Self {
        let layout = Layout::new::<Memory<REPLY_OCTETS>>();
        // SAFETY: the layout is not empty.
        let memory = NonNull::new(unsafe { alloc_zeroed(layout) }.cast());
        let memory = memory.unwrap_or_else(|| handle_alloc_error(layout));
        let told_octets = told_octets.min(CONTROL_OCTETS);
        let mut exchange = Self { memory, told_octets, received: 0, ready: 0 };
        (0..BATCH_DATAGRAMS).for_each(|nth| exchange.lay(nth));
        exchange
    }

    fn memory(&mut self) -> &mut Memory<REPLY_OCTETS> {
        // SAFETY: it was allocated as such a value, which may be zero, and `self` is borrowed for as long as
        // this reference lives. The pointers in it are followed by the kernel alone, in calls for which
        // `self` is borrowed too.
        unsafe { self.memory.as_mut() }
    }

    /// Sets what stays from call to call.
    fn lay(&mut self, nth: usize) {
        let memory = self.memory.as_ptr();
        let tells = self.told_octets > 0;
        // SAFETY: `memory` is valid, and indices are checked. There are no references to any of it, so that
        // no use of these pointers can be at odds with one.
        unsafe {
            let control = (&raw mut (*memory).controls[nth]).cast();
            let control = if tells { control } else { null_mut() };
            let (datagram, reply) =
                (&raw mut (*memory).datagrams[nth].octets, &raw mut (*memory).replies[nth].octets);
            (*memory).incoming_vectors[nth] =
                iovec { iov_base: datagram.cast(), iov_len: DATAGRAM_OCTETS_MAX };
            (*memory).outgoing_vectors[nth] = iovec { iov_base: reply.cast(), iov_len: 0 };
            let incoming = &raw mut (*memory).incoming[nth].msg_hdr;
            (*incoming).msg_name = (&raw mut (*memory).addresses[nth]).cast();
            (*incoming).msg_iov = &raw mut (*memory).incoming_vectors[nth];
            (*incoming).msg_iovlen = 1;
            (*incoming).msg_control = control;
            let outgoing = &raw mut (*memory).outgoing[nth].msg_hdr;
            (*outgoing).msg_iov = &raw mut (*memory).outgoing_vectors[nth];
            (*outgoing).msg_iovlen = 1;
        }
        self.make_room(nth..nth + 1);
    }

    /// Says how much room there is, where the kernel said what it used.
    fn make_room(&mut self, which: std::ops::Range<usize>) {
        let told_octets = self.told_octets;
        for header in self.memory().incoming.get_mut(which).unwrap_or_default() {
            header.msg_hdr.msg_namelen = ADDRESS_OCTETS as _;
            header.msg_hdr.msg_controllen = told_octets as _;
        }
    }

    /// Waits for a datagram, as long as the socket is set to, and takes with it those that are there; how
    /// many there are. What was there before is forgotten.
    pub(super) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.make_room(0..self.received);
        (self.received, self.ready) = (0, 0);
        let (memory, flags) = (self.memory.as_ptr(), libc::MSG_WAITFORONE);
        // SAFETY: there are so many headers. Each points to memory of this exchange with as much room as it
        // says (`lay`, `make_room`), none of it is borrowed, and the call keeps nothing.
        let received = unsafe {
            let headers = (&raw mut (*memory).incoming).cast();
            libc::recvmmsg(socket.as_raw_fd(), headers, BATCH_DATAGRAMS as c_uint, flags as _, null_mut())
        };
        self.received = count_of(received)?.min(BATCH_DATAGRAMS);
        Ok(self.received)
    }

    /// How many datagrams there are.
    #[inline]
    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// A datagram of this batch, and room for its reply.
    #[inline]
    pub(super) fn open(&mut self, nth: usize) -> Option<Letter<'_>> {
        let ready = self.ready;
        let memory = self.memory();
        let length = memory.incoming.get(nth)?.msg_len as usize;
        Some(Letter {
            datagram: memory.datagrams.get(nth)?.octets.get(..length)?,
            address: memory.addresses.get(nth)?,
            reply: &mut memory.replies.get_mut(ready)?.octets,
        })
    }

    /// What the kernel told of a datagram, and will be told of its reply; none when it told nothing.
    #[inline]
    pub(super) fn control(&mut self, nth: usize) -> Option<&mut [u8; CONTROL_OCTETS]> {
        let told_octets = self.told_octets;
        let memory = self.memory();
        let told: usize = memory.incoming.get(nth)?.msg_hdr.msg_controllen as _;
        memory.controls.get_mut(nth).filter(|_| told == told_octets)
    }

    /// Makes the reply ready that stands in the room given last: so many octets, for the sender of the
    /// datagram, from where it was sent to.
    #[inline]
    pub(super) fn enclose(&mut self, nth: usize, octets: usize) {
        let (ready, told_octets) = (self.ready, self.told_octets);
        let memory = self.memory();
        let (Some(incoming), Some(outgoing), Some(vector)) = (
            memory.incoming.get(nth),
            memory.outgoing.get_mut(ready),
            memory.outgoing_vectors.get_mut(ready),
        ) else {
            return;
        };
        vector.iov_len = octets.min(REPLY_OCTETS);
        outgoing.msg_hdr.msg_name = incoming.msg_hdr.msg_name;
        outgoing.msg_hdr.msg_namelen = incoming.msg_hdr.msg_namelen;
        if told_octets > 0 {
            outgoing.msg_hdr.msg_control = incoming.msg_hdr.msg_control;
            outgoing.msg_hdr.msg_controllen = told_octets as _;
        }
        self.ready += 1;
    }

    /// The replies that were ready are gone.
    pub(super) fn sent(&mut self) {
        self.ready = 0;
    }

    /// How many replies are ready.
    pub(super) fn ready(&self) -> usize {
        self.ready
    }

    /// Sends replies from this one on; how many the kernel took, at least one. An error is of the first.
    pub(super) fn send(&mut self, socket: BorrowedFd<'_>, from: usize, waits: bool) -> io::Result<usize> {
        if from >= self.ready.min(BATCH_DATAGRAMS) {
            return Ok(0);
        }
        let (memory, count) = (self.memory.as_ptr(), self.ready.min(BATCH_DATAGRAMS) - from);
        let flags = if waits { 0 } else { libc::MSG_DONTWAIT };
        // SAFETY: there are so many headers from there on, made by `lay` and `enclose`. Each points to memory
        // of this exchange that is at least as long as it says; of the address that is what the kernel has
        // said itself, for these sockets one of two numbers. The call writes into headers how much was sent,
        // no reference to any of it is left, and it keeps nothing.
        count_of(unsafe {
            let headers = &raw mut (*memory).outgoing[from];
            libc::sendmmsg(socket.as_raw_fd(), headers, count as c_uint, flags as _)
        })
    }
}

impl<const REPLY_OCTETS: usize> Drop for Exchange<REPLY_OCTETS> {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout, and nothing in it needs to be dropped.
        unsafe { dealloc(self.memory.as_ptr().cast(), Layout::new::<Memory<REPLY_OCTETS>>()) }
    }
}

/// The number that a call gave, or the error that it left.
fn count_of(given: c_int) -> io::Result<usize> {
    usize::try_from(given).map_err(|_| io::Error::last_os_error())
}
