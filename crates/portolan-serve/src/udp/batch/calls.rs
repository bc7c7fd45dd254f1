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
//! All of it is made once and never moves, so headers keep their pointers from call to call, and a reply
//! goes out with the very octets that its datagram came with. What may be dangerous is to let a header
//! point elsewhere; so nothing outside of this file sees a header, and what it hands out are slices that
//! borrow the whole [`Exchange`], which no call can run beside.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{NonNull, null_mut};

use nix::libc::{self, c_int, c_uint, iovec, mmsghdr};

/// Longest datagram, in octets: what is received is never cut, so no packet is taken for another.
pub(super) const DATAGRAM_OCTETS_MAX: usize = 65_535;
/// A sender's address, in octets: `sockaddr_in6`, or the shorter `sockaddr_in`.
pub(super) const ADDRESS_OCTETS: usize = 28;
/// Most that the kernel tells of a datagram, in octets: an `IPV6_PKTINFO`.
pub(super) const CONTROL_OCTETS_MAX: usize = 40;
/// What processors fetch at once, in octets.
const LINE_OCTETS: usize = 64;
/// How far the room for one datagram, or reply, stands from where a page's distance would put it. Caches
/// place a line by its address within a page: three lines apart, no two of a batch begin at one place.
const SHIFT_OCTETS: usize = 3 * LINE_OCTETS;
/// From one datagram's room to the next, in octets. Memory that no datagram reaches is never made.
const DATAGRAM_STRIDE: usize = DATAGRAM_OCTETS_MAX + 1 + SHIFT_OCTETS;

/// How much an [`Exchange`] holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Datagrams a batch.
    pub(super) width: usize,
    /// Room for each reply, in octets.
    pub(super) reply_octets: usize,
    /// What the kernel tells of each datagram, in octets, at most [`CONTROL_OCTETS_MAX`]; 0: nothing.
    pub(super) control_octets: usize,
}

/// A batch of datagrams, and the replies to them.
pub(super) struct Exchange {
    shape: Shape,
    incoming: Fixed<mmsghdr>,
    outgoing: Fixed<mmsghdr>,
    incoming_vectors: Fixed<iovec>,
    outgoing_vectors: Fixed<iovec>,
    addresses: Fixed<[u8; ADDRESS_OCTETS]>,
    controls: Fixed<[u8; CONTROL_OCTETS_MAX]>,
    datagrams: Fixed<u8>,
    replies: Fixed<u8>,
    /// Datagrams that the last call gave.
    received: usize,
    /// Replies that are to go.
    ready: usize,
}

/// One datagram, and the room for its reply.
pub(super) struct Letter<'x> {
    pub(super) datagram: &'x [u8],
    /// Who sent it, as the kernel writes it.
    pub(super) address: &'x [u8; ADDRESS_OCTETS],
    /// What the kernel tells of it, and will be told of its reply.
    pub(super) control: &'x mut [u8],
    pub(super) reply: &'x mut [u8],
}

impl Exchange {
    pub(super) fn new(shape: Shape) -> Self {
        let shape = Shape { control_octets: shape.control_octets.min(CONTROL_OCTETS_MAX), ..shape };
        let width = shape.width;
        let mut exchange = Self {
            shape,
            incoming: Fixed::zeroed(width),
            outgoing: Fixed::zeroed(width),
            incoming_vectors: Fixed::zeroed(width),
            outgoing_vectors: Fixed::zeroed(width),
            addresses: Fixed::zeroed(width),
            controls: Fixed::zeroed(width),
            datagrams: Fixed::zeroed(width * DATAGRAM_STRIDE),
            replies: Fixed::zeroed(width * shape.reply_stride()),
            received: 0,
            ready: 0,
        };
        (0..width).for_each(|nth| exchange.lay(nth));
        exchange
    }

    /// Sets what stays from call to call: all pointers but those of replies to who gets them.
    fn lay(&mut self, nth: usize) {
        let datagram = self.datagrams.at(nth * DATAGRAM_STRIDE).cast();
        let reply = self.replies.at(nth * self.shape.reply_stride()).cast();
        self.incoming_vectors[nth] = iovec { iov_base: datagram, iov_len: DATAGRAM_OCTETS_MAX };
        self.outgoing_vectors[nth] = iovec { iov_base: reply, iov_len: 0 };
        let control = if self.shape.control_octets > 0 { self.controls.at(nth).cast() } else { null_mut() };
        let incoming = &mut self.incoming[nth].msg_hdr;
        incoming.msg_name = self.addresses.at(nth).cast();
        incoming.msg_control = control;
        incoming.msg_iov = self.incoming_vectors.at(nth);
        incoming.msg_iovlen = 1;
        let outgoing = &mut self.outgoing[nth].msg_hdr;
        outgoing.msg_iov = self.outgoing_vectors.at(nth);
        outgoing.msg_iovlen = 1;
        self.make_room(nth);
    }

    /// Says how much room there is, where the kernel said what it used.
    fn make_room(&mut self, nth: usize) {
        let Some(header) = self.incoming.get_mut(nth) else { return };
        header.msg_hdr.msg_namelen = ADDRESS_OCTETS as _;
        header.msg_hdr.msg_controllen = self.shape.control_octets as _;
    }

    /// Waits for a datagram, as long as the socket is set to, and takes with it those that are there; how
    /// many there are. What was there before is forgotten.
    pub(super) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        (0..self.received).for_each(|nth| self.make_room(nth));
        (self.received, self.ready) = (0, 0);
        let (headers, count) = (self.incoming.at(0), self.shape.width as c_uint);
        // SAFETY: there are `count` headers at `headers`. Each points to memory of this exchange with as
        // much room as it says (`lay`, `make_room`), none of it is borrowed, and the call keeps nothing.
        let received = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), headers, count, libc::MSG_WAITFORONE as _, null_mut())
        };
        self.received = count_of(received)?.min(self.shape.width);
        Ok(self.received)
    }

    /// A datagram of this batch, and room for its reply.
    pub(super) fn open(&mut self, nth: usize) -> Option<Letter<'_>> {
        let header = self.incoming.get(..self.received)?.get(nth)?;
        let start = nth * DATAGRAM_STRIDE;
        let length = (header.msg_len as usize).min(DATAGRAM_OCTETS_MAX);
        let told: usize = header.msg_hdr.msg_controllen as _;
        let room = self.ready * self.shape.reply_stride();
        Some(Letter {
            datagram: self.datagrams.get(start..start + length)?,
            address: self.addresses.get(nth)?,
            control: self.controls.get_mut(nth)?.get_mut(..told.min(self.shape.control_octets))?,
            reply: self.replies.get_mut(room..room + self.shape.reply_octets)?,
        })
    }

    /// Makes the reply ready that stands in the room given last: so many octets, for the sender of the
    /// datagram, from where it was sent to.
    pub(super) fn enclose(&mut self, nth: usize, octets: usize) {
        let (Some(incoming), Some(outgoing), Some(vector)) = (
            self.incoming.get(nth),
            self.outgoing.get_mut(self.ready),
            self.outgoing_vectors.get_mut(self.ready),
        ) else {
            return;
        };
        vector.iov_len = octets.min(self.shape.reply_octets);
        let (to, header) = (&mut outgoing.msg_hdr, &incoming.msg_hdr);
        to.msg_name = header.msg_name;
        to.msg_namelen = header.msg_namelen.min(ADDRESS_OCTETS as _);
        to.msg_control = header.msg_control;
        to.msg_controllen = header.msg_controllen.min(self.shape.control_octets as _);
        self.ready += 1;
    }

    /// How many replies are ready.
    pub(super) fn ready(&self) -> usize {
        self.ready
    }

    /// Sends replies from this one on; how many the kernel took, at least one. An error is of the first.
    pub(super) fn send(&mut self, socket: BorrowedFd<'_>, from: usize, waits: bool) -> io::Result<usize> {
        let headers = self.outgoing.get(from..self.ready).unwrap_or_default();
        if headers.is_empty() {
            return Ok(0);
        }
        let flags = if waits { 0 } else { libc::MSG_DONTWAIT };
        let (headers, count) = (self.outgoing.at(from), headers.len() as c_uint);
        // SAFETY: there are `count` headers at `headers`, made by `lay` and `enclose`. Each points to memory
        // of this exchange that is at least as long as it says. The call writes to the headers alone (how
        // much was sent), no reference to them is left, and it keeps nothing.
        count_of(unsafe { libc::sendmmsg(socket.as_raw_fd(), headers, count, flags as _) })
    }
}

impl Shape {
    /// From one reply's room to the next, in octets.
    fn reply_stride(&self) -> usize {
        self.reply_octets.next_multiple_of(LINE_OCTETS) + SHIFT_OCTETS
    }
}

/// The number that a call gave, or the error that it left.
fn count_of(given: c_int) -> io::Result<usize> {
    usize::try_from(given).map_err(|_| io::Error::last_os_error())
}

/// So many values in memory that does not move, and that pointers may lead to while no slice of it is in
/// use: a `Box` would promise the compiler that there are none.
struct Fixed<T: Plain> {
    start: NonNull<T>,
    length: usize,
}

/// A type for which all bits zero are a value, and that needs no drop.
///
/// # Safety
/// Both must be so.
unsafe trait Plain: Copy {}

// SAFETY: a number.
unsafe impl Plain for u8 {}
// SAFETY: numbers.
unsafe impl<const N: usize> Plain for [u8; N] {}
// SAFETY: a raw pointer, which may be null, and a number.
unsafe impl Plain for iovec {}
// SAFETY: raw pointers, which may be null, and numbers.
unsafe impl Plain for mmsghdr {}

impl<T: Plain> Fixed<T> {
    /// At least one, so that there is memory.
    fn zeroed(length: usize) -> Self {
        let length = length.max(1);
        let layout = Self::layout(length);
        // SAFETY: the layout has a size, as no `Plain` type is empty and there is at least one.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start.cast::<T>()).unwrap_or_else(|| handle_alloc_error(layout));
        Self { start, length }
    }

    fn layout(length: usize) -> Layout {
        let layout = Layout::array::<T>(length).and_then(|layout| layout.align_to(LINE_OCTETS));
        layout.expect("a batch is a few megabytes at the most")
    }

    /// Where one of them stands. Panics when there are not so many.
    fn at(&self, nth: usize) -> *mut T {
        assert!(nth < self.length, "{nth} of {}", self.length);
        // SAFETY: it is within the allocation.
        unsafe { self.start.as_ptr().add(nth) }
    }
}

impl<T: Plain> Deref for Fixed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: so many values stand there, and all were valid from the first on (`Plain`). Who writes by
        // a pointer is the kernel, in calls for which the whole exchange is borrowed.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T: Plain> DerefMut for Fixed<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as for `deref`, and this is the only slice as long as `self` is borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl<T: Plain> Drop for Fixed<T> {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout, and there is nothing in it to drop.
        unsafe { dealloc(self.start.as_ptr().cast(), Self::layout(self.length)) }
    }
}
