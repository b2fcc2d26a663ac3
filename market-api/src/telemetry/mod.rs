//! Being seen: figures for Prometheus, traces for OpenTelemetry. Neither is told to anybody who was
//! not named in the settings.

mod metrics;
mod traces;

pub(crate) use self::{
    metrics::{Answered, Figures},
    traces::{Traces, continue_trace},
};
