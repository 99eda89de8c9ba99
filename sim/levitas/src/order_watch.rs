// SPDX-License-Identifier: Apache-2.0
//! What becomes of the orders to the sensors of the circuit, at the unit that drives: in the log, and counted.

use levitas_core::circulation::sensing::OrderResult;
use levitas_core::mail::CirculationMail;

use crate::event_log::EventLog;
use crate::metrics::Metrics;

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct OrderWatch {
    /// Number and result of the last order.
    seen: (u32, u32),
    done: u32,
    refused: u32,
}

impl OrderWatch {
    /// What the circulation task said last.
    pub fn hear(&mut self, time_s: f64, mail: &CirculationMail, log: &mut EventLog) {
        let now = (mail.order_number, mail.order_result);
        if now == self.seen {
            return;
        }
        self.seen = now;
        let result = OrderResult::from_code(mail.order_result);
        let kind = match result {
            OrderResult::Running => return,
            OrderResult::Done => {
                self.done += 1;
                "order_done"
            }
            _ => {
                self.refused += 1;
                "order_refused"
            }
        };
        log.push(time_s, kind, result.text());
    }

    /// Enters the counts, when there was an order.
    pub fn measure(&self, metrics: &mut Metrics) {
        if self.done + self.refused > 0 {
            metrics.set("circuit.orders_done", f64::from(self.done));
            metrics.set("circuit.orders_refused", f64::from(self.refused));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use levitas_core::mail::CIRCULATION_WORDS;
    use levitas_core::mailbox::Words as _;

    #[test]
    fn each_order_counts_once_when_it_is_over() {
        let (mut watch, mut log) = (OrderWatch::default(), EventLog::default());
        let mut mail = CirculationMail::from_words([0; CIRCULATION_WORDS]);
        for (number, result) in [(0, 0), (1, 1), (1, 1), (1, 0), (1, 0), (2, 5), (3, 0)] {
            (mail.order_number, mail.order_result) = (number, result);
            watch.hear(f64::from(number), &mail, &mut log);
        }
        let kinds: Vec<&str> = log.events().iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["order_done", "order_refused", "order_done"]);
        let mut metrics = Metrics::default();
        watch.measure(&mut metrics);
        assert_eq!(metrics.get("circuit.orders_done"), Some(2.0));
        assert_eq!(metrics.get("circuit.orders_refused"), Some(1.0));
    }
}
