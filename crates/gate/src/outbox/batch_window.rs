//! How much of its queues the outbox sends to ticketing at a time, and who is at
//! fault when ticketing refuses it.

/// The most control barcodes one call carries.
/// [`secutix::wire::MAX_CONTROLLED_TICKETS`] is what the interface allows.
const BATCH: u32 = 500;

/// Which control barcodes the next call carries. A call that is refused as a
/// whole is sent again by halves, until the one at fault stands alone; and it is
/// at fault only if ticketing takes another one meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchWindow {
    pub(crate) size: u32,
    /// How many single ones were refused, with none taken since.
    pub(crate) skip: u32,
    /// Whether ticketing has taken one since it last refused several.
    taken: bool,
}

impl Default for BatchWindow {
    fn default() -> Self {
        Self {
            size: BATCH,
            skip: 0,
            taken: false,
        }
    }
}

/// The two queues, which take turns: with visitors at the gate there are always
/// new control barcodes, and cancellations must not wait for the evening.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BatchWindows {
    barcodes: BatchWindow,
    cancellations: BatchWindow,
    pub(crate) turn: Queue,
}

/// What a call to ticketing carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Queue {
    #[default]
    Barcodes,
    Cancellations,
}

impl Queue {
    pub(crate) const fn other(self) -> Self {
        match self {
            Queue::Barcodes => Queue::Cancellations,
            Queue::Cancellations => Queue::Barcodes,
        }
    }
}

impl BatchWindows {
    pub(crate) fn of(&mut self, queue: Queue) -> &mut BatchWindow {
        match queue {
            Queue::Barcodes => &mut self.barcodes,
            Queue::Cancellations => &mut self.cancellations,
        }
    }

    pub(crate) fn took(&mut self, queue: Queue) {
        self.of(queue).took();
        // A single item that was refused is at fault if ticketing takes anything.
        self.of(queue.other()).taken = true;
    }
}

/// What is to become of a single barcode that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtFault {
    /// It is: ticketing takes others.
    Yes,
    /// Nobody knows; try the one behind it.
    Unknown,
}

impl BatchWindow {
    /// With suspects before the one that was taken, the next call is for the
    /// first of them alone: it has nobody else to blame now.
    pub(crate) fn took(&mut self) {
        *self = Self {
            size: if self.skip > 0 {
                1
            } else {
                (self.size * 2).min(BATCH)
            },
            skip: 0,
            taken: true,
        };
    }

    pub(crate) fn refused(&mut self, sent: usize) -> AtFault {
        if sent > 1 {
            self.size = u32::try_from(sent / 2).unwrap_or(BATCH).max(1);
            self.taken = false;
            return AtFault::Unknown;
        }
        if self.taken {
            return AtFault::Yes;
        }
        self.size = 1;
        self.skip += 1;
        AtFault::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_call_is_halved_down_to_the_one_at_fault() {
        let mut window = BatchWindow::default();
        let mut seen = vec![window.size];
        while window.size > 1 {
            assert_eq!(
                window.refused(usize::try_from(window.size).unwrap()),
                AtFault::Unknown
            );
            seen.push(window.size);
        }
        assert_eq!(seen, [500, 250, 125, 62, 31, 15, 7, 3, 1]);
        // Alone and refused: perhaps ticketing refuses everything. The one behind
        // it is taken, so it does not, and the first is at fault.
        assert_eq!(window.refused(1), AtFault::Unknown);
        assert_eq!(window.skip, 1);
        window.took();
        assert_eq!((window.skip, window.size), (0, 1));
        assert_eq!(window.refused(1), AtFault::Yes);
        // It is out of the way; batches grow again.
        window.took();
        assert_eq!((window.skip, window.size), (0, 2));
    }

    /// However long the queue behind it, the one at fault is found, and no other.
    #[test]
    fn the_one_at_fault_is_found_however_long_the_queue_behind_it() {
        for (length, at_fault) in [(1u32, 0u32), (2, 0), (2, 1), (7, 3), (900, 0), (900, 899)] {
            let mut queue: Vec<_> = (0..length).collect();
            let mut refused = Vec::new();
            let mut window = BatchWindow::default();
            for call in 0.. {
                assert!(call < 200, "{length}: {at_fault} holds up the queue");
                let from = usize::try_from(window.skip).unwrap().min(queue.len());
                let to = (from + usize::try_from(window.size).unwrap()).min(queue.len());
                if from == to {
                    break;
                }
                if !queue[from..to].contains(&at_fault) {
                    queue.drain(from..to);
                    window.took();
                } else if window.refused(to - from) == AtFault::Yes {
                    refused.extend(queue.drain(from..to));
                }
            }
            let alone = length == 1;
            assert_eq!(refused, if alone { vec![] } else { vec![at_fault] });
            assert_eq!(queue, if alone { vec![at_fault] } else { vec![] });
        }
    }

    #[test]
    fn ticketing_that_refuses_everything_takes_nothing_out_of_the_queue() {
        let mut window = BatchWindow::default();
        for sent in [500, 250, 1, 1, 1, 1] {
            assert_eq!(window.refused(sent), AtFault::Unknown);
        }
        assert_eq!(window.skip, 4);
    }
}
